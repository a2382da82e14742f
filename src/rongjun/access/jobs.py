"""What access does by itself, each inside the scope its job declares."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import connection
from django.utils import timezone

from rongjun.access import actions


def close_idle_accounts() -> int:
    """Close staff accounts unused for too long (AC-06); how many. Once an hour is often enough."""
    return actions.close_idle_accounts(by="job:access.close-idle-accounts", now=timezone.now())


def forget_expired() -> None:
    """Delete sessions, cached counters and failed sign-ins that are past their time; row security sees to it
    that a job meets no others."""
    forgotten = timezone.now() - timedelta(hours=settings.AXES_COOLOFF_TIME)
    with connection.cursor() as cursor:
        cursor.execute("delete from django_session")
        cursor.execute("delete from access_cache")
        cursor.execute("delete from axes_accessattempt where attempt_time < %s", [forgotten])
