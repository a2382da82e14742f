"""`citizen`: citizen pages."""
