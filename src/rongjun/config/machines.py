"""The short way in for machines: no session, no cookie, no language, no compression."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpResponseBase
from django.urls import resolve
from django.utils import timezone

from rongjun.access.api import rule_of

# Addresses that a partner's machine asks thousands of times a minute; each checks a signature by itself.
ADDRESSES = frozenset({"/uses/batches", "/uses/eligibility"})
NOTHING_RUNS = "default-src 'none'; frame-ancestors 'none'"


class ShortWay:
    """First of all middleware: what is asked here passes by the others.

    They ask about visitors, and cost more than half of a small request. The address's rule stays: one that
    declares none, or asks for a sign-in, is sent the long way and refused there.
    """

    def __init__(self, get_response: Callable[[Any], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponseBase:
        """Answer a machine; let everybody else go on."""
        if request.path in ADDRESSES:
            view, args, kwargs = resolve(request.path)
            rule = rule_of(view)
            if rule is not None and rule.who == "anyone":
                request.now = timezone.now()
                answer: HttpResponseBase = view(request, *args, **kwargs)
                answer["Content-Security-Policy"] = NOTHING_RUNS
                return answer
        return self.get_response(request)
