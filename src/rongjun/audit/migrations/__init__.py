"""Tables of the evidence chain."""
