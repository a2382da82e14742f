"""Reads of allowances, in the scope of whoever asks."""
