"""`alliance`: 荣军联盟."""
