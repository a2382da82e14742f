"""What people are found by, and who looked beyond their own divisions."""

from __future__ import annotations

from django.db import models

from rongjun.registry.models.base import Person


class NameTerm(models.Model):
    """One way to type a person's name (see `spelling`).

    Row security lets a plain comparison of text reach an index, and no operator on arrays. `served_by`
    repeats `division`: the planner knows nothing of the bounds a policy compares with, all of those told it.
    """

    # A person has ten of these: every index of this table is felt by an import, so there is none to spare.
    pk = models.CompositePrimaryKey("person_id", "term")
    # The composite key onto the person (migration 0007) says it all; a second check would cost as much again.
    person = models.ForeignKey(Person, on_delete=models.PROTECT, db_constraint=False, db_index=False)
    division = models.BigIntegerField()
    served_by = models.GeneratedField(
        expression=models.F("division"),  # type: ignore[arg-type]  # what the documentation shows
        output_field=models.BigIntegerField(),
        db_persist=True,
    )
    term = models.CharField(max_length=64, db_collation="C")

    class Meta:
        indexes = [
            models.Index(fields=["term", "person"], include=["division"], name="name_term_everywhere"),
            models.Index(
                fields=["served_by", "term", "person"], include=["division"], name="name_term_by_station"
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class LookUp(models.Model):
    """One look for a number in the whole city: by whom, what for, and whether it was on file. Never whose."""

    id = models.BigAutoField(primary_key=True)
    division = models.BigIntegerField()
    by = models.CharField(max_length=80)
    at = models.DateTimeField()
    purpose = models.CharField(max_length=40)
    found = models.BooleanField()

    class Meta:
        indexes = [models.Index(fields=["by", "at"], name="look_up_by")]

    def __str__(self) -> str:
        return str(self.pk)
