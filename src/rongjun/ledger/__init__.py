"""`ledger`: money."""
