"""How the tables of partners came to be."""
