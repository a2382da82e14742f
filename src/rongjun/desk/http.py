"""The workbench: today, one person's file, the policy book, the evidence chain."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from rongjun.access.api import ActingRequest, acting_as_job, staff
from rongjun.audit import api as audit
from rongjun.benefits import api as benefits
from rongjun.desk.cards import cards_for, read_answer
from rongjun.kernel.errors import Refused
from rongjun.kernel.identifiers import DOCUMENT_LABELS, DocumentType
from rongjun.places import api as places
from rongjun.registry import api as registry
from rongjun.rules.api import AREAS, GRADES, KINDS, phrase
from rongjun.ui.api import sentence

SEX = {"male": "男", "female": "女"}
PURPOSES = ("核对证件", "核对银行户名", "办理业务填表", "本人要求核对", "协查公函")
ANSWER_HOLDS = timedelta(days=365)  # 待局方确认: an answered circumstance is asked again after a year


@staff("desk.open")
def today(request: ActingRequest) -> HttpResponse:
    """The first screen: what there is to do, for whoever signs in."""
    day = timezone.localdate()
    may_read = request.actor.may("registry.read-person")
    tiles = _tiles(registry.counts()) if may_read else []
    return render(request, "desk/today.html", {"day": day, "tiles": tiles, "may_read": may_read})


@staff("registry.read-person")
def person(request: ActingRequest, person: UUID) -> HttpResponse:
    """One person's file: who, what has been, what they are entitled to and why. Opening it is logged."""
    now = timezone.now()
    on = _asked_day(request.GET.get("on", "")) or timezone.localdate(now)
    file = registry.file_of(person, on=on, known_at=now)
    if file is None:
        raise Http404
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
    book = benefits.book()
    cards = cards_for(
        benefits.decisions_for(person, on=on, known_at=now),
        book,
        answer_url=reverse("desk:answer", args=[person]),
        askable=registry.askable(person, on=on, known_at=now),
        today=timezone.localdate(now),
    )
    wanted, place = request.GET.get("show", ""), places.path_of(file.line.division, on=on)
    return render(
        request,
        "desk/person.html",
        {
            "person": _header(file, place=place, may_unmask=request.actor.may("registry.unmask")),
            "name": file.line.name,
            "place": place,
            "moments": [
                {"date": m.on.isoformat(), "text": m.what, "note": m.detail, "key": m.is_key}
                for m in registry.timeline(person, known_at=now)
            ],
            "cards": [card for card in cards if wanted in ("", card["verdict"])],
            "tabs": _verdict_tabs(cards, wanted, on),
            "on": on,
            "book": book.digest[:12],
        },
    )


@require_POST
@staff("registry.unmask")
def full_number(request: ActingRequest, person: UUID, document: int) -> HttpResponse:
    """The whole number for sixty seconds, against a purpose that is kept in the evidence chain."""
    now, purpose = timezone.now(), request.POST.get("purpose", "")
    file = registry.file_of(person, on=timezone.localdate(now), known_at=now)
    known = {pk: mask for pk, _kind, mask in file.documents} if file else {}
    if document not in known:
        raise Http404
    field = _masked_field(person, document, known[document], may_unmask=True)
    if purpose not in PURPOSES:
        field["error"] = sentence(Refused("registry.purpose-missing")).why
        return _number_page(request, field)
    audit.note_read(
        f"person:{person}",
        event="registry.number-unmasked",
        by=request.actor.text,
        role=request.actor.role,
        purpose=purpose,
        source=request.path,
        division=file.line.division if file else None,
        at=now,
    )
    field["full"] = registry.open_number(document)
    return _number_page(request, field)


@require_POST
@staff("registry.state-fact")
def answer(request: ActingRequest, person: UUID) -> HttpResponse:
    """A clerk answers the one question a decision asked; the decision is made anew on the next look."""
    now = timezone.now()
    day, facts = timezone.localdate(now), benefits.book().vocabulary.facts
    given = [(name, str(value)) for name, value in request.POST.items() if name in facts]
    try:
        if len(given) != 1:
            raise Refused("registry.not-a-question")
        fact, value = given[0][0], read_answer(facts[given[0][0]], given[0][1], today=day)
        registry.state_fact(
            person,
            fact=fact,
            value=value,
            valid_from=day,
            valid_to=day + ANSWER_HOLDS,
            source=f"窗口询问（{request.actor.name}）",
            by=request.actor,
            now=now,
        )
    except Refused as refused:
        return _refused(request, refused)
    return redirect("desk:person", person=person)


@staff("policy.read")
def policy(request: ActingRequest) -> HttpResponse:
    """Every benefit of the book, by area, in words a clerk would sign."""
    on, book = timezone.localdate(), benefits.book()
    rows = []
    for code, item in sorted(book.benefits.items(), key=lambda pair: (pair[1].area, pair[0])):
        version = item.version(on=on)
        if version is not None:
            rows.append(
                {
                    "cells": [
                        {
                            "text": item.title,
                            "url": reverse("desk:policy-benefit", args=[code]),
                            "note": AREAS[item.area],
                        },
                        phrase(version.when, vocabulary=book.vocabulary),
                        {"text": str(version.basis[0]), "conf": True},
                    ]
                }
            )
    columns = [{"label": _(word)} for word in ("优待", "什么人能享受", "依据")]
    return render(request, "desk/policy.html", {"rows": rows, "columns": columns, "book": book})


@staff("policy.read")
def benefit(request: ActingRequest, code: str) -> HttpResponse:
    """One benefit: condition in Chinese, basis, versions, how sure we are, whom it reaches here."""
    book, on = benefits.book(), timezone.localdate()
    item = book.benefits.get(code)
    version = item.version(on=on) if item else None
    if item is None or version is None:
        raise Http404
    reach = {row[0]: row[2:] for row in benefits.counts_by_benefit(on=on, known_at=timezone.now())}
    granted, unknown, refused = reach.get(code, (0, 0, 0))
    return render(
        request,
        "desk/benefit.html",
        {
            "item": item,
            "version": version,
            "sentence": phrase(version.when, vocabulary=book.vocabulary),
            "area": AREAS[item.area],
            "kind": KINDS[item.kind],
            "grade": GRADES[item.source_grade],
            "reach": [
                (word, f"{count:,}", _reach_url(request, code, verdict))
                for (verdict, word), count in zip(
                    benefits.WORDS.items(), (granted, unknown, refused), strict=True
                )
            ],
            "digest": book.digest[:12],
        },
    )


@staff("registry.read-person")
def reached(request: ActingRequest, code: str, verdict: str) -> HttpResponse:
    """The people behind one figure of a benefit: the first page of them, logged like any list."""
    book, now = benefits.book(), timezone.now()
    on = timezone.localdate(now)
    if code not in book.benefits or verdict not in benefits.WORDS:
        raise Http404
    ids = benefits.people_with(code, verdict, on=on, known_at=now)
    lines = registry.lines_of(ids[: registry.PAGE], on=on, known_at=now)
    if lines:
        audit.note_read(
            [f"person:{line.id}" for line in lines],
            event="registry.people-listed",
            by=request.actor.text,
            role=request.actor.role,
            purpose="查看判定人数",
            source=request.path,
            division=request.actor.division,
            at=now,
        )
    paths = places.paths_of({line.division for line in lines}, on=on)
    rows = [
        {
            "cells": [
                {"text": line.name, "url": reverse("desk:person", args=[line.id])},
                line.number_mask,
                paths[line.division],
            ]
        }
        for line in lines
    ]
    columns = [{"label": _(word), "short": True} for word in ("姓名", "证件号码", "服务站")]
    return render(
        request,
        "desk/reached.html",
        {
            "item": book.benefits[code],
            "word": benefits.WORDS[verdict],
            "rows": rows,
            "columns": columns,
            "total": len(ids),
            "shown": len(lines),
        },
    )


def _reach_url(request: ActingRequest, code: str, verdict: str) -> str:
    """Where the figure opens; nowhere for those who may not see people."""
    if not request.actor.may("registry.read-person"):
        return ""
    return reverse("desk:policy-people", args=[code, verdict])


@staff("audit.read")
def evidence(request: ActingRequest) -> HttpResponse:
    """The newest events, and whether the chain is whole when asked to verify."""
    rows = [
        {
            "cells": [
                timezone.localtime(e.at).strftime("%Y-%m-%d %H:%M:%S"),
                e.actor,
                e.event,
                e.result,
                e.purpose,
                "、".join(_short(each) for each in e.about[:3]) + ("…" if len(e.about) > 3 else ""),
            ]
        }
        for e in audit.events(audit.Filter(), limit=100)
    ]
    columns = [{"label": _(w)} for w in ("时间", "谁", "做了什么", "结果", "用途", "涉及")]
    verdict = None
    if request.GET.get("verify") and request.actor.may("audit.verify"):
        with acting_as_job("audit.verify-on-page"):
            verdict = audit.verify()
    return render(
        request,
        "desk/evidence.html",
        {
            "rows": rows,
            "columns": columns,
            "verdict": verdict,
            "verdict_text": verdict.text() if verdict else "",
        },
    )


def _short(about: str) -> str:
    """An object of an event, short enough for a table («person:0f3c…»)."""
    return about if len(about) <= 20 else about[:16] + "…"


def _tiles(counts: dict[str, int]) -> list[dict[str, Any]]:
    return [
        {
            "label": _("在册人员"),
            "figure": f"{counts['people']:,}",
            "unit": _("人"),
            "note": _("您管辖范围内"),
            "url": reverse("registry:people"),
        },
        {
            "label": _("导入过的花名册"),
            "figure": f"{counts['imports']:,}",
            "unit": _("份"),
            "note": _("每一行都有去处"),
            "url": reverse("registry:imports"),
        },
        {
            "label": _("退回的行"),
            "figure": f"{counts['refused']:,}",
            "unit": _("行"),
            "note": _("历次导入累计，改好再导入一次"),
            "url": reverse("registry:imports"),
            "late": counts["refused"] > 0,
        },
    ]


def _header(file: registry.PersonFile, *, place: str, may_unmask: bool) -> dict[str, Any]:
    line = file.line
    facts: list[dict[str, Any]] = [
        {
            "label": document_label(kind),
            "masked": _masked_field(line.id, pk, mask, may_unmask=may_unmask),
        }
        for pk, kind, mask in file.documents
    ]
    born = line.birth_date
    if born:
        facts.append({"label": _("出生"), "value": born.isoformat()})
    if line.sex:
        facts.append({"label": _("性别"), "value": SEX[line.sex]})
    if file.phone_mask:
        facts.append({"label": _("电话"), "value": file.phone_mask})
    facts.append({"label": _("服务站"), "value": place})
    return {
        "name": line.name,
        "facts": facts,
        "actions": [],
        "chips": [{"word": _("在册"), "tone": "ok"}, *({"word": w, "tone": "gold"} for w in line.categories)],
    }


def document_label(kind: str) -> str:
    """The name of a document type (GA/T 2000.156); a type we do not know is a document."""
    return DOCUMENT_LABELS[DocumentType(kind)] if kind in set(DocumentType) else _("证件")


def _masked_field(person: UUID, document: int, mask: str, *, may_unmask: bool) -> dict[str, Any]:
    field: dict[str, Any] = {"id": f"document-{document}", "label": _("证件号码"), "text": mask}
    if may_unmask:
        field["url"] = reverse("desk:full-number", args=[person, document])
        field["purposes"] = [{"value": purpose, "label": purpose} for purpose in PURPOSES]
    return field


def _verdict_tabs(cards: list[Any], wanted: str, on: date) -> list[dict[str, Any]]:
    words = {"": _("全部"), **benefits.WORDS}
    return [
        {
            "label": label,
            "count": len([c for c in cards if verdict in ("", c["verdict"])]),
            "url": f"?on={on.isoformat()}&show={verdict}",
            "current": verdict == wanted,
        }
        for verdict, label in words.items()
    ]


def _asked_day(text: str) -> date | None:
    try:
        asked = datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 - a calendar day has no zone
    except ValueError:
        return None
    return asked if asked.year >= 1950 else None


def _number_page(request: ActingRequest, field: dict[str, Any]) -> HttpResponse:
    """The field alone for a page that swaps it in; a whole page where no script runs."""
    partial = bool(request.headers.get("HX-Request"))
    return render(request, "desk/number_part.html" if partial else "desk/number.html", {"field": field})


def _refused(request: ActingRequest, refused: Refused) -> HttpResponse:
    return render(request, "desk/refused.html", {"refusal": sentence(refused)}, status=422)
