"""`insurance`: 荣军保, the supplementary medical insurance the city buys for its people."""
