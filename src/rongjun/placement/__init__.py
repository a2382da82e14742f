"""`placement`: 移交安置."""
