"""Citizen pages: what a person may see and do about their own file."""
