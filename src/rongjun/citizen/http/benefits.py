"""我的待遇: what can be had and how, what is missing and asked, what cannot be had and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from rongjun.access.api import ActingRequest
from rongjun.benefits import api as benefits
from rongjun.citizen.cards import contestable, grouped, page_of
from rongjun.citizen.http.offers import enrolled_of, offered_to
from rongjun.citizen.http.shared import Mine, look, on_file, refused_page, today_of
from rongjun.kernel.errors import Refused
from rongjun.kernel.words import Words, translatable
from rongjun.places import api as places
from rongjun.registry import api as registry
from rongjun.rules.api import Book, Decision

WORDS: Words[dict[str, str]] = {"granted": "能享受", "unknown": "差情况", "not-granted": "不能"}


@require_safe
@on_file("one's own benefits")
def listing(request: ActingRequest, mine: Mine) -> HttpResponse:
    """Every benefit in force today, those of one verdict, by area."""
    if registry.is_closed(mine.id):
        return refused_page(request, Refused("citizen.restricted"))
    shown = request.GET.get("show", "granted")
    if shown not in WORDS:
        raise Http404
    look(request, mine, purpose="查看待遇")
    book, judged = _judged(request, mine)
    counted = Counter(str(each.verdict) for each in judged)
    return render(
        request,
        "citizen/benefits.html",
        {
            "shown": shown,
            "count": counted[shown],
            "groups": grouped(judged, book, verdict=shown),
            "enrolled": enrolled_of(mine, book, today=today_of(request)) if shown == "granted" else [],
            "choices": [
                (f"?show={verdict}", word, counted[verdict], verdict == shown)
                for verdict, word in WORDS.items()
            ],
        },
    )


@require_safe
@on_file("one of one's own benefits")
def benefit(request: ActingRequest, mine: Mine, code: str) -> HttpResponse:
    """One benefit: what it is, how to get it, why or why not; the one missing fact is asked on the spot."""
    if registry.is_closed(mine.id):
        return refused_page(request, Refused("citizen.restricted"))
    book, judged = _judged(request, mine)
    decision = next((each for each in judged if each.code == code), None)
    if decision is None:
        raise Http404
    look(request, mine, purpose="查看待遇")
    asking = _asking(request, mine, book, back=code)
    today = today_of(request)
    context = {
        "benefit": page_of(decision, book),
        "question": asking.first_of(decision) if decision.verdict == "unknown" else None,
        "offer": next((each for each in offered_to(mine, book, today=today) if each.code == code), None),
        "station": places.served_by([mine.division], on=today)[mine.division].name,
    }
    return render(request, "citizen/benefit.html", context)


@require_safe
@on_file("what is missing in one's own file")
def questions(request: ActingRequest, mine: Mine) -> HttpResponse:
    """The one question most benefits wait for; `after` are those passed over."""
    if registry.is_closed(mine.id):
        return refused_page(request, Refused("citizen.restricted"))
    look(request, mine, purpose="回答情况")
    book, judged = _judged(request, mine)
    asking = _asking(request, mine, book)
    passed = request.GET.getlist("after")
    open_ones = [each for each in judged if each.verdict == "unknown"]
    asked = benefits.best_questions(open_ones, asking).questions
    left = [each for each in asked if each["name"] not in passed]
    question = left[0] if left else None
    later = "&".join(f"after={name}" for name in [*passed, question["name"]]) if question else ""
    return render(request, "citizen/questions.html", {"question": question, "later": later})


@require_POST
@on_file("answers a question about oneself")
def answer(request: ActingRequest, mine: Mine) -> HttpResponse:
    """The answer to one question, kept as what the person says; everything is judged anew."""
    day, book = today_of(request), benefits.book()
    facts = book.vocabulary.facts
    given = [(name, str(value)) for name, value in request.POST.items() if name in facts]
    try:
        if len(given) != 1 or given[0][0] not in _asking(request, mine, book).askable:
            raise Refused("registry.not-a-question")
        fact, said = given[0]
        registry.state_fact(
            mine.id,
            fact=fact,
            value=benefits.read_answer(facts[fact], said, book=book, today=day),
            valid_from=day,
            valid_to=day + benefits.ANSWER_HOLDS,
            source="本人说的（网上）" if mine.is_own else f"代办人说的（网上，{mine.actor.name}）",
            by=mine.actor,
            now=request.now,
        )
    except Refused as refused:
        return refused_page(request, refused)
    messages.success(request, _("记下了“%(label)s”，待遇已经重新算过。") % {"label": facts[fact].label})
    back = request.GET.get("back", "")
    return redirect("citizen:benefit", code=back) if back in book.benefits else redirect("citizen:questions")


@require_http_methods(["GET", "POST"])
@on_file("contests something in one's own file")
def contest(request: ActingRequest, mine: Mine) -> HttpResponse:
    """这里说得不对: a fact a benefit rests on, or anything else; to be answered by a day."""
    _book, judged = _judged(request, mine)
    about = next((each for each in judged if each.code == request.GET.get("about")), None)
    facts = contestable(about) if about else {}
    if request.method != "POST":
        context = {"title": about.title if about else "", "facts": facts, "days": settings.RIGHTS_DAYS}
        return render(request, "citizen/contest.html", context)
    try:
        _contest(request, mine, title=about.title if about else "", facts=facts)
    except Refused as refused:
        return refused_page(request, refused)
    messages.success(
        request, _("收到了。%(days)s 天内答复您，首页能看到进展。") % {"days": settings.RIGHTS_DAYS}
    )
    return redirect("citizen:home")


def _contest(request: ActingRequest, mine: Mine, *, title: str, facts: Collection[str]) -> None:
    said, fact = request.POST.get("wish", "").strip(), request.POST.get("fact", "")
    if not said:
        raise Refused("citizen.nothing-said")
    asked: dict[str, Any] = {
        "proof": "" if mine.is_own else translatable("代办授权（网上）"),
        "days": settings.RIGHTS_DAYS,
        "by": mine.actor,
        "now": request.now,
        "today": today_of(request),
    }
    speaker = "self" if mine.is_own else "proxy"
    if fact in facts:
        registry.contest_fact(mine.id, fact=fact, on=today_of(request), wrong=said, said_by=speaker, **asked)
    else:
        wish = f"{title}：{said}" if title else said
        registry.receive_request(mine.id, kind="correct", asked_by=speaker, wish=wish, **asked)


def _judged(request: ActingRequest, mine: Mine) -> tuple[Book, tuple[Decision, ...]]:
    book, today = benefits.book(), today_of(request)
    judged = benefits.decisions_for(
        mine.id, on=today, known_at=request.now, by_book=book, without=mine.hidden
    )
    return book, judged


def _asking(request: ActingRequest, mine: Mine, book: Book, *, back: str = "") -> benefits.Asking:
    today = today_of(request)
    url = reverse("citizen:answer") + (f"?back={back}" if back else "")
    askable = registry.askable(mine.id, on=today, known_at=request.now) - mine.hidden
    return benefits.Asking(book, askable, url, today)
