"""Inputs nobody would write on purpose, by the hundred thousand."""
