"""Uses of a benefit by whoever shows a carrier: who delivers them, in which batches, and what did not go in.

The uses themselves (`benefits_use`, partitioned by month), the difference rows (`benefits_use_void`) and the
rollups (`benefits_use_day`, `benefits_use_month`) are written by one statement (`actions/uses.py`) and read
by SQL alone; they are tables of migration 0011 without a model.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

FILE, DEVICE = "file", "device"


class Programme(models.Model):
    """One way of using a carrier (公交、地铁、景区…): the benefit it delivers, who bears what it saves."""

    id = models.SmallIntegerField(primary_key=True)
    code = models.CharField(max_length=32, unique=True)
    title = models.CharField(max_length=40)
    benefit = models.CharField(max_length=80)
    payer = models.CharField(max_length=16)

    class Meta:
        db_table = "benefits_programme"
        constraints = [
            models.CheckConstraint(
                condition=Q(payer__in=["operator", "fiscal", "merchant", "carrier", "charity"]),
                name="programme_payer",
            )
        ]

    def __str__(self) -> str:
        return self.code


class UseSource(models.Model):
    """An operator's source of record: its uses come by daily file or from devices, never by both.

    Its days are asked after from `expected_since` on; `seat` is the division it sits in.
    """

    id = models.SmallIntegerField(primary_key=True)
    code = models.CharField(max_length=32, unique=True)
    title = models.CharField(max_length=40)
    partner = models.CharField(max_length=32)
    record = models.CharField(max_length=8)
    seat = models.BigIntegerField()
    expected_since = models.DateField()

    class Meta:
        db_table = "benefits_use_source"
        constraints = [
            models.CheckConstraint(condition=Q(record__in=[FILE, DEVICE]), name="use_source_record"),
            # A partner's daily file says nothing of a source.
            models.UniqueConstraint(fields=["partner"], condition=Q(record=FILE), name="use_source_one_file"),
        ]

    def __str__(self) -> str:
        return self.code


class UsePlace(models.Model):
    """A line, station or gate by the operator's own code; in which division, and where, if known (WGS 84)."""

    id = models.AutoField(primary_key=True)
    source = models.ForeignKey(UseSource, on_delete=models.PROTECT, db_index=False)
    code = models.CharField(max_length=32)
    title = models.CharField(max_length=60)
    seat = models.BigIntegerField()
    longitude = models.FloatField(null=True)
    latitude = models.FloatField(null=True)

    class Meta:
        db_table = "benefits_use_place"
        constraints = [
            models.UniqueConstraint(fields=["source", "code"], name="use_place_once"),
            models.CheckConstraint(
                condition=Q(longitude=None, latitude=None)
                | Q(longitude__range=(-180, 180), latitude__range=(-90, 90)),
                name="use_place_position",
            ),
        ]

    def __str__(self) -> str:
        return self.code


class UseBatch(models.Model):
    """What one call or one file brought: found = accepted + repeated + refused + waiting, always.

    `late` counts accepted uses of months
    that were closed by then. `file` is the partner's batch a file came in.
    """

    id = models.BigAutoField(primary_key=True)
    division = models.BigIntegerField()
    source = models.ForeignKey(UseSource, on_delete=models.PROTECT, db_index=False)
    channel = models.CharField(max_length=8)
    key = models.CharField(max_length=64)
    file = models.UUIDField(null=True)
    business_date = models.DateField(null=True)
    found = models.IntegerField()
    accepted = models.IntegerField(default=0)
    repeated = models.IntegerField(default=0)
    refused = models.IntegerField(default=0)
    waiting = models.IntegerField()
    late = models.IntegerField(default=0)
    received_at = models.DateTimeField()
    received_by = models.CharField(max_length=80)

    class Meta:
        db_table = "benefits_use_batch"
        indexes = [
            models.Index(fields=["source", "-received_at"], name="use_batch_newest"),
            models.Index(fields=["business_date", "source"], name="use_batch_day"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["source", "key"], name="use_batch_once"),
            models.CheckConstraint(condition=Q(channel__in=["file", "call"]), name="use_batch_channel"),
            models.CheckConstraint(
                condition=Q(found=F("accepted") + F("repeated") + F("refused") + F("waiting")),
                name="use_batch_adds_up",
            ),
            models.CheckConstraint(
                condition=Q(accepted__gte=0, repeated__gte=0, refused__gte=0, waiting__gte=0, late__gte=0),
                name="use_batch_counts",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)


class UseRefusal(models.Model):
    """A row that did not become a use: as it came, why, and of a conflict the side that stands.

    Kept until it is taken after all (the carrier was known later) or closed by a person with a reason. The
    same row refused for the same reason again is kept once.
    """

    id = models.BigAutoField(primary_key=True)
    division = models.BigIntegerField()
    source = models.ForeignKey(UseSource, on_delete=models.PROTECT, db_index=False)
    batch = models.ForeignKey(UseBatch, on_delete=models.PROTECT, db_index=False)
    line = models.IntegerField()
    reference = models.CharField(max_length=32)
    digest = models.BinaryField()
    reason = models.CharField(max_length=24)
    fields = models.JSONField()
    stands = models.JSONField(default=dict)
    state = models.CharField(max_length=8, default="open")
    recorded_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=80, default="")
    closed_reason = models.CharField(max_length=200, default="")

    class Meta:
        db_table = "benefits_use_refusal"
        indexes = [
            models.Index(fields=["reason", "id"], condition=Q(state="open"), name="use_refusal_open"),
            models.Index(fields=["batch", "line"], name="use_refusal_line"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["source", "digest", "reason"], name="use_refusal_once"),
            models.CheckConstraint(
                condition=Q(state="open", closed_at=None, closed_by="", closed_reason="")
                | Q(state__in=["taken", "closed"], closed_at__isnull=False)
                & ~Q(closed_by="")
                & ~Q(closed_reason=""),
                name="use_refusal_state",
            ),
            models.CheckConstraint(
                condition=~Q(reason="conflict") | ~Q(stands={}), name="use_refusal_both_sides"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.batch_id}:{self.line}"


class UseReplay(models.Model):
    """How far uses have been judged again: what was known of carriers up to `known_to`. One row."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    known_to = models.DateTimeField()

    class Meta:
        db_table = "benefits_use_replay"
        constraints = [models.CheckConstraint(condition=Q(id=1), name="use_replay_one_row")]

    def __str__(self) -> str:
        return f"{self.known_to}"


class UseSignal(models.Model):
    """异常线索: a day of a card that somebody should look at, with what was seen. It punishes nobody.

    open, then looked at by a person, then explained or followed up by a person with a reason.
    """

    id = models.BigAutoField(primary_key=True)
    division = models.BigIntegerField()
    day = models.DateField()
    kind = models.CharField(max_length=16)
    card = models.BigIntegerField()
    evidence = models.JSONField()
    state = models.CharField(max_length=12, default="open")
    found_at = models.DateTimeField()
    looked_by = models.CharField(max_length=80, default="")
    looked_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=80, default="")
    ended_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=500, default="")

    class Meta:
        db_table = "benefits_use_signal"
        indexes = [models.Index(fields=["state", "-day", "id"], name="use_signal_state")]
        constraints = [
            models.UniqueConstraint(fields=["day", "kind", "card"], name="use_signal_once"),
            models.CheckConstraint(
                condition=Q(kind__in=["travel", "places", "times", "top-up"]), name="use_signal_kind"
            ),
            models.CheckConstraint(
                condition=Q(state="open", looked_by="", ended_by="")
                | Q(state="looked-at", ended_by="") & ~Q(looked_by="")
                | Q(state__in=["explained", "followed-up"], ended_at__isnull=False)
                & ~Q(looked_by="")
                & ~Q(ended_by="")
                & ~Q(reason=""),
                name="use_signal_state",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.kind}"


class UseDecision(models.Model):
    """Which side of a conflict stands, proposed by one person and, where money changes, decided by another.

    `outcome` is first (what was taken first stands), second (the other stands instead), neither, or both
    (two uses that share a key). `voids` uses stop counting and `adds` begin to, when the worker carries it
    out (`done`).
    """

    id = models.BigAutoField(primary_key=True)
    division = models.BigIntegerField()
    refusal = models.ForeignKey(UseRefusal, on_delete=models.PROTECT, db_index=False)
    outcome = models.CharField(max_length=8)
    reason = models.CharField(max_length=200)
    voids = models.SmallIntegerField()
    adds = models.SmallIntegerField()
    state = models.CharField(max_length=12, default="proposed")
    proposed_by = models.CharField(max_length=80)
    proposed_at = models.DateTimeField()
    decided_by = models.CharField(max_length=80, default="")
    decided_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "benefits_use_decision"
        constraints = [
            models.UniqueConstraint(
                fields=["refusal"], condition=~Q(state="declined"), name="use_decision_once"
            ),
            models.CheckConstraint(
                condition=Q(outcome__in=["first", "second", "neither", "both"]) & ~Q(reason=""),
                name="use_decision_outcome",
            ),
            models.CheckConstraint(
                condition=Q(voids__range=(0, 2), adds__range=(0, 1)), name="use_decision_counts"
            ),
            models.CheckConstraint(
                condition=Q(state="proposed", decided_by="", decided_at=None, done_at=None)
                | Q(state__in=["confirmed", "declined"], decided_at__isnull=False, done_at=None)
                & ~Q(decided_by="")
                | Q(state="done", decided_at__isnull=False, done_at__isnull=False) & ~Q(decided_by=""),
                name="use_decision_state",
            ),
            models.CheckConstraint(
                condition=Q(voids=0, adds=0) | ~Q(decided_by=F("proposed_by")), name="use_decision_by_two"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.refusal_id} {self.outcome}"


class TopUp(models.Model):
    """虚拟额度充值: what an operator put on a card, with what was left on it before; fen.

    No money anybody paid: free cards hold a virtual amount, by which too fast a use is seen.
    """

    id = models.BigAutoField(primary_key=True)
    division = models.BigIntegerField()
    source = models.ForeignKey(UseSource, on_delete=models.PROTECT, db_index=False)
    month = models.IntegerField()
    reference = models.CharField(max_length=32)
    card = models.BigIntegerField()
    topped_at = models.DateTimeField()
    day = models.DateField()
    before = models.IntegerField()
    amount = models.IntegerField()
    file = models.UUIDField()
    recorded_at = models.DateTimeField()

    class Meta:
        db_table = "benefits_top_up"
        indexes = [models.Index(fields=["day", "card"], name="top_up_day")]
        constraints = [
            models.UniqueConstraint(fields=["source", "month", "reference"], name="top_up_once"),
            models.CheckConstraint(condition=Q(before__gte=0, amount__gt=0), name="top_up_amounts"),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.reference}"


class ManualUse(models.Model):
    """C 级: people from out of town whom a person at a gate let in by the certificates they showed.

    No number is kept, of several who came together only the name of one. Counted apart from uses of cards.
    One that was written down wrongly is struck with a reason and stays; what is right refers to it.
    """

    id = models.BigAutoField(primary_key=True)
    division = models.BigIntegerField()
    place = models.ForeignKey(UsePlace, on_delete=models.PROTECT, db_index=False)
    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, db_index=False)
    band = models.SmallIntegerField()
    people = models.SmallIntegerField()
    used_at = models.DateTimeField()
    day = models.DateField()
    name = models.CharField(max_length=40)
    certificate = models.CharField(max_length=24)
    province = models.CharField(max_length=2)
    recorded_by = models.CharField(max_length=80)
    recorded_at = models.DateTimeField()
    corrects = models.OneToOneField("self", on_delete=models.PROTECT, null=True)
    struck_at = models.DateTimeField(null=True)
    struck_by = models.CharField(max_length=80, default="")
    struck_reason = models.CharField(max_length=200, default="")

    class Meta:
        db_table = "benefits_manual_use"
        indexes = [models.Index(fields=["-day", "place"], name="manual_use_day")]
        constraints = [
            models.CheckConstraint(
                condition=Q(struck_at=None, struck_by="", struck_reason="")
                | Q(struck_at__isnull=False) & ~Q(struck_by="") & ~Q(struck_reason=""),
                name="manual_use_struck",
            ),
            models.CheckConstraint(condition=~Q(name=""), name="manual_use_named"),
            models.CheckConstraint(
                condition=Q(people__range=(1, 60), band__range=(0, 9999)), name="manual_use_counts"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.place_id}"
