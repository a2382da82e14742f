"""Fixtures of every test: the database is ours (tests/cluster.py), not the one pytest-django would make."""

from tests.cluster import django_db_setup, own_database

__all__ = ["django_db_setup", "own_database"]
