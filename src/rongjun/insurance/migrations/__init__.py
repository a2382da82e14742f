"""Migrations of the insurance."""
