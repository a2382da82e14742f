"""参保名册: from when to when somebody was insured, as the nightly look at the registry found it."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from rongjun.insurance.models.insured import Member


class RosterSpan(models.Model):
    """One span of being insured, its last day open while it goes on; what the insurer was told of it.

    Cover itself is judged by the facts of the day of discharge, never by this list.
    """

    id = models.BigAutoField(primary_key=True)
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="spans")
    person = models.ForeignKey("registry.Person", on_delete=models.PROTECT)
    division = models.BigIntegerField()
    begins_on = models.DateField()
    begun_why = models.CharField(max_length=300)
    begun_at = models.DateTimeField()
    ends_on = models.DateField(null=True)
    ended_why = models.CharField(max_length=300, default="")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["begins_on"], name="insurance_roster_begins")]
        constraints = [
            models.UniqueConstraint(
                fields=["member"], condition=Q(ends_on=None), name="insurance_roster_one_open"
            ),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("begins_on")), name="insurance_roster_order"
            ),
            models.CheckConstraint(
                condition=Q(ends_on=None, ended_at=None) | Q(ends_on__isnull=False, ended_at__isnull=False),
                name="insurance_roster_ended",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member_id} {self.begins_on}"
