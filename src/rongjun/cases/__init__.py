"""`cases`: matters, clocks, counters."""
