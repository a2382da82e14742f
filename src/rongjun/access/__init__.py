"""`access`: who may do what, where."""
