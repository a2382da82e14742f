"""`audit`: the evidence chain."""
