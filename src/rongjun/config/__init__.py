"""`config`: settings, urls, wiring."""
