"""Where an operator's devices send uses, in batches; every row is answered."""

from __future__ import annotations

import json
from collections.abc import Mapping

from django.conf import settings
from django.http import HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from rongjun.access.api import ActingRequest, acting_as_job, anyone
from rongjun.audit import api as audit
from rongjun.benefits.actions import uses
from rongjun.benefits.logic import uses as logic
from rongjun.kernel.errors import Refused
from rongjun.partners import api as partners
from rongjun.ui.api import sentence

JOB = "benefits.take-uses"
STATUS: Mapping[str, int] = {
    **partners.CALL_STATUS,
    "benefits.unknown-use-source": 403,
    "benefits.use-source-by-file": 403,
    "benefits.use-batch-size": 400,
    "benefits.use-body-unfit": 400,
}
_JSON = "application/json"


@csrf_exempt
@require_POST
@anyone("every call is signed by its partner, which is checked before anything else; it reads nobody")
def take_batch(request: ActingRequest) -> HttpResponse:
    """Take in one signed batch (contracts/uses.schema.json); the same call again gets the same answer.

    Durable when it is answered: batch, rows, rollups and answer are one transaction.
    """
    try:
        refuse_too_large(request)
        call = partners.call_as_sent(
            method="POST", path=request.path, headers=request.headers, body=request.body
        )
        with acting_as_job(JOB):
            admitted = partners.admit_call(call, now=request.now)
            answer = admitted.answer
            if not answer:
                answer = _take(call, admitted, request)
                partners.answer_call(admitted, answer=answer)
    except Refused as refused:
        return refusal(request, refused)
    return HttpResponse(answer, content_type=_JSON)


def refuse_too_large(request: ActingRequest) -> None:
    """Refused("partners.call-too-large") before a byte of it is read."""
    length = request.headers.get("Content-Length", "")
    if length.isdecimal() and int(length) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        raise Refused("partners.call-too-large", most=settings.DATA_UPLOAD_MAX_MEMORY_SIZE // 1000)


def _take(call: partners.Call, admitted: partners.Admitted, request: ActingRequest) -> str:
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


def refusal(request: ActingRequest, refused: Refused) -> HttpResponse:
    """The answer to a call that was refused: code and sentences; the refusal is noted."""
    said = sentence(refused)
    audit.note(
        "benefits.use-call-refused",
        by="partner",
        result="refused",
        source=request.path,
        detail={"why": refused.code},
        at=request.now,
    )
    told = {"code": refused.code, "what": said.what, "why": said.why, "todo": said.todo, "who": said.who}
    return HttpResponse(json.dumps(told, ensure_ascii=False), content_type=_JSON, status=STATUS[refused.code])
