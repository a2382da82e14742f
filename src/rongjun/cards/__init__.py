"""`cards`: 荣军卡 and 优待证."""
