"""The evidence chain: from a figure to its rows, to one event and its place, to the whole chain in hand."""

from __future__ import annotations

import json
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from rongjun.access.api import ActingRequest, acting_as_job, staff
from rongjun.audit import api as audit
from rongjun.desk.events import RESULTS, event_in_words
from rongjun.kernel.words import translatable
from rongjun.ui.api import attachment

DAYS = 7
ROWS = 100


@staff("audit.read")
def evidence(request: ActingRequest) -> HttpResponse:
    """What was done these days, counted; the newest events, of one kind if asked; the chain's soundness."""
    code, since = request.GET.get("event", ""), request.now - timedelta(days=DAYS)
    counted = {event: (count, wrong) for event, count, wrong in audit.counts(since=since)}
    asked = audit.Filter(event=code, since=since) if code else audit.Filter()
    shown = audit.events(asked, before=_before(request), limit=ROWS)
    columns = [{"label": _(w), "short": True} for w in translatable(("时间", "谁", "做了什么", "结果"))]
    columns += [{"label": _(w)} for w in translatable(("用途", "涉及"))]
    verdict = None
    if request.GET.get("verify") and request.actor.may("audit.verify"):
        with acting_as_job("audit.verify-on-page"):
            verdict = audit.verify()
    context = {
        "asked": event_in_words(code) if code else "",
        "count": counted.get(code, (0, 0))[0],
        "days": DAYS,
        "counted": [_counted_row(event, *both) for event, both in counted.items()],
        "counted_columns": [
            {"label": _("做了什么")},
            {"label": _("次数"), "number": True},
            {"label": _("其中没成的"), "number": True},
        ],
        "rows": [_event_row(event) for event in shown],
        "columns": columns,
        "older": _older(code, shown),
        "verdict": verdict,
        "verdict_text": verdict.text() if verdict else "",
    }
    return render(request, "desk/evidence.html", context)


@staff("audit.read")
def event(request: ActingRequest, event_id: int) -> HttpResponse:
    """One event, every word of it, and its place in the chain."""
    record = audit.event(event_id)
    if record is None:
        raise Http404
    with acting_as_job("audit.look-at-place"):
        place = audit.place_of(record)
    at = timezone.localtime(record.at)
    told = [
        (_("时间"), at.strftime("%Y-%m-%d %H:%M:%S")),
        (_("谁"), record.actor),
        (_("身份"), record.role),
        (_("从哪里"), record.source),
        (_("用途"), record.purpose),
        (_("区划"), str(record.division or "")),
        (_("涉及"), "、".join(record.about)),
        (_("细节"), json.dumps(record.detail, ensure_ascii=False, sort_keys=True) if record.detail else ""),
    ]
    word, tone = RESULTS[record.result]
    context = {
        "record": record,
        "title": event_in_words(record.event),
        "result": {"word": word, "tone": tone},
        "told": [(label, text) for label, text in told if text],
        "place": place,
        "digests": _digests(place) if place else [],
        "verify_url": reverse("desk:evidence") + "?verify=1",
    }
    return render(request, "desk/event.html", context)


@require_POST
@staff("audit.verify")
def chain(request: ActingRequest) -> HttpResponseBase:
    """The whole chain as a file, which the stand-alone verifier checks without us."""
    audit.note("audit.chain-exported", by=request.actor.text, at=request.now, purpose="审计核对")
    with tempfile.TemporaryDirectory() as folder, acting_as_job("audit.export-on-page"):
        file = Path(folder) / "chain"
        audit.export(file)
        content = file.read_bytes()
    day = timezone.localtime(request.now).strftime("%Y%m%d")
    return attachment(content, f"{_('证据链')}-{day}.jsonl", kind="application/jsonl")


def _before(request: HttpRequest) -> int | None:
    asked = request.GET.get("before", "")
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 19 else None


def _older(code: str, shown: list[audit.Record]) -> str:
    """The address of what is older than these rows, where they fill the page."""
    if len(shown) < ROWS:
        return ""
    of_this_kind: dict[str, str | int] = {"event": code} if code else {}
    return "?" + urlencode({**of_this_kind, "before": shown[-1].id})


def _counted_row(event: str, count: int, wrong: int) -> dict[str, Any]:
    opened = {"text": event_in_words(event), "note": event, "url": "?" + urlencode({"event": event})}
    return {"cells": [opened, f"{count:,}", f"{wrong:,}"]}


def _event_row(event: audit.Record) -> dict[str, Any]:
    """The word first, and below it what the chain holds, to be searched for by whoever verifies."""
    at, (result, tone) = timezone.localtime(event.at), RESULTS[event.result]
    about = "、".join(_short(each) for each in event.about[:3]) + ("…" if len(event.about) > 3 else "")
    url = reverse("desk:event", args=[event.id])
    return {
        "cells": [
            {"text": at.strftime("%H:%M:%S"), "note": at.strftime("%Y-%m-%d"), "url": url},
            event.actor,
            {"text": event_in_words(event.event), "note": event.event},
            {"text": "", "chip": {"word": result, "tone": tone}},
            event.purpose,
            about,
        ]
    }


def _digests(place: audit.Place) -> list[tuple[str, str]]:
    link, anchor = place.link, place.anchor
    return [
        (_("链上位置"), f"{link.position:,}"),
        (_("这一条的摘要"), bytes(link.event_digest).hex()),
        (_("连到这里的摘要"), bytes(link.chain_digest).hex()),
        (_("签名的锚点"), f"{anchor.last_position:,}"),
        (_("签名时间"), timezone.localtime(anchor.sealed_at).strftime("%Y-%m-%d %H:%M:%S")),
        (_("签名算法和密钥"), f"{anchor.algorithm} · {anchor.key_version}"),
    ]


def _short(about: str) -> str:
    """An object of an event, short enough for a table («person:0f3c…»)."""
    return about if len(about) <= 20 else about[:16] + "…"
