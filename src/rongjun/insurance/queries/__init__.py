"""Reads of the insurance, in the scope of whoever asks."""
