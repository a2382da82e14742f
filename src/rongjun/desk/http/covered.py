"""What a file keeps covered: numbers and addresses, opened one at a time against a purpose."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from rongjun.access.api import ActingRequest, Actor, staff
from rongjun.audit import api as audit
from rongjun.desk.http.shared import today_of
from rongjun.kernel.errors import Refused
from rongjun.kernel.words import Words
from rongjun.registry import api as registry
from rongjun.ui.api import sentence

PURPOSES: Words[tuple[str, ...]] = (
    "核对证件",
    "核对银行户名",
    "办理业务填表",
    "联系本人、上门走访",
    "本人要求核对",
    "协查公函",
)
_NAMES = {
    "document": gettext_lazy("证件号码"),
    "contact": gettext_lazy("电话号码"),
    "account": gettext_lazy("账号"),
    "payee": gettext_lazy("收款人证件号码"),
    "residence": gettext_lazy("地址"),
}


@require_POST
@staff("registry.unmask")
def uncover(request: ActingRequest, person: UUID, covered: str, assertion: int) -> HttpResponse:
    """The whole of it for sixty seconds, against a purpose that is kept in the evidence chain."""
    now, purpose = request.now, request.POST.get("purpose", "")
    head = registry.head_of(person, known_at=now)
    held = registry.assertions_held(head.id, on=today_of(request), known_at=now) if head else []
    asked = next((each for each in held if (each.kind, each.id) == (covered, assertion)), None)
    if head is None or asked is None or not asked.mask:
        raise Http404
    field = masked_field(head.id, asked, actor=request.actor)
    if purpose not in PURPOSES:
        field["error"] = sentence(Refused("registry.purpose-missing")).why
        return _field_page(request, field)
    audit.note_read(
        f"person:{head.id}",
        event=f"registry.{'address' if covered == 'residence' else 'number'}-unmasked",
        by=request.actor.text,
        role=request.actor.role,
        purpose=purpose,
        source=request.path,
        division=head.division,
        detail={"kind": covered},
        at=now,
    )
    field["full"] = registry.open_covered(covered, assertion)
    return _field_page(request, field)


def masked_field(person: UUID, held: registry.HeldAssertion, *, actor: Actor) -> dict[str, Any]:
    """The covered number or address, with the form that opens it for those who may."""
    field: dict[str, Any] = {"id": f"{held.kind}-{held.id}", "label": _NAMES[held.kind], "text": held.mask}
    if actor.may("registry.unmask"):
        field["url"] = reverse("desk:uncover", args=[person, held.kind, held.id])
        field["purposes"] = [{"value": purpose, "label": purpose} for purpose in PURPOSES]
        if held.kind == "residence":
            field["ask"], field["again"] = _("填用途看地址"), _("地址已经遮住")
    return field


def covered_lines(person: UUID, held: list[registry.HeldAssertion], *, actor: Actor) -> list[dict[str, Any]]:
    """Where somebody lives and is paid, covered: what stands beside the head of a file."""
    return [
        {
            "label": registry.LABELS[each.kind],
            "what": each.what.removesuffix(each.mask).strip(),
            "masked": masked_field(person, each, actor=actor),
        }
        for each in held
        if each.kind in ("residence", "account", "payee") and each.mask
    ]


def _field_page(request: ActingRequest, field: dict[str, Any]) -> HttpResponse:
    """The field alone for a page that swaps it in; a whole page where no script runs."""
    partial = bool(request.headers.get("HX-Request"))
    page = "desk/covered_part.html" if partial else "desk/covered.html"
    return render(request, page, {"field": field})
