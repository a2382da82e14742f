"""卡证: a person's cards on the file, one card with its history and what can be done, and what waits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from rongjun.access.api import ActingRequest, Actor, names_of_actors, staff
from rongjun.audit import api as audit
from rongjun.benefits import api as benefits
from rongjun.cards import api as cards
from rongjun.desk.http.shared import asked_day, note_listed, refused_page, today_of
from rongjun.kernel.errors import Refused
from rongjun.kernel.words import Words
from rongjun.places import api as places
from rongjun.registry import api as registry
from rongjun.ui.api import Sentence, page_asked, pager_of, pages_of, sentence

PAGE = 20
MOST_PHOTO = 2**20  # of what comes as a photo, more is not read: it is too large anyway
TONES = {
    "valid": "ok",
    "applied": "info",
    "approved": "info",
    "making": "info",
    "ready": "warn",
    "held": "warn",
    "lost": "late",
    "frozen": "late",
    "suspended": "late",
}
# What a clerk presses for each step.
STEPS: Words[Mapping[str, str]] = {
    "approve": "审核通过",
    "refuse": "审核不通过",
    "withdraw": "本人撤回申领",
    "hand-over": "交给本人",
    "hold": "临时挂失",
    "lift": "解除临时挂失",
    "lose": "正式挂失",
    "find": "找到了，解除挂失",
    "replace": "受理补换",
    "freeze": "按文书冻结",
    "thaw": "按文书解冻",
    "move-away": "提请停用：户籍迁出",
    "wrong": "提请停用：违规发证",
}
DECIDED = frozenset({"approve", "refuse", "freeze", "thaw"})
TABS: Words[tuple[tuple[str, str], ...]] = (
    ("applied", "待审"),
    ("ready", "待领"),
    ("ends", "停用待审"),
    ("checks", "年度确认"),
)
# What is done about a card and does nothing to it: the yearly check, the photo.
CHECK_DONE, CHECK_TRIED, PHOTO = "check", "check-tried", "photo"
BESIDE = frozenset({CHECK_DONE, CHECK_TRIED, PHOTO})


# --- on the person's file -----------------------------------------------------------------------------------


def cards_pane(files: Sequence[UUID], *, actor: Actor) -> dict[str, Any]:
    """The cards of a person (the kept file first) as they stand, and the kinds that could be applied for."""
    held = cards.cards_of(files)
    book, may = cards.card_book(), actor.may("cards.handle")
    kinds = [book.kinds[code] for code in cards.kinds_to_apply_for(held)] if may else []
    return {
        "cards": [{"line": line, "chip": _chip(line), "url": _url(files[0], line)} for line in held],
        "kinds": kinds,
        "categories": book.categories.values(),
        "confirmed": book.confirmed,
    }


def _chip(line: cards.CardLine) -> dict[str, str]:
    return {"word": _(line.state_word), "tone": TONES.get(line.state, "pause")}


def _url(person: UUID, line: cards.CardLine) -> str:
    return reverse("desk:card", args=[person, line.reference])


@require_POST
@staff("cards.handle")
def apply(request: ActingRequest, person: UUID) -> HttpResponse:
    """Take in an application, judged by the policy book as it stands today."""
    kind, category = request.POST.get("kind", ""), request.POST.get("category", "")
    book = cards.card_book()
    if category and category not in book.categories:
        raise BadRequest("no such category")
    try:
        decision = None
        if kind in book.kinds:
            decision = benefits.decision_on(
                person,
                book.kinds[kind].entitled_by,
                on=today_of(request),
                known_at=request.now,
                by_book=benefits.book(),
            )
        reference = cards.apply_for(
            person, kind=kind, category=category, decision=decision, by=request.actor, now=request.now
        )
    except Refused as refused:
        return refused_page(request, refused)
    messages.success(request, _("受理了，等审核。"))
    return redirect("desk:card", person, reference)


# --- one card -----------------------------------------------------------------------------------------------


@require_safe
@staff("registry.read-person")
def card(request: ActingRequest, person: UUID, reference: int) -> HttpResponse:
    """One card: how it stands, what happened and what can be done with it. Opening it is a read."""
    return _card_page(request, person, reference)


def _card_page(
    request: ActingRequest, person: UUID, reference: int, *, refusal: Sentence | None = None
) -> HttpResponse:
    line = _of_person(person, reference)
    head = registry.head_of(person, known_at=request.now)
    if head is None:
        raise Http404
    if head.restricted:
        return refused_page(request, Refused("registry.restricted"))
    audit.note_read(
        f"person:{person}",
        event="registry.person-read",
        by=request.actor.text,
        role=request.actor.role,
        purpose="查看卡证",
        source=request.path,
        division=line.division,
        at=request.now,
    )
    events = cards.events_of([reference])
    waiting = [end for end in cards.ends_waiting(files=[line.person]) if end.reference == reference]
    names = names_of_actors({*(event.by for event in events), *(end.proposed_by for end in waiting)})
    may = _allowed(request.actor)
    book, check = cards.card_book(), cards.check_of(reference)
    context = {
        "id": person,
        "name": head.name,
        "takes_photo": line.takes_photo and request.actor.may("cards.handle"),
        "check": check,
        "check_is_late": check is not None and check.is_late(today_of(request)),
        "check_ways": book.check.ways.items() if request.actor.may("cards.handle") else (),
        "line": line,
        "chip": _chip(line),
        "category": book.categories.get(line.category),
        "events": [{"line": event, "by": names.get(event.by, event.by)} for event in events],
        "waiting": [{"line": end, "by": names.get(end.proposed_by, end.proposed_by)} for end in waiting],
        "steps": [(step, STEPS[step]) for step in line.steps if may(step)],
        "replacements": book.replacements.values(),
        "kinds": [kind for kind in book.kinds.values() if kind.family == line.kind.partition("-")[0]],
        "hold_days": book.hold.days,
        "home_from_age": book.home_from_age,
        "refusal": refusal,
    }
    return render(request, "desk/person_card.html", context, status=422 if refusal else 200)


def _of_person(person: UUID, reference: int) -> cards.CardLine:
    line = cards.card(reference)
    if line is None or line.person not in registry.file_ids_of(person):
        raise Http404
    return line


def _allowed(actor: Actor) -> Callable[[str], bool]:
    return lambda step: actor.may("cards.decide" if step in DECIDED else "cards.handle")


@require_POST
@staff("cards.handle")
def step(request: ActingRequest, person: UUID, reference: int, doing: str) -> HttpResponse:
    """Do one thing with a card; what is refused is said on the card's page."""
    _of_person(person, reference)
    if doing not in STEPS and doing not in BESIDE:
        raise Http404
    try:
        said = (_do_beside if doing in BESIDE else _do)(request, reference, doing)
    except Refused as refused:
        return _card_page(request, person, reference, refusal=sentence(refused))
    messages.success(request, said)
    return redirect("desk:card", person, reference)


def _do(request: ActingRequest, reference: int, step: str) -> str:
    given = request.POST
    told: dict[str, Any] = {"by": request.actor, "now": request.now}
    reason, document = given.get("reason", ""), given.get("document", "")
    if step in ("approve", "refuse"):
        cards.review(reference, approved=step == "approve", reason=reason, **told)
    elif step == "hand-over":
        cards.hand_over(
            reference,
            checked=given.get("checked", ""),
            receiver=given.get("receiver", ""),
            at_home=given.get("at_home") == "yes",
            **told,
        )
    elif step == "hold":
        until = cards.report_loss(reference, days=_days(given.get("days", "")), reason=reason, **told)
        return _("挂失了，%(at)s 自动解除。") % {"at": timezone.localtime(until).strftime("%Y-%m-%d %H:%M")}
    elif step == "replace":
        cards.accept_replacement(
            reference, ground=given.get("ground", ""), kind=given.get("kind", ""), reason=reason, **told
        )
        return _("受理了。旧证从现在起不能用，新证等审核。")
    elif step in ("move-away", "wrong"):
        at = _moment(given.get("at", ""), request.now)
        cards.propose_end(reference, kind=step, at=at, reason=reason, document=document, **told)
        return _("提请了，等另一位同事审核。审核以前卡证照常。")
    else:
        cards.take_step(reference, step, reason=reason, basis=document, **told)
    return _("办好了，记下了谁、什么时候、为什么。")


def _do_beside(request: ActingRequest, reference: int, doing: str) -> str:
    """What is done about a card and changes nothing of it."""
    given = request.POST
    told: dict[str, Any] = {"by": request.actor, "now": request.now}
    if doing == PHOTO:
        file = request.FILES.get("photo")
        content = file.read(MOST_PHOTO) if file else b""
        cards.attach_photo(reference, content, file_name=(file.name or "") if file else "", **told)
        return _("照片收下了，查完毒就能打开。")
    words, today = given.get("words", ""), today_of(request)
    if doing == CHECK_TRIED:
        cards.note_try(reference, words=words, today=today, **told)
        return _("记下了，接着等。卡照常能用。")
    cards.confirm_check(reference, way=given.get("way", ""), words=words, today=today, **told)
    return _("确认了，明年再来一次。")


def _days(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else None


def _moment(text: str, now: datetime) -> datetime:
    day = asked_day(text)
    return timezone.make_aware(datetime.combine(day, time(0))) if day else now


# --- what waits ---------------------------------------------------------------------------------------------


@require_safe
@staff("cards.handle")
def waiting(request: ActingRequest) -> HttpResponse:
    """Applications to review, cards to hand over, ends to decide; the people shown are logged."""
    return _waiting_page(request)


@require_POST
@staff("cards.decide")
def decide_end(request: ActingRequest, proposal: UUID) -> HttpResponse:
    """Approve or turn down an end that another proposed."""
    said = request.POST.get("decision", "")
    if said not in ("approve", "reject"):
        raise BadRequest("neither approved nor rejected")
    try:
        reason = request.POST.get("reason", "")
        cards.decide_end(
            proposal, approved=said == "approve", reason=reason, by=request.actor, now=request.now
        )
    except Refused as refused:
        return refused_page(request, refused)
    messages.success(request, _("定了，记下了。"))
    return redirect(reverse("desk:cards") + "?show=ends")


def _waiting_page(request: ActingRequest) -> HttpResponse:
    today, words = today_of(request), request.GET.get("q", "").strip()
    shown = request.GET.get("show", "")
    shown = shown if shown in dict(TABS) else "applied"
    people = _named(words, today, request.now) if words and shown != "ends" else None
    rows, ends, total = _listed(request, shown, people)
    checks: list[cards.CheckLine] = []
    if shown == "checks":
        checks, total = cards.checks_waiting(people=people, start=_start(request), most=PAGE)
    whose = {line.person for line in rows} | {end.person for end in ends} | {line.person for line in checks}
    known = {line.id: line for line in registry.lines_of(whose, on=today, known_at=request.now)}
    note_listed(request, known, purpose="卡证待办")
    paths = places.paths_of({person.division for person in known.values()}, on=today)
    names = names_of_actors([line.opened_by for line in rows] + [end.proposed_by for end in ends])
    context = {
        "tabs": [{"code": code, "label": label, "current": code == shown} for code, label in TABS],
        "shown": shown,
        "q": words,
        "total": total,
        "rows": [
            {
                "line": line,
                "person": known[line.person],
                "place": paths[known[line.person].division],
                "url": _url(line.person, line),
                "by": names.get(line.opened_by, line.opened_by),
            }
            for line in rows
            if line.person in known
        ],
        "ends": [
            {
                "line": end,
                "person": known[end.person],
                "place": paths[known[end.person].division],
                "url": reverse("desk:card", args=[end.person, end.reference]),
                "by": names.get(end.proposed_by, end.proposed_by),
            }
            for end in ends
            if end.person in known
        ],
        "checks": [
            {
                "line": line,
                "person": known[line.person],
                "place": paths[known[line.person].division],
                "url": reverse("desk:card", args=[line.person, line.reference]) + "#check",
                "is_late": line.is_late(today),
            }
            for line in checks
            if line.person in known
        ],
        "may_decide": request.actor.may("cards.decide"),
        "overdue": cards.overdue_stops(now=request.now),
        "pager": pager_of(min(page_asked(request), pages_of(total, most=PAGE)), total, most=PAGE),
    }
    return render(request, "desk/cards.html", context)


def _listed(
    request: ActingRequest, shown: str, people: list[UUID] | None
) -> tuple[list[cards.CardLine], list[cards.EndLine], int]:
    if shown == "ends":
        ends = cards.ends_waiting()
        return [], ends, len(ends)
    if shown == "checks":
        return [], [], 0
    rows, total = cards.waiting_cards(shown, people=people, start=_start(request), most=PAGE)
    return rows, [], total


def _start(request: ActingRequest) -> int:
    return max(0, (page_asked(request) - 1) * PAGE)


def _named(words: str, today: date, now: datetime) -> list[UUID]:
    """The people in scope whom these words find: a name, its spelling, the last signs of a number."""
    found, _more = registry.find_people(words, on=today, known_at=now)
    return [file for line in found for file in registry.file_ids_of(line.id)]
