"""Messages, and what became of each."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from rongjun.notices.logic import FINAL, OPEN


class Message(models.Model):
    """消息: one decision told to one person, once for ever.

    `about` is the decision's reference, `values` what fills the template's wording of `version`, `rests_on`
    the facts it tells of. What was told is never changed, and no end of a message is undone; triggers say so.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey("registry.Person", on_delete=models.PROTECT, db_index=False)
    division = models.BigIntegerField()
    template = models.CharField(max_length=40)
    version = models.DateField()
    about = models.CharField(max_length=160)
    values = models.JSONField()
    rests_on = ArrayField(models.CharField(max_length=64), default=list)
    told_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    state = models.CharField(max_length=16, default="queued")
    read_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    # Who ended it: the person who read it, the clerk who told them, or the job that gave up.
    settled_by = models.CharField(max_length=80, default="")
    words = models.CharField(max_length=200, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["template", "about"], name="message_once"),
            models.CheckConstraint(condition=Q(state__in=[*OPEN, *FINAL]), name="message_state"),
            models.CheckConstraint(
                condition=Q(state__in=OPEN, settled_at=None, settled_by="")
                | Q(state__in=FINAL, settled_at__isnull=False) & ~Q(settled_by=""),
                name="message_end_has_name",
            ),
        ]
        indexes = [
            models.Index(fields=["person", "-told_at"], name="message_of_person"),
            models.Index(fields=["told_at"], name="message_newest"),
            models.Index(fields=["expires_at"], condition=Q(state__in=OPEN), name="message_open"),
            models.Index(
                fields=["division", "told_at"], condition=Q(state="by-hand"), name="message_by_hand"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.template} {self.about}"
