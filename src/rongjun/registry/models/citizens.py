"""Which account is whose, and who may act for whom."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from rongjun.registry.models.base import Person
from rongjun.registry.models.privacy import AboutPerson


class CitizenLink(AboutPerson):
    """本人账户: made when the provincial single sign-on vouches that the file's number is somebody's."""

    id = models.BigAutoField(primary_key=True)
    account = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    linked_at = models.DateTimeField()

    class Meta(AboutPerson.Meta):
        constraints = [models.UniqueConstraint(fields=["person"], name="citizen_link_once")]


class Mandate(AboutPerson):
    """代办授权: `helper` may act for `person` until a moment; asked with a proof, decided by a clerk.

    `division` is the person's: who serves the person decides. The helper may be served elsewhere, and sees
    nothing of the person before it is granted: so both names are kept here.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    helper = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", db_index=False)
    person_name = models.CharField(max_length=64)
    helper_name = models.CharField(max_length=64)
    relation = models.CharField(max_length=16)
    # The upload that shows it: files keeps it sealed.
    proof = models.UUIDField()
    asked_at = models.DateTimeField()
    asked_by = models.CharField(max_length=80)
    state = models.CharField(max_length=8, default="asked")
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=80, default="")
    decision = models.CharField(max_length=200, default="")
    ends_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=80, default="")

    class Meta(AboutPerson.Meta):
        indexes = [
            *AboutPerson.Meta.indexes,
            models.Index(fields=["helper"], name="mandate_helper"),
            models.Index(fields=["asked_at"], condition=Q(state="asked"), name="mandate_asked"),
        ]
        constraints = [
            models.CheckConstraint(condition=~Q(helper=F("person")), name="mandate_for_another"),
            models.CheckConstraint(
                condition=Q(state__in=["asked", "granted", "refused"]), name="mandate_state_known"
            ),
            models.CheckConstraint(
                condition=Q(state="asked", decided_by="", decided_at=None)
                | ~Q(state="asked") & ~Q(decided_by="") & Q(decided_at__isnull=False),
                name="mandate_decided_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(state="granted") | Q(ends_at__isnull=False), name="mandate_granted_until"
            ),
            models.UniqueConstraint(
                fields=["person", "helper"], condition=Q(state="asked"), name="mandate_asked_once"
            ),
        ]
