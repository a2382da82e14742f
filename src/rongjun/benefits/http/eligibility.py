"""Where a telecom operator asks whether a carrier opens a 荣军通 plan: signed, yes or no, no identity."""

from __future__ import annotations

import json

from django.conf import settings
from django.http import HttpResponse
from django.utils.timezone import localtime
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from rongjun.access.api import ActingRequest, anyone
from rongjun.benefits.actions import eligibility as actions
from rongjun.benefits.http.calls import signed_answer
from rongjun.benefits.logic.eligibility import MOST_REFERENCES
from rongjun.kernel.errors import Refused
from rongjun.partners import api as partners

JOB = "benefits.answer-eligibility"


@csrf_exempt
@require_POST
@anyone("every call is signed by its partner, which is checked before anything else; it tells no identity")
def answer_eligibility(request: ActingRequest) -> HttpResponse:
    """Answer references of one programme (contracts/eligibility.schema.json); a call sent again likewise."""
    return signed_answer(request, job=JOB, answer=_answer)


def _answer(request: ActingRequest, call: partners.Call, admitted: partners.Admitted) -> str:
    programme, references = read_body(call.body)
    now = localtime(request.now)
    found = actions.answer_eligibility(
        references, programme=programme, partner=admitted.partner, days=settings.ELIGIBILITY_DAYS, now=now
    )
    told = {"programme": programme, "on": now.date().isoformat(), "answers": [each.plain() for each in found]}
    return json.dumps(told, ensure_ascii=False)


def read_body(body: bytes) -> tuple[str, list[int]]:
    """Programme and references. Refused("benefits.use-body-unfit") when it is anything else."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        raise Refused("benefits.use-body-unfit") from None
    if type(said) is not dict or said.keys() != {"programme", "references"}:
        raise Refused("benefits.use-body-unfit")
    programme, references = said["programme"], said["references"]
    is_list = type(references) is list and 0 < len(references) <= MOST_REFERENCES
    if type(programme) is not str or not is_list:
        raise Refused("benefits.use-body-unfit")
    if any(type(each) is not int or not 0 < each < 2**53 for each in references):
        raise Refused("benefits.use-body-unfit")
    return programme, references
