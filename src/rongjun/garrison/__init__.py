"""`garrison`: 双拥."""
