"""The first screen and the evidence chain."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from rongjun.access.api import ActingRequest, acting_as_job, staff
from rongjun.audit import api as audit
from rongjun.files import api as files
from rongjun.registry import api as registry


@staff("desk.open")
def today(request: ActingRequest) -> HttpResponse:
    """The first screen: what there is to do, for whoever signs in."""
    day = timezone.localtime(request.now).date()
    may_read = request.actor.may("registry.read-person")
    tiles = _tiles(registry.counts()) if may_read else []
    if request.actor.may("files.read"):
        tiles.append(_papers_tile(files.to_do_count()))
    if request.actor.may("registry.handle-rights"):
        tiles.append(_rights_tile(*registry.count_requests(today=day)))
    return render(request, "desk/today.html", {"day": day, "tiles": tiles, "may_read": may_read})


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


def _papers_tile(waiting: int) -> dict[str, Any]:
    return {
        "label": _("待归档材料"),
        "figure": f"{waiting:,}",
        "unit": _("份"),
        "note": _("归档或作废，一份不丢"),
        "url": reverse("desk:papers"),
        "late": waiting > 0,
    }


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


def _rights_tile(waiting: int, late: int) -> dict[str, Any]:
    return {
        "label": _("行权申请待答复"),
        "figure": f"{waiting:,}",
        "unit": _("件"),
        "note": _("其中 %(late)s 件已超期") % {"late": late} if late else _("都在期限内"),
        "url": reverse("desk:rights-open"),
        "late": late > 0,
    }
