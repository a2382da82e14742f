"""Messages, and what became of each."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from rongjun.notices.logic import FINAL, OPEN
from rongjun.notices.logic.sending import OUTER, SENDING_FINAL, SENDING_OPEN


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
            models.Index(fields=["told_at"], condition=Q(state="queued"), name="message_queued"),
            models.Index(fields=["expires_at"], condition=Q(state__in=OPEN), name="message_open"),
            models.Index(
                fields=["division", "told_at"], condition=Q(state="by-hand"), name="message_by_hand"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.template} {self.about}"


class Sending(models.Model):
    """发送: a message by one channel. Its id is the key the gateway knows it by.

    `address_mask` and `digest` say where it went and what was said (SM3 of the words), as a proof. A final
    state is final, but that a receipt which comes late turns "nobody knows" into "arrived".
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="sendings", db_index=False)
    person = models.ForeignKey("registry.Person", on_delete=models.PROTECT, db_index=False)
    division = models.BigIntegerField()
    channel = models.CharField(max_length=8)
    state = models.CharField(max_length=12, default="waiting")
    made_at = models.DateTimeField()
    next_at = models.DateTimeField(null=True)
    tries = models.SmallIntegerField(default=0)
    unsure_since = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    address_mask = models.CharField(max_length=40, default="")
    digest = models.BinaryField(default=b"")
    reference = models.CharField(max_length=64, default="")
    reason = models.CharField(max_length=80, default="")
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["message", "channel"], name="sending_once_by_channel"),
            models.CheckConstraint(
                condition=Q(state__in=SENDING_OPEN, settled_at=None, next_at__isnull=False)
                | Q(state__in=SENDING_FINAL, settled_at__isnull=False, next_at=None),
                name="sending_state",
            ),
        ]
        indexes = [
            models.Index(
                fields=["channel", "state", "next_at"], condition=Q(settled_at=None), name="sending_at_work"
            ),
            models.Index(
                fields=["channel", "reference"], condition=~Q(reference=""), name="sending_reference"
            ),
            models.Index(fields=["person"], name="sending_of_person"),
            models.Index(fields=["made_at"], name="sending_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.state}"


class Receipt(models.Model):
    """回执: what a gateway called in of one sending, once however often it is called in. Never changed."""

    id = models.BigAutoField(primary_key=True)
    sending = models.ForeignKey(Sending, on_delete=models.PROTECT, db_index=False)
    person = models.ForeignKey("registry.Person", on_delete=models.PROTECT, db_index=False)
    division = models.BigIntegerField()
    arrived = models.BooleanField()
    reason = models.CharField(max_length=80, default="")
    received_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["sending", "arrived"], name="receipt_once")]

    def __str__(self) -> str:
        return f"{self.sending_id} {self.arrived}"


class Choice(models.Model):
    """怎么告诉我: the channels a person wants, in order; none means only in the app. The newest counts."""

    id = models.BigAutoField(primary_key=True)
    person = models.ForeignKey("registry.Person", on_delete=models.PROTECT, db_index=False)
    division = models.BigIntegerField()
    wants = ArrayField(models.CharField(max_length=8))
    chosen_at = models.DateTimeField()
    chosen_by = models.CharField(max_length=80)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(wants__contained_by=list(OUTER)), name="choice_of_channels")
        ]
        indexes = [models.Index(fields=["person", "-chosen_at"], name="choice_of_person")]

    def __str__(self) -> str:
        return "、".join(self.wants)


class Binding(models.Model):
    """绑定: the address of a person at the 公众号, sealed; one at a time, and of one person only."""

    id = models.BigAutoField(primary_key=True)
    person = models.ForeignKey("registry.Person", on_delete=models.PROTECT, db_index=False)
    division = models.BigIntegerField()
    openid_sealed = models.BinaryField()
    openid_index = models.BinaryField()
    bound_at = models.DateTimeField()
    bound_by = models.CharField(max_length=80)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=80, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person"], condition=Q(ended_at=None), name="binding_one_a_person"
            ),
            models.UniqueConstraint(
                fields=["openid_index"], condition=Q(ended_at=None), name="binding_one_an_address"
            ),
        ]

    def __str__(self) -> str:
        return str(self.bound_at)


class Channel(models.Model):
    """通道: whether a gateway answers; one that does not is left alone for a while."""

    code = models.CharField(primary_key=True, max_length=8)
    failures = models.IntegerField(default=0)
    down_since = models.DateTimeField(null=True)
    next_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=80, default="")

    def __str__(self) -> str:
        return self.code
