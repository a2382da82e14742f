"""Migrations of `access`."""
