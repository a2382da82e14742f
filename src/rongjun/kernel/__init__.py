"""`kernel`: pure building blocks."""
