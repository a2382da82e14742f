"""等您说一声: what is offered without a form and the answer to it; what one has by having said yes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from rongjun.access.api import ActingRequest
from rongjun.benefits import api as benefits
from rongjun.citizen.cards import reasons_of
from rongjun.citizen.http.shared import Mine, look, on_file, refused_page, today_of
from rongjun.kernel.errors import Refused
from rongjun.kernel.words import translatable
from rongjun.places import api as places
from rongjun.registry import api as registry
from rongjun.rules.api import Book, facts_read


@dataclass(frozen=True, slots=True)
class Offered:
    """One benefit that is had by saying so."""

    id: UUID
    code: str
    title: str
    what: str
    gives: str
    basis: tuple[str, ...]
    unconfirmed: bool
    answer_by: date
    state: benefits.OfferState

    @property
    def is_waiting(self) -> bool:
        """Whether nothing was said to it yet; what was let pass or declined can still be had."""
        return self.state == "offered"


@dataclass(frozen=True, slots=True)
class Enrolled:
    """One benefit a person has by having said yes."""

    id: UUID
    title: str
    gives: str
    since: date
    in_doubt: bool


def offered_to(mine: Mine, book: Book, *, today: date) -> list[Offered]:
    """What can be had by saying so today: what waits for an answer first."""
    on_offer, shown = {each[0].code: each for each in book.offered(on=today)}, _shown_to(mine, book, today)
    found: list[Offered] = []
    for line in benefits.offers_of(registry.file_ids_of(mine.id)):
        if line.is_current and line.state != "accepted" and line.code in on_offer and shown(line.code):
            benefit, version, told = on_offer[line.code]
            basis, is_sure = tuple(map(str, version.basis)), book.is_confirmed(benefit, version)
            found.append(
                Offered(
                    line.id, line.code, benefit.title, version.what, told.gives, basis, not is_sure,
                    line.answer_by, line.state,
                )
            )  # fmt: skip
    return sorted(found, key=lambda each: not each.is_waiting)


def enrolled_of(mine: Mine, book: Book, *, today: date) -> list[Enrolled]:
    """What the person has now."""
    on_offer, shown = {each[0].code: each for each in book.offered(on=today)}, _shown_to(mine, book, today)
    return [
        Enrolled(
            line.id,
            book.benefits[line.code].title if line.code in book.benefits else line.code,
            on_offer[line.code][2].gives if line.code in on_offer else "",
            line.since,
            line.not_entitled_since is not None,
        )
        for line in benefits.enrolments_of(registry.file_ids_of(mine.id))
        if line.ended_at is None and shown(line.code)
    ]


def _shown_to(mine: Mine, book: Book, today: date) -> Callable[[str], bool]:
    """Whether a benefit may be seen: that it is offered tells what its condition reads."""
    return lambda code: mine.hidden.isdisjoint(facts_read(book, codes=[code], on=today))


@require_safe
@on_file("what is offered to oneself without a form")
def listing(request: ActingRequest, mine: Mine) -> HttpResponse:
    """What waits for a word, and what can still be had."""
    if registry.is_closed(mine.id):
        return refused_page(request, Refused("citizen.restricted"))
    look(request, mine, purpose="查看可以直接享受的")
    offered = offered_to(mine, benefits.book(), today=today_of(request))
    context = {
        "waiting": [each for each in offered if each.is_waiting],
        "later": [each for each in offered if not each.is_waiting],
    }
    return render(request, "citizen/offers.html", context)


@require_http_methods(["GET", "POST"])
@on_file("answers what is offered to oneself")
def offer(request: ActingRequest, mine: Mine, offer: UUID) -> HttpResponse:
    """One offer: what it gives, why, until when; yes or no."""
    if registry.is_closed(mine.id):
        return refused_page(request, Refused("citizen.restricted"))
    today, book = today_of(request), benefits.book()
    asked = next((each for each in offered_to(mine, book, today=today) if each.id == offer), None)
    if asked is None:
        return _not_open(request, mine, offer, shown=_shown_to(mine, book, today))
    if request.method != "POST":
        look(request, mine, purpose="查看可以直接享受的")
        context = {
            "offer": asked,
            "reasons": reasons_of(benefits.why_offered(offer)),
            "station": places.served_by([mine.division], on=today)[mine.division].name,
        }
        return render(request, "citizen/offer.html", context)
    try:
        messages.success(request, _answer(request, mine, asked))
    except Refused as refused:
        return refused_page(request, _in_their_words(refused, asked))
    return redirect("citizen:offers")


def _answer(request: ActingRequest, mine: Mine, asked: Offered) -> str:
    """Take the yes or the no; return the sentence that says what follows."""
    said = request.POST.get("answer", "")
    if said == "yes":
        benefits.accept_offer(asked.id, by=mine.actor, now=request.now, today=today_of(request))
        return _("好，从今天起享受“%(title)s”。%(gives)s") % {
            "title": _(asked.title),
            "gives": _(asked.gives),
        }
    if said == "no":
        benefits.decline_offer(asked.id, by=mine.actor, now=request.now)
        return _("好，记下了，“%(title)s”先不要。符合条件期间随时可以再来要。") % {"title": _(asked.title)}
    raise BadRequest("neither yes nor no")


def _not_open(
    request: ActingRequest, mine: Mine, offer: UUID, *, shown: Callable[[str], bool]
) -> HttpResponse:
    """Answered already or taken back: said so. Not of the file in hand: not there."""
    held = benefits.offers_of(registry.file_ids_of(mine.id))
    line = next((each for each in held if each.id == offer and shown(each.code)), None)
    if line is None:
        raise Http404
    answered = line.is_current and line.state == "accepted"
    return refused_page(
        request, Refused("citizen.offer-answered") if answered else Refused("citizen.offer-over")
    )


def _in_their_words(refused: Refused, asked: Offered) -> Refused:
    """What a clerk would be told, said to the person."""
    if refused.code == "benefits.offer-not-fitting":
        return Refused("citizen.offer-not-fitting", title=asked.title)
    if refused.code == "benefits.offer-answered":
        return Refused("citizen.offer-answered")
    return Refused("citizen.offer-over")


@require_http_methods(["GET", "POST"])
@on_file("leaves a benefit one has")
def enrolment(request: ActingRequest, mine: Mine, enrolment: UUID) -> HttpResponse:
    """What one has since when, and the way out of it."""
    if registry.is_closed(mine.id):
        return refused_page(request, Refused("citizen.restricted"))
    today, book = today_of(request), benefits.book()
    held = next((each for each in enrolled_of(mine, book, today=today) if each.id == enrolment), None)
    if held is None:
        raise Http404
    if request.method != "POST":
        look(request, mine, purpose="查看待遇")
        return render(request, "citizen/enrolment.html", {"held": held})
    reason = translatable("本人在网上说不要了") if mine.is_own else translatable("代办人在网上说不要了")
    try:
        benefits.leave_benefit(enrolment, reason=reason, by=mine.actor, now=request.now, today=today)
    except Refused:  # somebody at the station was quicker
        return refused_page(request, Refused("citizen.offer-over"))
    messages.success(
        request,
        _("好，“%(title)s”从今天起不再享受。符合条件期间随时可以再要回来。") % {"title": _(held.title)},
    )
    return redirect("citizen:benefits")
