"""`benefits`: uses and savings."""
