"""`places`: divisions and stations."""
