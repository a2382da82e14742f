"""Where a hospital's machine sends one settlement or refund; it is decided before it is answered."""

from __future__ import annotations

import json
from collections.abc import Mapping

from django.conf import settings
from django.http import HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from rongjun.access.api import ActingRequest, anyone
from rongjun.insurance.actions import take_message
from rongjun.insurance.cases import CaseError
from rongjun.insurance.incoming import read_message
from rongjun.kernel.errors import Refused
from rongjun.partners import api as partners

JOB = "insurance.take-settlements"
STATUS: Mapping[str, int] = {"insurance.body-unfit": 400, "insurance.msgid-reused": 409}


@csrf_exempt
@require_POST
@anyone("every call is signed by its partner, which is checked before anything else; it reads nobody")
def take_settlement(request: ActingRequest) -> HttpResponse:
    """Take in one record (contracts/settlements.schema.json); the same call again gets the same answer.

    Durable when it is answered: record, decision, money set aside, message and answer are one transaction.
    """
    return partners.signed_answer(
        request, job=JOB, answer=_take, statuses=STATUS, refused_event="insurance.call-refused"
    )


def _take(request: ActingRequest, call: partners.Call, admitted: partners.Admitted) -> str:
    try:
        message = read_message(call.body.decode(), synthetic=settings.SYNTHETIC)
    except (CaseError, UnicodeDecodeError) as error:
        faults = "；".join(error.faults) if isinstance(error, CaseError) else "UTF-8"
        raise Refused("insurance.body-unfit", faults=faults[:400].rstrip("。")) from None
    taken = take_message(message, channel="call", partner=admitted.partner, by=f"job:{JOB}", now=request.now)
    said = {
        "msgid": message.msgid,
        "settlement": str(taken.settlement),
        "state": taken.state,
        "why": taken.why,
        "said": taken.said,
        "post_fen": taken.post,
        "waits": taken.waits,
    }
    return json.dumps(said, ensure_ascii=False)
