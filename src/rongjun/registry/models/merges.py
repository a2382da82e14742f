"""Two files of one person: what speaks for it, and the pointer from one file to the other."""

from __future__ import annotations

import uuid

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q

from rongjun.registry.models.base import Person


class DuplicateCandidate(models.Model):
    """Two files that may be one person's, with a score (0 to 100) and the reasons for and against.

    The pair stands in the order of the ids, so that it has one name. A pair has one open candidate; what was
    decided stays, and the search brings the pair back only for a reason that was not weighed then. `division`
    is that of the first file, `division_b` of the second: whoever sees the candidate sees both files.
    """

    id = models.BigAutoField(primary_key=True)
    person_a = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", db_index=False)
    person_b = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", db_index=False)
    division = models.BigIntegerField()
    division_b = models.BigIntegerField()
    score = models.SmallIntegerField()
    reasons = models.JSONField()  # codes of `registry.duplicates.REASONS`
    found_at = models.DateTimeField()
    found_by = models.CharField(max_length=80, default="")  # who put the pair forward; "" the search
    state = models.CharField(max_length=16, default="open")
    decided_by = models.CharField(max_length=80, default="")
    decided_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=200, default="")

    class Meta:
        indexes = [
            models.Index(fields=["state", "-score", "id"], name="duplicate_by_score"),
            models.Index(fields=["person_a", "person_b"], name="duplicate_pair"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(person_a__lt=F("person_b")), name="duplicate_pair_order"),
            models.UniqueConstraint(
                fields=["person_a", "person_b"], condition=Q(state="open"), name="duplicate_open_once"
            ),
            models.CheckConstraint(
                condition=Q(state="open", decided_at=None)
                | Q(state__in=["merged", "different"], decided_at__isnull=False) & ~Q(decided_by=""),
                name="duplicate_decided",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)


class Merge(models.Model):
    """A pointer from one file to the kept one: from `at` to `ended_at` both are one person's.

    One officer proposes, another approves. Proposed: neither `at` nor `ended_at`; turned down: ended without
    ever having begun. No assertion is re-pointed: what a file says stays in it. While the pointer holds, the
    other file lies in the kept file's division; `other_division` is where it came from and goes back to.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kept = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", db_index=False)
    other = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", db_index=False)
    division = models.BigIntegerField()
    other_division = models.BigIntegerField()
    reason = models.CharField(max_length=200)
    merged_by = models.CharField(max_length=80)
    proposed_at = models.DateTimeField()
    approved_by = models.CharField(max_length=80, default="")
    at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=80, default="")
    ended_reason = models.CharField(max_length=200, default="")

    class Meta:
        indexes = [
            models.Index(fields=["kept", "at"], name="merge_kept"),
            models.Index(fields=["other", "at"], name="merge_other"),
        ]
        constraints = [
            models.CheckConstraint(condition=~Q(kept=F("other")), name="merge_of_two"),
            models.CheckConstraint(
                condition=Q(at=None, approved_by="") | Q(at__isnull=False) & ~Q(approved_by=""),
                name="merge_approved",
            ),
            models.CheckConstraint(condition=~Q(approved_by=F("merged_by")), name="merge_two_officers"),
            models.CheckConstraint(
                condition=Q(ended_at=None, ended_by="") | Q(ended_at__isnull=False) & ~Q(ended_by=""),
                name="merge_ended",
            ),
            models.CheckConstraint(
                condition=Q(at=None) | Q(ended_at=None) | Q(ended_at__gte=F("at")), name="merge_order"
            ),
            models.UniqueConstraint(fields=["other"], condition=Q(ended_at=None), name="merge_one_pointer"),
            ExclusionConstraint(
                name="merge_one_pointer_at_a_time",
                expressions=[
                    ("other", RangeOperators.EQUAL),
                    (
                        models.Func(
                            "at", "ended_at", function="tstzrange", output_field=DateTimeRangeField()
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                condition=Q(at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)
