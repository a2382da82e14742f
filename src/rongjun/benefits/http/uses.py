"""Where an operator's devices send uses, in batches; every row is answered."""

from __future__ import annotations

import json

from django.http import HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from rongjun.access.api import ActingRequest, anyone
from rongjun.benefits.actions import uses
from rongjun.benefits.http.calls import signed_answer
from rongjun.benefits.logic import uses as logic
from rongjun.kernel.errors import Refused
from rongjun.partners import api as partners

JOB = "benefits.take-uses"


@csrf_exempt
@require_POST
@anyone("every call is signed by its partner, which is checked before anything else; it reads nobody")
def take_batch(request: ActingRequest) -> HttpResponse:
    """Take in one signed batch (contracts/uses.schema.json); the same call again gets the same answer.

    Durable when it is answered: batch, rows, rollups and answer are one transaction.
    """
    return signed_answer(request, job=JOB, answer=_take)


def _take(request: ActingRequest, call: partners.Call, admitted: partners.Admitted) -> str:
    source, columns = read_body(call.body)
    by = f"partner:{admitted.partner}"
    delivery = uses.Delivery(source=source, key=call.key, columns=columns, by=by)
    taken = uses.take_uses(delivery, partner=admitted.partner, now=request.now)
    said = {
        "batch": taken.batch,
        "accepted": taken.accepted,
        "late": taken.late,
        "repeated": taken.repeated,
        "refused": [{"line": line, "code": reason} for line, reason in taken.refused],
        # Each reason once, however many lines have it.
        "reasons": {reason: list(logic.REASONS[reason]) for reason in {why for _, why in taken.refused}},
    }
    return json.dumps(said, ensure_ascii=False)


def read_body(body: bytes) -> tuple[str, logic.Columns]:
    """Source and columns of a batch. Refused("benefits.use-body-unfit") when it is anything else."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        raise Refused("benefits.use-body-unfit") from None
    if type(said) is not dict or said.keys() != {"source", *logic.NAMES} or type(said["source"]) is not str:
        raise Refused("benefits.use-body-unfit")
    given = [said[name] for name in logic.NAMES]
    if any(type(column) is not list or len(column) != len(given[0]) for column in given):
        raise Refused("benefits.use-body-unfit")
    return said["source"], logic.Columns(*given)
