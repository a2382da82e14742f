"""`insurance`: 荣军保."""
