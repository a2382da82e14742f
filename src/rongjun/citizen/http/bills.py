"""看病报销: one's hospital bills under 荣军保, who bears what of each, and every line of why."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from rongjun.access.api import ActingRequest
from rongjun.citizen.http.shared import Mine, look, on_file, refused_page
from rongjun.insurance import api as insurance
from rongjun.kernel.errors import Refused
from rongjun.registry import api as registry
from rongjun.ui.api import attachment


@require_safe
@on_file("one's own hospital bills")
def listing(request: ActingRequest, mine: Mine) -> HttpResponse:
    """The years, each bill in one line, where the money is."""
    if registry.is_closed(mine.id):
        return refused_page(request, Refused("citizen.restricted"))
    look(request, mine, purpose="查看看病报销")
    files = registry.file_ids_of(mine.id)
    return render(
        request,
        "citizen/bills.html",
        {
            "bills": insurance.bills_of(files),
            "years": insurance.years_of_person(files),
            "payouts": insurance.payouts_of(files),
        },
    )


@require_safe
@on_file("one of one's own hospital bills")
def bill(request: ActingRequest, mine: Mine, settlement: UUID) -> HttpResponse:
    """One bill: who bears what, how it was worked out, what to do about it."""
    if registry.is_closed(mine.id):
        return refused_page(request, Refused("citizen.restricted"))
    found = _own_bill(settlement, mine)
    look(request, mine, purpose="查看看病报销")
    return render(request, "citizen/bill.html", {"bill": found})


@require_safe
@on_file("one of one's own hospital bills on paper")
def paper(request: ActingRequest, mine: Mine, settlement: UUID) -> HttpResponse:
    """The same as a PDF; of one that officers decided it is the letter that says so."""
    if registry.is_closed(mine.id):
        return refused_page(request, Refused("citizen.restricted"))
    found = _own_bill(settlement, mine)
    look(request, mine, purpose="下载赔付说明")
    review = insurance.review_of(settlement)
    content = insurance.bill_paper(found, review=review, name=mine.name, who=mine.actor.name, at=request.now)
    return attachment(content, "bill.pdf", kind="application/pdf")


def _own_bill(settlement: UUID, mine: Mine) -> insurance.BillSaid:
    found = insurance.bill(settlement)
    if found is None or found.person not in registry.file_ids_of(mine.id):
        raise Http404
    return found
