"""年度确认: a year's campaign, and who was confirmed in it."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q


class Campaign(models.Model):
    """One year's confirmation in a division: opened by one, in force once another has checked it.

    From `notice_on`, the day of the public notice, the days of the rule run until `confirm_by`. Anybody
    may read it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    year = models.SmallIntegerField()
    division = models.BigIntegerField()
    notice_on = models.DateField()
    confirm_by = models.DateField()
    document = models.CharField(max_length=120)
    made_by = models.CharField(max_length=80)
    made_at = models.DateTimeField()
    checked_by = models.CharField(max_length=80, default="")
    checked_at = models.DateTimeField(null=True)
    reminded_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["year", "division"], name="campaign_once"),
            models.CheckConstraint(
                condition=~Q(document="") & Q(confirm_by__gt=F("notice_on")), name="campaign_has_time"
            ),
            models.CheckConstraint(
                condition=Q(checked_by="", checked_at=None)
                | ~Q(checked_by="") & Q(checked_at__isnull=False) & ~Q(checked_by=F("made_by")),
                name="campaign_by_two",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.year}"


class Confirmed(models.Model):
    """That somebody was seen this year. `late` is set by trigger: then it counts once another has checked it.

    Taken back (`withdrawn_…`), never edited.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey("registry.Person", on_delete=models.PROTECT, related_name="+", db_index=False)
    division = models.BigIntegerField()
    how = models.CharField(max_length=12)
    confirmed_on = models.DateField()
    late = models.BooleanField(default=False)
    made_by = models.CharField(max_length=80)
    made_at = models.DateTimeField()
    checked_by = models.CharField(max_length=80, default="")
    checked_at = models.DateTimeField(null=True)
    withdrawn_by = models.CharField(max_length=80, default="")
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_why = models.CharField(max_length=200, default="")

    class Meta:
        indexes = [models.Index(fields=["person"], name="confirmed_person")]
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "person"], condition=Q(withdrawn_at=None), name="confirmed_once"
            ),
            models.CheckConstraint(
                condition=Q(checked_by="", checked_at=None)
                | ~Q(checked_by="") & Q(checked_at__isnull=False) & ~Q(checked_by=F("made_by")),
                name="confirmed_by_two",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_by="", withdrawn_at=None, withdrawn_why="")
                | ~Q(withdrawn_by="") & Q(withdrawn_at__isnull=False) & ~Q(withdrawn_why=""),
                name="confirmed_withdrawn_with_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} {self.confirmed_on}"
