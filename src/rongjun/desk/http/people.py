"""One person's file: who, what has been, what they are entitled to and why."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from rongjun.access.api import ActingRequest, Actor, names_of_actors, staff
from rongjun.audit import api as audit
from rongjun.benefits import api as benefits
from rongjun.desk.cards import Contesting, cards_for, grouped, heads_for, wanted
from rongjun.desk.http.cards import cards_pane
from rongjun.desk.http.covered import covered_lines, masked_field
from rongjun.desk.http.offers import offers_pane
from rongjun.desk.http.papers import papers_of
from rongjun.desk.http.shared import asked_day, hidden_from, options, refused_page, today_of
from rongjun.kernel.errors import Refused
from rongjun.kernel.identifiers import DOCUMENT_LABELS, DocumentType
from rongjun.places import api as places
from rongjun.registry import api as registry
from rongjun.rules.api import AREAS, Book, Decision
from rongjun.ui.api import address, sentence

EVERYTHING = "all"
OPENED_UP_TO = 3  # so many search results are shown with their reasons at once


@staff("registry.read-person")
def person(request: ActingRequest, person: UUID) -> HttpResponse:
    """One person's file, judged by one book. Opening it is logged."""
    now, asked = request.now, _Asked.read(request)
    file = registry.file_of(person, on=asked.on, known_at=now)
    if file is None:
        raise Http404
    if file.line.id != person:
        messages.info(request, _("这份档案已经并入下面这一份，两份按一个人算。"))
        return _back_to_file(request, file.line.id)
    audit.note_read(
        f"person:{person}",
        event="registry.person-read",
        by=request.actor.text,
        role=request.actor.role,
        purpose="查看档案",
        source=request.path,
        division=file.line.division,
        at=now,
    )
    served = places.served_by([file.line.division], on=asked.on)[file.line.division]
    if file.line.restricted:
        return _restricted(request, file, served=served)
    book, files = benefits.book(), registry.file_ids_of(person)
    hidden = hidden_from(request.actor)
    judged = benefits.decisions_for(person, on=asked.on, known_at=now, by_book=book, without=hidden)
    asking, contesting = _asking(request, person, asked, book), _contesting(request, person, asked)
    held = registry.assertions_held(person, on=asked.on, known_at=now)
    context = {
        "person": _header(file, station=served.name, actor=request.actor, held=held),
        "id": person,
        "name": file.line.name,
        "place": served.place,
        "moments": [_moment(each, book, hidden=hidden) for each in registry.timeline(person, known_at=now)],
        "covered": covered_lines(person, held, actor=request.actor),
        "papers": papers_of(request, person),
        "merged": registry.merges_of(person),
        "held_cards": cards_pane(files, actor=request.actor),
        "died": file.died_on if file.died_on and file.died_on <= asked.on else None,
        "recordings": _recordings(files),
        "offered": offers_pane(files, book, actor=request.actor, today=today_of(request)),
        "may_record": request.actor.may("benefits.record-decision"),
        "may_read_money": request.actor.may("allowances.read"),
        "asked": asked,
        "book": book.digest[:12],
    }
    decided = _decided(asked, judged, asking, contesting, body_url=_body_url(person, asked))
    return render(request, "desk/person.html", context | decided)


@require_safe
@staff("registry.read-person")
def person_benefit(request: ActingRequest, person: UUID, code: str) -> HttpResponse:
    """Why a person may have one benefit or not, and the question it waits for. Opening it is logged.

    A card on the file fetches it when it is opened; without script it is a page.
    """
    now, asked, book = request.now, _Asked.read(request), benefits.book()
    file = registry.file_of(person, on=asked.on, known_at=now)
    if file is None or file.line.id != person or file.line.restricted or code not in book.benefits:
        raise Http404
    hidden = hidden_from(request.actor)
    judged = benefits.decisions_for(person, on=asked.on, known_at=now, by_book=book, without=hidden)
    decision = next((each for each in judged if each.code == code), None)
    if decision is None:
        raise Http404
    audit.note_read(
        f"person:{person}",
        event="registry.person-read",
        by=request.actor.text,
        role=request.actor.role,
        purpose="查看一项优待的理由",
        source=request.path,
        division=file.line.division,
        at=now,
    )
    asking, contesting = _asking(request, person, asked, book), _contesting(request, person, asked)
    (card,) = cards_for([decision], asking, contesting)
    context = {"card": card, "name": file.line.name, "on": asked.on, "back": _file_url(person, asked)}
    is_part = request.headers.get("HX-Request") == "true"
    response = render(request, "desk/card.html" if is_part else "desk/person_benefit.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _asking(request: ActingRequest, person: UUID, asked: _Asked, book: Book) -> benefits.Asking:
    """What may be asked of the person, by whoever may take the answer."""
    may_answer = request.actor.may("registry.state-fact")
    askable = registry.askable(person, on=asked.on, known_at=request.now) if may_answer else frozenset()
    url = _with(reverse("desk:answer", args=[person]), asked)
    return benefits.Asking(book, askable - hidden_from(request.actor), url, today_of(request))


def _body_url(person: UUID, asked: _Asked) -> str:
    """Where each benefit is told in full; `{}` stands for its code, and the filters come along."""
    return _with(reverse("desk:person-benefit", args=[person, "CODE"]).replace("CODE", "{}"), asked)


def _file_url(person: UUID, asked: _Asked) -> str:
    return _with(reverse("desk:person", args=[person]), asked)


def _with(url: str, asked: _Asked) -> str:
    """An address with the filters the file is seen by."""
    return url + address(**asked.given) if asked.given else url


def _contesting(request: ActingRequest, person: UUID, asked: _Asked) -> Contesting:
    """What is contested of the person; whoever may take in a request may contest more."""
    contested = registry.contests_of(person, today=today_of(request))
    if not request.actor.may("registry.handle-rights"):
        return Contesting(contested)
    filters = address(**asked.given) if asked.given else ""
    return Contesting(
        contested, reverse("desk:contest", args=[person, "FACT"]).replace("FACT", "{}") + filters
    )


def _recordings(files: list[UUID]) -> list[benefits.Recording]:
    """The times this person's decisions were kept, with the names of those who kept them."""
    kept = benefits.recordings(files)
    names = names_of_actors(each.by for each in kept)
    return [replace(each, by=names[each.by]) for each in kept]


def _moment(moment: registry.Moment, book: Book, *, hidden: Collection[str]) -> dict[str, Any]:
    """A line of the timeline; what was stated is told in the words of the book, unless hidden."""
    told = benefits.stated_in_words(moment.fact, moment.value, book=book) if moment.fact else moment.what
    if moment.fact in hidden:
        told = _("补充情况（内容要另外授权才能看）")
    return {"date": moment.on.isoformat(), "text": told, "note": moment.detail, "key": moment.is_key}


@dataclass(frozen=True, slots=True)
class _Asked:
    """What stands in the address bar of a file; `show` is a verdict, or everything."""

    on: date
    show: str
    area: str
    q: str
    given: dict[str, str]

    @classmethod
    def read(cls, request: ActingRequest) -> _Asked:
        """What can be had comes first; a search looks everywhere unless told otherwise."""
        get = request.GET
        words, area = get.get("q", "").strip(), get.get("area", "")
        shown = get.get("show", "")
        usual = EVERYTHING if words else "granted"
        given = {name: get[name] for name in ("on", "show", "area", "q") if get.get(name, "").strip()}
        return cls(
            on=asked_day(get.get("on", "")) or today_of(request),
            show=shown if shown in (*benefits.WORDS, EVERYTHING) else usual,
            area=area if area in AREAS else "",
            q=words,
            given=given,
        )

    def shows(self, decision: Decision) -> bool:
        """Whether the chosen tab holds this decision."""
        return self.show in (EVERYTHING, decision.verdict)


def _decided(
    asked: _Asked,
    judged: tuple[Decision, ...],
    asking: benefits.Asking,
    contesting: Contesting,
    *,
    body_url: str,
) -> dict[str, Any]:
    """The decisions of the chosen tab, folded by area; what lies behind other tabs is only counted.

    Cards are shut, and what they say is fetched when they are opened; the few a search finds stand open.
    """
    book = asking.book
    everywhere = wanted(judged, book, words=asked.q, area="")
    found = [d for d in everywhere if asked.area in ("", book.benefits[d.code].area)]
    shown = [decision for decision in found if asked.shows(decision)]
    cards: Sequence[Mapping[str, Any]] = heads_for(shown, book, body_url=body_url)
    if asked.q and len(shown) <= OPENED_UP_TO:
        cards = [{**card, "open": True} for card in cards_for(shown, asking, contesting)]
    undecided = [decision for decision in judged if decision.verdict == "unknown"]
    return {
        "groups": grouped(cards, unfolded=bool(asked.q or asked.area)),
        "tabs": _verdict_tabs(found, asked),
        "areas": _area_options([d for d in everywhere if asked.shows(d)], book, asked),
        "best": benefits.best_questions(undecided, asking) if asked.show == "unknown" else None,
        "contested": [
            book.vocabulary.facts[name].label
            for name in sorted(contesting.contested)
            if name in book.vocabulary.facts
        ],
        "kept": {"show": asked.given.get("show", "")},
    }


def _verdict_tabs(found: list[Decision], asked: _Asked) -> list[dict[str, Any]]:
    words = {**benefits.WORDS, **({EVERYTHING: _("全部")} if asked.q else {})}
    return [
        {
            "label": label,
            "count": sum(verdict in (EVERYTHING, each.verdict) for each in found),
            "url": address(**asked.given | {"show": verdict}),
            "current": verdict == asked.show,
        }
        for verdict, label in words.items()
    ]


def _area_options(decisions: list[Decision], book: Book, asked: _Asked) -> list[dict[str, Any]]:
    held = [book.benefits[decision.code].area for decision in decisions]
    words = {
        area: f"{label} {held.count(area)}"
        for area, label in AREAS.items()
        if area in held or area == asked.area
    }
    return options(words, asked.area, everything=_("全部领域"))


# --- what is done on the page -------------------------------------------------------------------------------


@require_POST
@staff("benefits.record-decision")
def record(request: ActingRequest, person: UUID) -> HttpResponse:
    """Keep every decision on this person as it is told now, to be decided again later to the byte."""
    on, book = asked_day(request.POST.get("on", "")) or today_of(request), benefits.book()
    try:
        if registry.is_closed(person):
            raise Refused("registry.restricted")
        count = benefits.record_decisions(person, on=on, by=request.actor, now=request.now, by_book=book)
    except Refused as refused:
        return refused_page(request, refused)
    at = timezone.localtime(request.now).strftime("%Y-%m-%d %H:%M")
    said = _("记下了 %(count)s 项判定：按 %(on)s 判定，%(at)s 记下，政策版本 %(book)s。")
    messages.success(request, said % {"count": count, "on": on, "at": at, "book": book.digest[:12]})
    return _back_to_file(request, person)


@require_POST
@staff("registry.state-fact")
def answer(request: ActingRequest, person: UUID) -> HttpResponse:
    """A clerk answers the one question a decision asked; the decision is made anew on the next look."""
    try:
        label, _name = take_answer(request, person)
    except Refused as refused:
        return refused_page(request, refused)
    messages.success(request, _("记下了“%(label)s”，判定已经重算。") % {"label": label})
    return _back_to_file(request, person)


def take_answer(request: ActingRequest, person: UUID) -> tuple[str, str]:
    """Record the one answer a form carries; what the fact is called, and the person.

    Refused("registry.not-a-question") for none or several, else as `registry.state_fact`.
    """
    day, book = today_of(request), benefits.book()
    facts = book.vocabulary.facts
    given = [(name, str(value)) for name, value in request.POST.items() if name in facts]
    if len(given) != 1:
        raise Refused("registry.not-a-question")
    name, value = given[0]
    registry.state_fact(
        person,
        fact=name,
        value=benefits.read_answer(facts[name], value, book=book, today=day),
        valid_from=day,
        valid_to=day + benefits.ANSWER_HOLDS,
        source=f"窗口询问（{request.actor.name}）",
        by=request.actor,
        now=request.now,
    )
    (line,) = registry.lines_of([person], on=day, known_at=request.now)
    return facts[name].label, line.name


def _back_to_file(request: ActingRequest, person: UUID) -> HttpResponse:
    """To the file, with the filters it was seen by."""
    given = _Asked.read(request).given
    return redirect(reverse("desk:person", args=[person]) + (address(**given) if given else ""))


# --- the head of the file -----------------------------------------------------------------------------------


def _restricted(request: ActingRequest, file: registry.PersonFile, *, served: places.Served) -> HttpResponse:
    """A restricted file: that there is one, why it is shut, and whom to ask."""
    context = {
        "person": _header(file, station=served.name, actor=request.actor),
        "name": file.line.name,
        "place": served.place,
        "refusal": sentence(Refused("registry.restricted")),
    }
    return render(request, "desk/restricted.html", context)


def _header(
    file: registry.PersonFile,
    *,
    station: str,
    actor: Actor,
    held: Iterable[registry.HeldAssertion] = (),
) -> dict[str, Any]:
    line = file.line
    covered = {(each.kind, each.id): each for each in held}
    facts: list[dict[str, Any]] = [
        {"label": document_label(kind), "masked": masked_field(line.id, covered["document", pk], actor=actor)}
        for pk, kind, _mask in file.documents
    ]
    born = line.birth_date
    if born:
        facts.append({"label": _("出生"), "value": born.isoformat()})
    if line.sex:
        facts.append({"label": _("性别"), "value": registry.SEXES[line.sex]})
    facts += [
        {"label": _("电话"), "masked": masked_field(line.id, each, actor=actor)}
        for each in covered.values()
        if each.kind == "contact"
    ]
    facts.append({"label": _("服务站"), "value": station})
    return {
        "name": line.name,
        "facts": facts,
        "actions": _header_actions(line.id, actor, shut=line.restricted),
        "chips": [_standing(file, actor), *({"word": w, "tone": "gold"} for w in line.categories)],
    }


def _header_actions(person: UUID, actor: Actor, *, shut: bool) -> list[dict[str, Any]]:
    offered = (
        ("registry.propose", _("登记和更正"), "desk:changes", "file-text"),
        ("notices.read", _("告诉过他什么"), "desk:person-messages", "mail"),
        ("registry.handle-rights", _("谁看过这份档案"), "desk:who-read", "eye"),
        ("registry.handle-rights", _("个人信息权利"), "desk:rights", "shield-check"),
    )
    return [
        {"label": label, "url": reverse(name, args=[person]), "icon": icon}
        for permission, label, name, icon in offered
        if actor.may(permission) and not (shut and permission == "registry.propose")
    ] + _second_file(person, actor, shut=shut)


def _second_file(person: UUID, actor: Actor, *, shut: bool) -> list[dict[str, Any]]:
    if shut or not actor.may("registry.propose-merge"):
        return []
    url = reverse("registry:put-forward") + address(one=str(person))
    return [{"label": _("还有一份档案"), "url": url, "icon": "users"}]


def _standing(file: registry.PersonFile, actor: Actor) -> dict[str, Any]:
    """Restricted, dead, or on file: what matters most to whoever opens it."""
    line = file.line
    if line.restricted or (
        actor.may("registry.read-restricted") and registry.restriction_of(line.id) is not None
    ):
        return {"word": _("已限制处理"), "tone": "pause"}
    if file.died_on is None:
        return {"word": _("在册"), "tone": "ok"}
    return {"word": _("已去世 %(day)s") % {"day": file.died_on.isoformat()}, "tone": "pause"}


def document_label(kind: str) -> str:
    """The name of a document type (GA/T 2000.156); a type we do not know is a document."""
    return DOCUMENT_LABELS[DocumentType(kind)] if kind in set(DocumentType) else _("证件")
