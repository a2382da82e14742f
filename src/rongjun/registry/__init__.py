"""`registry`: people."""
