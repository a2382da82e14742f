"""`partners`: exchange with outside systems."""
