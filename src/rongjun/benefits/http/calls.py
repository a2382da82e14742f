"""What every signed call of a partner's machine goes through here: size, signature, one answer a key."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from django.conf import settings
from django.http import HttpResponse

from rongjun.access.api import ActingRequest, acting_as_job
from rongjun.audit import api as audit
from rongjun.kernel.errors import Refused
from rongjun.partners import api as partners
from rongjun.ui.api import sentence

STATUS: Mapping[str, int] = {
    **partners.CALL_STATUS,
    "benefits.unknown-use-source": 403,
    "benefits.use-source-by-file": 403,
    "benefits.use-batch-size": 400,
    "benefits.use-body-unfit": 400,
}
_JSON = "application/json"


def signed_answer(
    request: ActingRequest,
    *,
    job: str,
    answer: Callable[[ActingRequest, partners.Call, partners.Admitted], str],
) -> HttpResponse:
    """What `answer` says to a call that is genuine; the same call again gets the same answer.

    The call, what it changes and its answer are one transaction.
    """
    try:
        _refuse_too_large(request)
        call = partners.call_as_sent(
            method="POST", path=request.path, headers=request.headers, body=request.body
        )
        with acting_as_job(job):
            admitted = partners.admit_call(call, now=request.now)
            said = admitted.answer
            if not said:
                said = answer(request, call, admitted)
                partners.answer_call(admitted, answer=said)
    except Refused as refused:
        return _refusal(request, refused)
    return HttpResponse(said, content_type=_JSON)


def _refuse_too_large(request: ActingRequest) -> None:
    """Refused("partners.call-too-large") before a byte of it is read."""
    length = request.headers.get("Content-Length", "")
    if length.isdecimal() and int(length) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        raise Refused("partners.call-too-large", most=settings.DATA_UPLOAD_MAX_MEMORY_SIZE // 1000)


def _refusal(request: ActingRequest, refused: Refused) -> HttpResponse:
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
