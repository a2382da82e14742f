"""The step of officers who say which of two contents of a settlement stands."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from rongjun.access.api import ActingRequest, staff
from rongjun.insurance import actions
from rongjun.insurance.http import desk
from rongjun.insurance.queries.conflicts import conflict_of
from rongjun.kernel.errors import Refused


@require_POST
@staff("insurance.review")
def conflict_step(request: ActingRequest, settlement: UUID) -> HttpResponse:
    """Say which content stands; agree, or send it back."""
    if conflict_of(settlement) is None:
        raise Http404
    said, step = request.POST, request.POST.get("step", "")
    told: dict[str, Any] = {"by": request.actor, "now": request.now}
    try:
        if step == "propose":
            actions.propose_standing(
                settlement, answer=said.get("answer", ""), why=said.get("why", ""), **told
            )
        elif step in {"agree", "send-back"}:
            actions.check_standing(settlement, agrees=step == "agree", **told)
        else:
            raise Http404
    except Refused as refused:
        return desk.claim_page(request, settlement, refused=refused)
    messages.success(request, _("记下了。"))
    return redirect("insurance:claim", settlement=settlement)
