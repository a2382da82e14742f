"""专项督导: who is responsible for a benefit in a county, the tasks, and every step of their road.

Tasks and steps say nothing of a person who is entitled: they are about units, and by name of those who act.
"""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q

from rongjun.benefits.logic.supervision import ARTICLE_57_SINCE, CLOSED, CLUE, STATES, STEPS


class Duty(models.Model):
    """责任单位: the unit the bureau named for a benefit in a county, and what it is to show.

    Rows are only added; the newest counts. Where there is none, the policy file's provider is responsible.
    """

    id = models.BigAutoField(primary_key=True)
    code = models.CharField(max_length=80)
    division = models.BigIntegerField()
    unit = models.CharField(max_length=80)
    expected = models.CharField(max_length=200)
    reason = models.CharField(max_length=500)
    named_by = models.CharField(max_length=80)
    named_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["code", "division", "-id"], name="duty_newest")]

    def __str__(self) -> str:
        return f"{self.code} {self.division}"


class SupervisionTask(models.Model):
    """督导任务: one benefit in one county, asked after in one round. Unit and proof are those named then.

    `due_on` is the day by which the next step is owed, none once the task is closed. A benefit has one open
    task in a county. What has happened stands in the steps; here is only where that has led.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    round = models.UUIDField()
    title = models.CharField(max_length=80)
    code = models.CharField(max_length=80)
    benefit = models.CharField(max_length=120)
    division = models.BigIntegerField()
    unit = models.CharField(max_length=80)
    expected = models.CharField(max_length=200)
    state = models.CharField(max_length=16)
    due_on = models.DateField(null=True)
    level = models.SmallIntegerField(default=0)
    ordered = models.BooleanField(default=False)
    reported_by = models.CharField(max_length=80, default="")
    opened_by = models.CharField(max_length=80)
    opened_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["code", "division", "-opened_at"], name="task_newest"),
            models.Index(fields=["due_on"], condition=~Q(state__in=sorted(CLOSED)), name="task_due"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=list(STATES)), name="task_state"),
            models.CheckConstraint(
                condition=Q(state__in=sorted(CLOSED), due_on=None)
                | ~Q(state__in=sorted(CLOSED)) & Q(due_on__isnull=False),
                name="task_due_while_open",
            ),
            # Steps carry the division too; a composite key onto this one keeps it right.
            models.UniqueConstraint(fields=["id", "division"], name="task_division"),
            models.UniqueConstraint(
                fields=["code", "division"], condition=~Q(state__in=sorted(CLOSED)), name="task_open_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.division}"


class SupervisionStep(models.Model):
    """One step of a task's road: by whom, when, why, and what it asks next. Only ever added.

    `happened_on` is the day of a check or of the conduct a clue tells of; `whom` and `level` are those of an
    escalation; `proof` names uploads; `decides_over` is who made the report a check judges.
    """

    id = models.BigAutoField(primary_key=True)
    task = models.ForeignKey(SupervisionTask, on_delete=models.PROTECT, related_name="steps")
    division = models.BigIntegerField()
    kind = models.CharField(max_length=16)
    outcome = models.CharField(max_length=16, default="")
    said = models.CharField(max_length=1000)
    happened_on = models.DateField(null=True)
    place = models.CharField(max_length=120, default="")
    due_on = models.DateField(null=True)
    whom = models.CharField(max_length=80, default="")
    level = models.SmallIntegerField(default=0)
    proof = models.JSONField(default=list)
    decides_over = models.CharField(max_length=80, default="")
    by = models.CharField(max_length=80)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=list(STEPS)), name="step_kind"),
            models.CheckConstraint(condition=~Q(by=F("decides_over")), name="step_by_two"),
            models.CheckConstraint(condition=~Q(said=""), name="step_has_reason"),
            # 条例 57 punishes nothing that was done before it came into force.
            models.CheckConstraint(
                condition=~Q(kind=CLUE) | Q(happened_on__isnull=False, happened_on__gte=ARTICLE_57_SINCE),
                name="step_clue_since",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.task_id} {self.kind}"
