"""`notices`: messages."""
