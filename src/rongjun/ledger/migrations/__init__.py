"""The tables of the ledger and what guards them."""
