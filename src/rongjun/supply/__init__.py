"""`supply`: 军供."""
