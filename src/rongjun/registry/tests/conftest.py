"""A database of one's own, for tests that commit."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker

from tests.cluster import fresh_database

OWN = "rongjun_registry_test"


@pytest.fixture
def own_database(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """A fresh copy of the template behind Django's default connection, in every thread; it is thrown away.

    The evidence chain refuses TRUNCATE, so such tests cannot share a database that is emptied between them.
    """
    with django_db_blocker.unblock():
        connection.close()
        fresh_database(OWN)
        shared = connection.settings_dict["NAME"]
        connection.settings_dict["NAME"] = OWN
        try:
            yield OWN
        finally:
            connection.close()
            connection.settings_dict["NAME"] = shared
