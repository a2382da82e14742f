"""What a person was told, agreed to and asked for; who is restricted; lists taken out of the house."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q

from rongjun.registry.models.base import Person

# One name: a list, a star or "everything" is bundled, and a bundled consent is none (PIPL 14, 23, 29).
ONE_NAME = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"


class AboutPerson(models.Model):
    """A row about one person, seen by whoever serves the person."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT)
    division = models.BigIntegerField()

    class Meta:
        abstract = True
        indexes = [models.Index(fields=["person"], name="%(class)s_person")]

    def __str__(self) -> str:
        return f"{type(self).__name__} {self.pk}"


class NoticeReceipt(AboutPerson):
    """告知: which notice a person was shown, in which wording, and how."""

    id = models.BigAutoField(primary_key=True)
    notice = models.CharField(max_length=40)
    version = models.DateField()
    text_digest = models.BinaryField()
    how = models.CharField(max_length=16)
    shown_at = models.DateTimeField()
    recorded_by = models.CharField(max_length=80)


class Consent(AboutPerson):
    """同意: one answer about one optional purpose and one recipient. No row means no.

    A refusal is kept as well, so that nobody is asked again at once.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    purpose = models.CharField(max_length=40)
    recipient = models.CharField(max_length=40)
    given = models.BooleanField()
    answered_at = models.DateTimeField()
    how = models.CharField(max_length=16)
    recorded_by = models.CharField(max_length=80)
    # Who said yes for somebody under 14, as `HeldKin.key` names them.
    guardian = models.CharField(max_length=48, default="")
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_how = models.CharField(max_length=16, default="")
    withdrawn_by = models.CharField(max_length=80, default="")

    class Meta(AboutPerson.Meta):
        constraints = [
            models.CheckConstraint(
                condition=Q(purpose__regex=ONE_NAME, recipient__regex=ONE_NAME), name="consent_is_not_bundled"
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at=None) | Q(given=True, withdrawn_at__gte=F("answered_at")),
                name="consent_withdrawn_after_given",
            ),
            models.UniqueConstraint(
                fields=["person", "purpose", "recipient"],
                condition=Q(given=True, withdrawn_at=None),
                name="consent_once",
            ),
        ]


class RightsRequest(AboutPerson):
    """行权申请: what a person, or somebody for the person, asks of us, and what became of it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=16)
    asked_by = models.CharField(max_length=16)
    # Which of the kin on file asks after a death, as `HeldKin.key` names them.
    kin = models.CharField(max_length=48, default="")
    # References of documents, never their numbers: who may ask for somebody else.
    proof = models.CharField(max_length=200, default="")
    wish = models.CharField(max_length=500, default="")
    received_at = models.DateTimeField()
    received_by = models.CharField(max_length=80)
    due_on = models.DateField()
    state = models.CharField(max_length=8, default="open")
    answer = models.CharField(max_length=500, default="")
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=80, default="")
    # 异议: a correction asked of one fact, as it was told for one day.
    fact = models.CharField(max_length=64, default="")
    fact_on = models.DateField(null=True)

    class Meta(AboutPerson.Meta):
        indexes = [
            *AboutPerson.Meta.indexes,
            models.Index(fields=["due_on"], condition=Q(state="open"), name="rights_request_open"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="open", decided_at=None) | ~Q(decided_by="") & ~Q(answer=""),
                name="rights_request_decided_with_words",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["open", "done", "refused"]), name="rights_request_state_known"
            ),
            models.CheckConstraint(
                condition=Q(asked_by="self") | ~Q(proof=""), name="rights_request_for_another_with_proof"
            ),
            models.CheckConstraint(
                condition=Q(fact="", fact_on=None) | ~Q(fact="") & Q(kind="correct", fact_on__isnull=False),
                name="rights_request_contest_of_a_day",
            ),
            models.UniqueConstraint(
                fields=["person", "fact"],
                condition=Q(state="open") & ~Q(fact=""),
                name="rights_request_one_contest_a_fact",
            ),
        ]


class Restriction(AboutPerson):
    """限制处理: from `since` until lifted, business sees that there is a file and nothing in it."""

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=16)
    reason = models.CharField(max_length=200)
    request = models.ForeignKey(RightsRequest, null=True, on_delete=models.PROTECT)
    since = models.DateTimeField()
    restricted_by = models.CharField(max_length=80)
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.CharField(max_length=80, default="")
    lifted_reason = models.CharField(max_length=200, default="")

    class Meta(AboutPerson.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["person"], condition=Q(lifted_at=None), name="restriction_one_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(lifted_at=None) | ~Q(lifted_reason="") & ~Q(lifted_by=""),
                name="restriction_lifted_with_words",
            ),
        ]


class LegalHold(AboutPerson):
    """依法留存: while it stands nothing about the person is removed at the end of its retention."""

    id = models.BigAutoField(primary_key=True)
    reason = models.CharField(max_length=200)
    document = models.CharField(max_length=120)
    since = models.DateTimeField()
    held_by = models.CharField(max_length=80)
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.CharField(max_length=80, default="")
    lifted_reason = models.CharField(max_length=200, default="")

    class Meta(AboutPerson.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["person"], condition=Q(lifted_at=None), name="legal_hold_one_at_a_time"
            ),
            models.CheckConstraint(
                condition=~Q(reason="") & ~Q(document="") & ~Q(held_by=""), name="legal_hold_says_why"
            ),
            models.CheckConstraint(
                condition=Q(lifted_at=None) | ~Q(lifted_reason="") & ~Q(lifted_by=""),
                name="legal_hold_lifted_with_words",
            ),
        ]


class ExportRequest(models.Model):
    """A list of more people than one may take out alone: reason, second approval, one download."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    division = models.BigIntegerField()
    sought = models.CharField(max_length=50, default="")
    people = models.IntegerField()
    reason = models.CharField(max_length=200)
    requested_at = models.DateTimeField()
    requested_by = models.CharField(max_length=80)
    state = models.CharField(max_length=12, default="waiting")
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=80, default="")
    decision = models.CharField(max_length=200, default="")
    open_until = models.DateTimeField(null=True)
    taken_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["requested_at"], name="export_request_newest")]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "approved", "refused", "taken"]),
                name="export_request_state_known",
            ),
            # AC-07, AC-05: whoever asks is not who approves, whatever the page says.
            models.CheckConstraint(
                condition=Q(state="waiting", decided_by="")
                | ~Q(state="waiting") & ~Q(decided_by="") & ~Q(decided_by=F("requested_by")),
                name="export_request_second_person",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["approved", "taken"]) | Q(open_until__isnull=False),
                name="export_request_open_for_some_time",
            ),
            models.CheckConstraint(
                condition=~Q(state="taken") | Q(taken_at__lte=F("open_until")),
                name="export_request_taken_in_time",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)
