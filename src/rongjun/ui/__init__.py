"""`ui`: shared page parts."""
