"""Signed calls of uses: what each refusal is in the language of HTTP."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from django.http import HttpResponse

from rongjun.access.api import ActingRequest
from rongjun.partners import api as partners

STATUS: Mapping[str, int] = {
    "benefits.unknown-use-source": 403,
    "benefits.use-source-by-file": 403,
    "benefits.use-batch-size": 400,
    "benefits.use-body-unfit": 400,
}


def signed_answer(
    request: ActingRequest,
    *,
    job: str,
    answer: Callable[[ActingRequest, partners.Call, partners.Admitted], str],
) -> HttpResponse:
    """What `answer` says to a call that is genuine; see `partners`."""
    return partners.signed_answer(
        request, job=job, answer=answer, statuses=STATUS, refused_event="benefits.use-call-refused"
    )
