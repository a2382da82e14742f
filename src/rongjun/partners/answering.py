"""What every signed call of a partner's machine goes through: size, signature, one answer a key."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from django.conf import settings
from django.http import HttpResponse

from rongjun.access.api import ActingRequest, acting_as_job
from rongjun.audit import api as audit
from rongjun.kernel.errors import Refused
from rongjun.partners.actions.calls import Admitted, Call, admit_call, answer_call, call_as_sent
from rongjun.partners.logic import CALL_STATUS
from rongjun.ui.api import sentence

_JSON = "application/json"


def signed_answer(
    request: ActingRequest,
    *,
    job: str,
    answer: Callable[[ActingRequest, Call, Admitted], str],
    statuses: Mapping[str, int],
    refused_event: str,
) -> HttpResponse:
    """What `answer` says to a call that is genuine; the same call again gets the same answer.

    The call, what it changes and its answer are one transaction, in the scope of `job`. `statuses` are those
    of the refusals `answer` may raise; each is noted as `refused_event`.
    """
    try:
        call = call_of(request)
        with acting_as_job(job):
            admitted = admit_call(call, now=request.now)
            said = admitted.answer
            if not said:
                said = answer(request, call, admitted)
                answer_call(admitted, answer=said)
    except Refused as refused:
        return refusal(request, refused, statuses={**CALL_STATUS, **statuses}, event=refused_event)
    return HttpResponse(said, content_type=_JSON)


def call_of(request: ActingRequest) -> Call:
    """The call as it was sent. Refused("partners.call-too-large") before a byte of it is read."""
    length = request.headers.get("Content-Length", "")
    if length.isdecimal() and int(length) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        raise Refused("partners.call-too-large", most=settings.DATA_UPLOAD_MAX_MEMORY_SIZE // 1000)
    return call_as_sent(method="POST", path=request.path, headers=request.headers, body=request.body)


def refusal(
    request: ActingRequest, refused: Refused, *, statuses: Mapping[str, int], event: str
) -> HttpResponse:
    """The answer to a call that was refused: code and sentences.

    The refused call's own transaction is gone with all it wrote; that it was refused is noted apart.
    """
    said = sentence(refused)
    audit.note(
        event,
        by="partner",
        result="refused",
        source=request.path,
        detail={"why": refused.code},
        at=request.now,
    )
    told = {"code": refused.code, "what": said.what, "why": said.why, "todo": said.todo, "who": said.who}
    return HttpResponse(
        json.dumps(told, ensure_ascii=False), content_type=_JSON, status=statuses[refused.code]
    )
