"""荣军卡 and 优待证: the carriers of one entitlement, what happened to each, and when each opens a gate.

A carrier's key is its `reference`, a random number that operators know it by (名单编号). Numbers of banks and
of the transit company are a mask and a keyed digest; nothing is found by them but the carrier.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import F, Q

from rongjun.cards.logic.checks import DONE, LAPSED, WAITING
from rongjun.cards.logic.life import LIVE, LONGEST_HOLD, OVER, RETRACT, SHORTEST_HOLD, STATES, STEPS

# What is settled by documents, and by two people.
_GRAVE = sorted(kind for kind, step in STEPS.items() if step.grave)


if TYPE_CHECKING:
    _Field = models.Field[Any, Any]
else:
    _Field = models.Field


class SpansField(_Field):
    """Spans of time (tstzmultirange); read and written by statements of our own only."""

    def db_type(self, connection: Any) -> str:  # noqa: ARG002 - as Django asks
        """The column's type."""
        return "tstzmultirange"


class Carrier(models.Model):
    """证件载体: one physical card, from application to its end. `state` is what its events make of it now.

    `kind` and `category` are codes of the city's `cards.yaml`; of a `family` (荣军卡; 优待证 of either kind)
    a person has one live carrier. `next_at` is when something ends by itself.
    """

    reference = models.BigIntegerField(primary_key=True)
    person = models.ForeignKey("registry.Person", on_delete=models.PROTECT, related_name="+")
    division = models.BigIntegerField()
    kind = models.CharField(max_length=16)
    family = models.CharField(max_length=16)
    category = models.CharField(max_length=16, default="")
    state = models.CharField(max_length=12)
    next_at = models.DateTimeField(null=True)
    replaces = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    bank = models.CharField(max_length=32, default="")
    bank_number_mask = models.CharField(max_length=24, default="")
    bank_number_digest = models.BinaryField(null=True)
    transit_number_mask = models.CharField(max_length=24, default="")
    transit_number_digest = models.BinaryField(null=True)
    opened_at = models.DateTimeField()
    opened_by = models.CharField(max_length=80)
    # The upload (`files`) with the photo for the card.
    photo = models.UUIDField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["person"], name="carrier_person"),
            models.Index(
                fields=["division", "state", "opened_at"],
                name="carrier_worklist",
                condition=Q(state__in=["applied", "approved", "making", "ready"]),
            ),
            models.Index(fields=["next_at"], name="carrier_next", condition=Q(next_at__isnull=False)),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=sorted(STATES)), name="carrier_state_known"),
            # 53 bits: every program that reads JSON holds it exactly.
            models.CheckConstraint(
                condition=Q(reference__gt=0, reference__lt=2**53), name="carrier_reference_range"
            ),
            models.UniqueConstraint(
                fields=["person", "family"], condition=Q(state__in=sorted(LIVE)), name="carrier_live_once"
            ),
            models.UniqueConstraint(
                fields=["replaces"], condition=~Q(state__in=sorted(OVER)), name="carrier_replaced_once"
            ),
            models.UniqueConstraint(fields=["bank_number_digest"], name="carrier_bank_number_once"),
            models.UniqueConstraint(fields=["transit_number_digest"], name="carrier_transit_number_once"),
            # Events and spans carry person and division too; a composite key onto this one, in place of a
            # plain one, keeps them right.
            models.UniqueConstraint(fields=["reference", "person", "division"], name="carrier_of_person"),
        ]

    def __str__(self) -> str:
        return str(self.reference)


class CarrierEvent(models.Model):
    """What happened to a carrier: when (`at`), when we heard (`recorded_at`), who, why, by what document.

    Only ever added; a trigger refuses all else. `until` ends a temporary loss or the carrier itself.
    `decides_over` is the other of the two people of a grave step, or who applied. A retraction names the
    event that had not happened.
    """

    id = models.BigAutoField(primary_key=True)
    carrier = models.ForeignKey(
        Carrier, on_delete=models.PROTECT, related_name="events", db_index=False, db_constraint=False
    )
    person_id = models.UUIDField()
    division = models.BigIntegerField()
    kind = models.CharField(max_length=12)
    at = models.DateTimeField()
    until = models.DateTimeField(null=True)
    recorded_at = models.DateTimeField()
    by = models.CharField(max_length=80)
    decides_over = models.CharField(max_length=80, default="")
    reason = models.CharField(max_length=200)
    basis = models.CharField(max_length=200, default="")
    retracts = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["carrier", "at"], name="carrierevent_carrier")]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=[*sorted(STEPS), RETRACT]), name="carrierevent_kind"),
            models.CheckConstraint(
                condition=Q(kind=RETRACT, retracts__isnull=False) | ~Q(kind=RETRACT) & Q(retracts=None),
                name="carrierevent_retracts",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="carrierevent_reason"),
            models.CheckConstraint(condition=Q(until=None) | Q(until__gt=F("at")), name="carrierevent_order"),
            models.CheckConstraint(
                condition=~Q(kind="hold")
                | Q(until__gte=F("at") + SHORTEST_HOLD, until__lte=F("at") + LONGEST_HOLD),
                name="carrierevent_hold_days",
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=_GRAVE) | ~Q(decides_over="") & ~Q(basis=""),
                name="carrierevent_grave_by_two",
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=["freeze", "cancel", "suspend"]) | ~Q(basis=""),
                name="carrierevent_document",
            ),
            models.CheckConstraint(condition=~Q(by=F("decides_over")), name="carrierevent_another"),
        ]

    def __str__(self) -> str:
        return f"{self.carrier_id} {self.kind}"


class CarrierSpans(models.Model):
    """可用时段: in which a carrier opens a gate, and in which the person has it, as known over a time.

    Derived from the events in the transaction that adds one; a row is closed, never changed. `pieces` counts
    the usable spans: almost every carrier has one.
    """

    id = models.BigAutoField(primary_key=True)
    carrier = models.ForeignKey(
        Carrier, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    person_id = models.UUIDField()
    division = models.BigIntegerField()
    kind = models.CharField(max_length=16)
    usable = SpansField()
    in_hand = SpansField()
    pieces = models.SmallIntegerField()
    recorded_at = models.DateTimeField()
    superseded_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["carrier"], name="carrierspans_carrier"),
            models.Index(fields=["person_id"], name="carrierspans_person"),
            models.Index(fields=["recorded_at"], name="carrierspans_recorded"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["carrier"], condition=Q(superseded_at=None), name="carrierspans_current"
            ),
            models.CheckConstraint(
                condition=Q(superseded_at=None) | Q(superseded_at__gte=F("recorded_at")),
                name="carrierspans_known_order",
            ),
        ]

    def __str__(self) -> str:
        return str(self.carrier_id)


class CarrierProposal(models.Model):
    """What one proposes and another decides: a card ends because of a document (户籍迁出, 违规发证).

    `at` is from when it is to have ended. A card has one that waits.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    carrier = models.ForeignKey(
        Carrier, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    person_id = models.UUIDField()
    division = models.BigIntegerField()
    kind = models.CharField(max_length=12)
    at = models.DateTimeField()
    reason = models.CharField(max_length=200)
    document = models.CharField(max_length=200)
    proposed_by = models.CharField(max_length=80)
    proposed_at = models.DateTimeField()
    state = models.CharField(max_length=8, default="waiting")
    decided_by = models.CharField(max_length=80, default="")
    decided_at = models.DateTimeField(null=True)
    decision = models.CharField(max_length=200, default="")

    class Meta:
        indexes = [models.Index(fields=["person_id"], name="carrierproposal_person")]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=_GRAVE), name="carrierproposal_kind"),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "approved", "rejected"]), name="carrierproposal_state"
            ),
            models.CheckConstraint(
                condition=Q(state="waiting", decided_by="", decided_at=None)
                | ~Q(state="waiting") & ~Q(decided_by="") & Q(decided_at__isnull=False),
                name="carrierproposal_decided",
            ),
            models.CheckConstraint(condition=~Q(proposed_by=F("decided_by")), name="carrierproposal_another"),
            models.CheckConstraint(
                condition=~Q(reason="") & ~Q(document=""), name="carrierproposal_document"
            ),
            models.UniqueConstraint(
                fields=["carrier"], condition=Q(state="waiting"), name="carrierproposal_waits_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.carrier_id} {self.kind}"


class CardSending(models.Model):
    """What was sent to the bank or an operator about cards, and up to which moment they know thereby.

    Its key is that of the batch in the outbox. A list of stops has to be acknowledged until `due_at`.
    """

    id = models.UUIDField(primary_key=True)
    division = models.BigIntegerField()
    partner = models.CharField(max_length=32)
    kind = models.CharField(max_length=8)
    rows = models.IntegerField()
    as_of = models.DateTimeField()
    sent_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    acknowledged_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["partner", "kind", "-as_of"], name="cardsending_newest"),
            models.Index(
                fields=["due_at"],
                condition=Q(due_at__isnull=False, acknowledged_at=None),
                name="cardsending_unacknowledged",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["orders", "stops", "changes", "full"]), name="cardsending_kind"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.partner} {self.kind}"


class CardCheck(models.Model):
    """年度确认: that somebody looks in on a card's holder once a year, due on a day, and what came of it.

    Opened by a job when it comes near; done by a person; lapsed when the card ends. A try that met nobody
    (`tried_on`, `words`) leaves it waiting. One that is late changes nothing of the card.
    """

    id = models.BigAutoField(primary_key=True)
    carrier = models.ForeignKey(
        Carrier, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    person_id = models.UUIDField()
    division = models.BigIntegerField()
    due_on = models.DateField()
    state = models.CharField(max_length=8, default=WAITING)
    opened_at = models.DateTimeField()
    tried_on = models.DateField(null=True)
    words = models.CharField(max_length=200, default="")
    way = models.CharField(max_length=16, default="")
    closed_on = models.DateField(null=True)
    closed_by = models.CharField(max_length=80, default="")

    class Meta:
        indexes = [
            models.Index(fields=["person_id"], name="cardcheck_person"),
            models.Index(fields=["division", "due_on"], name="cardcheck_due", condition=Q(state=WAITING)),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=[WAITING, DONE, LAPSED]), name="cardcheck_state"),
            models.CheckConstraint(
                condition=Q(state=WAITING, closed_on=None, closed_by="", way="")
                | ~Q(state=WAITING) & Q(closed_on__isnull=False) & ~Q(closed_by=""),
                name="cardcheck_closed",
            ),
            models.CheckConstraint(condition=~Q(state=DONE) | ~Q(way=""), name="cardcheck_way"),
            models.UniqueConstraint(
                fields=["carrier"], condition=Q(state=WAITING), name="cardcheck_waits_once"
            ),
            models.UniqueConstraint(fields=["carrier", "due_on"], name="cardcheck_due_once"),
        ]

    def __str__(self) -> str:
        return f"{self.carrier_id} {self.due_on}"
