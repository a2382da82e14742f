"""What is offered without a form: on a person's file, and the list of those who are entitled no more."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from rongjun.access.api import ActingRequest, Actor, names_of_actors, staff
from rongjun.benefits import api as benefits
from rongjun.desk.http.shared import asked_day, hidden_from, note_listed, refused_page, today_of
from rongjun.kernel.errors import Refused
from rongjun.places import api as places
from rongjun.registry import api as registry
from rongjun.rules.api import Book, facts_read
from rongjun.ui.api import Sentence, page_asked, pager_of, pages_of, sentence

PAGE = 20
TONES = {
    "offered": "info",
    "accepted": "ok",
    "declined": "pause",
    "lapsed": "pause",
    "withdrawn": "pause",
}


def offers_pane(files: Collection[UUID], book: Book, *, actor: Actor, today: date) -> dict[str, Any] | None:
    """A person's offers and what they have by accepting them; None where there was never any."""
    shown = _shown_to(actor, book, today)
    offers = [line for line in benefits.offers_of(files) if shown(line.code)]
    enrolments = [line for line in benefits.enrolments_of(files) if shown(line.code)]
    if not offers and not enrolments:
        return None
    has = {line.code for line in enrolments if line.ended_at is None}
    names = names_of_actors(_who(offers, enrolments))
    may = actor.may("benefits.answer-offer")
    asked = [each for each in offers if each.code not in has]
    return {
        "offers": [_offer(each, book, names, may=may) for each in asked if each.is_current],
        "past": [_offer(each, book, names, may=False) for each in asked if not each.is_current],
        "enrolments": [_enrolment(each, book, names, today=today) for each in enrolments],
        "channels": benefits.CHANNELS.items(),
        "may_answer": may,
        "may_end": actor.may("benefits.end-enrolment"),
    }


def _shown_to(actor: Actor, book: Book, today: date) -> Callable[[str], bool]:
    """Whether an offer of a benefit may be seen: it tells what its condition reads."""
    hidden = hidden_from(actor)
    return lambda code: hidden.isdisjoint(facts_read(book, codes=[code], on=today)) if hidden else True


def _who(offers: Iterable[benefits.OfferLine], enrolments: Iterable[benefits.EnrolmentLine]) -> list[str]:
    said = [name for line in enrolments for name in (line.enrolled_by, line.ended_by, line.kept_by)]
    return [name for name in (*said, *(line.answered_by for line in offers)) if name]


def _title(code: str, book: Book) -> str:
    return book.benefits[code].title if code in book.benefits else code


def _offer(line: benefits.OfferLine, book: Book, names: dict[str, str], *, may: bool) -> dict[str, Any]:
    notice = benefits.offer_notice(book, code=line.code, version=line.version, answer_by=line.answer_by)
    return {
        "line": line,
        "title": _title(line.code, book),
        "url": reverse("desk:policy-benefit", args=[line.code]) if line.code in book.benefits else "",
        "chip": {"word": _(benefits.OFFER_WORDS[line.state]), "tone": TONES[line.state]},
        "by": names.get(line.answered_by, line.answered_by),
        "channel": {**benefits.CHANNELS, **benefits.ONLINE_CHANNELS}.get(line.channel, ""),
        "notice": notice.splitlines(),
        "may_accept": may and line.state in benefits.answered_from("accepted"),
        "may_decline": may and line.state in benefits.answered_from("declined"),
    }


def _enrolment(
    line: benefits.EnrolmentLine, book: Book, names: dict[str, str], *, today: date
) -> dict[str, Any]:
    if line.ended_at:
        chip = {"word": _("已结束"), "tone": "pause"}
    elif line.not_entitled_since:
        chip = {"word": _("不再符合，等人决定"), "tone": "late"}
    else:
        chip = {"word": _("享受中"), "tone": "ok"}
    is_kept = bool(line.look_again_on and line.look_again_on > today)
    return {
        "line": line,
        "title": _title(line.code, book),
        "url": reverse("desk:policy-benefit", args=[line.code]) if line.code in book.benefits else "",
        "chip": {"word": _("先留着"), "tone": "info"} if is_kept and not line.ended_at else chip,
        "enrolled_by": names.get(line.enrolled_by, line.enrolled_by),
        "ended_by": names.get(line.ended_by, line.ended_by),
        "kept_by": names.get(line.kept_by, line.kept_by),
        "ground": benefits.GROUNDS.get(line.end_ground, ""),
    }


# --- an answer ----------------------------------------------------------------------------------------------


@require_POST
@staff("benefits.answer-offer")
def answer_offer(request: ActingRequest, person: UUID, offer: UUID) -> HttpResponse:
    """The person's yes or no, as a clerk was told it."""
    said, channel = request.POST.get("answer", ""), request.POST.get("channel", "")
    given: dict[str, Any] = {"channel": channel, "by": request.actor, "now": request.now}
    try:
        if said == "accept":
            benefits.accept_offer(offer, today=today_of(request), **given)
            messages.success(request, _("登记好了，从今天起享受。"))
        elif said == "decline":
            benefits.decline_offer(offer, words=request.POST.get("words", ""), **given)
            messages.success(request, _("记下了，本人不要这一项。符合条件期间可以改主意。"))
        else:
            raise BadRequest("neither yes nor no")
    except Refused as refused:
        return refused_page(request, refused)
    return redirect(reverse("desk:person", args=[person]) + "#offers")


@require_POST
@staff("benefits.answer-offer")
def leave(request: ActingRequest, person: UUID, enrolment: UUID) -> HttpResponse:
    """The person does not want it any more."""
    given: dict[str, Any] = {"by": request.actor, "now": request.now, "today": today_of(request)}
    try:
        benefits.leave_benefit(enrolment, reason=request.POST.get("reason", ""), **given)
    except Refused as refused:
        return refused_page(request, refused)
    messages.success(request, _("结束了这一项登记。符合条件期间可以再要回来。"))
    return redirect(reverse("desk:person", args=[person]) + "#offers")


# --- entitled no more ---------------------------------------------------------------------------------------


@require_safe
@staff("benefits.end-enrolment")
def not_entitled(request: ActingRequest) -> HttpResponse:
    """Whom a sweep found entitled no more and who still has it, the longest first; the people are logged."""
    return _not_entitled_page(request)


@require_POST
@staff("benefits.end-enrolment")
def decide_enrolment(request: ActingRequest, enrolment: UUID) -> HttpResponse:
    """End it, or keep it until a day, with the reason; either carries the officer's name."""
    said, reason = request.POST.get("decision", ""), request.POST.get("reason", "")
    given: dict[str, Any] = {
        "reason": reason, "by": request.actor, "now": request.now, "today": today_of(request)
    }  # fmt: skip
    try:
        if said == "end":
            benefits.end_enrolment(enrolment, **given)
            messages.success(request, _("结束了，理由和判定都记下了。"))
        elif said == "keep":
            until = asked_day(request.POST.get("until", ""))
            if until is None:
                raise Refused("benefits.day-not-ahead")
            benefits.keep_enrolment(enrolment, until=until, **given)
            messages.success(request, _("先留着，到那天会再回到这里。"))
        else:
            raise BadRequest("neither ended nor kept")
    except Refused as refused:
        return _not_entitled_page(request, refusal=sentence(refused), status=422)
    return redirect("desk:not-entitled")


def _not_entitled_page(
    request: ActingRequest, *, refusal: Sentence | None = None, status: int = 200
) -> HttpResponse:
    today, book = today_of(request), benefits.book()
    total = benefits.count_to_look_at(today=today)
    page = min(page_asked(request), pages_of(total, most=PAGE))
    listed = benefits.to_look_at(today=today, start=(page - 1) * PAGE, most=PAGE)
    people = registry.lines_of({line.person for line in listed}, on=today, known_at=request.now)
    note_listed(request, [line.id for line in people], purpose="不再符合的优待登记")
    lines, paths = {line.id: line for line in people}, places.paths_of({p.division for p in people}, on=today)
    names = names_of_actors(_who((), listed))
    context = {
        "rows": [
            _row(
                each, book, names, request, line=lines[each.person], place=paths[lines[each.person].division]
            )
            for each in listed
            if each.person in lines
        ],
        "total": total,
        "refusal": refusal,
        "pager": pager_of(page, total, most=PAGE),
    }
    return render(request, "desk/not_entitled.html", context, status=status)


def _row(
    each: benefits.EnrolmentLine,
    book: Book,
    names: dict[str, str],
    request: ActingRequest,
    *,
    line: registry.PersonLine,
    place: str,
) -> dict[str, Any]:
    """One enrolment with why it does not fit any more, judged now."""
    today = today_of(request)
    died = registry.died_on([each.person], known_at=request.now).get(each.person)
    decision = benefits.decision_on(
        registry.kept_file(each.person), each.code, on=today, known_at=request.now, by_book=book
    )
    failed = [reason for reason in decision.reasons if reason.state != "met"] if decision else []
    return {
        **_enrolment(each, book, names, today=today),
        "id": each.id,
        "person": line,
        "place": place,
        "died": died,
        "verdict": benefits.WORDS[decision.verdict] if decision else _("这一项已经停止"),
        "why": [{"text": reason.text, "clause": reason.clause} for reason in failed],
    }
