"""`volunteers`: volunteers."""
