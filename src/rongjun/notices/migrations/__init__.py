"""How the tables of benefits came to be."""
