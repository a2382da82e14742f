"""Migrations of allowances."""
