"""Fixtures of every test: the database is ours (tests/cluster.py), not the one pytest-django would make."""

from tests.cluster import django_db_setup as django_db_setup
