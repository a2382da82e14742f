"""The first screen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from rongjun.access.api import ActingRequest, staff
from rongjun.benefits import api as benefits
from rongjun.desk.http.unanswered import waiting_here
from rongjun.files import api as files
from rongjun.kernel.words import Words, translatable
from rongjun.registry import api as registry


@staff("desk.open")
def today(request: ActingRequest) -> HttpResponse:
    """The first screen: what there is to do, for whoever signs in."""
    day = timezone.localtime(request.now).date()
    may = request.actor.may
    counted = _tiles(registry.counts()) if may("registry.read-person") else []
    tiles = counted[:1]
    if may("files.read"):
        tiles.append(_papers_tile(files.to_do_count()))
    if may("registry.handle-rights"):
        tiles.append(_rights_tile(*registry.count_requests(today=day)))
    if may("benefits.end-enrolment"):
        tiles.append(
            _waiting_tile(
                translatable("不再符合待决定"),
                benefits.count_to_look_at(today=day),
                unit=translatable("项"),
                note=translatable("没有人决定以前，照样享受"),
                url=reverse("desk:not-entitled"),
            )
        )
    tiles += [
        _waiting_tile(label, count(), unit=unit, note=note, url=reverse(name))
        for permission, label, count, unit, note, name in _WAITING
        if may(permission)
    ]
    if may("registry.state-fact"):
        tiles += _questions_tile(waiting_here(request.actor))
    if may("registry.import-roster"):
        tiles += counted[1:]
    if may("desk.read-assessments"):
        tiles.append(
            _assessments_tile(sum(each.needs_somebody(day) for each in registry.processings().values()))
        )
    context = {"day": day, "tiles": tiles, "may_import": may("registry.import-roster")}
    return render(request, "desk/today.html", context)


# (permission, what, how many, unit, what to do, where): the work lists of two officers and of other offices.
_WAITING: Words[tuple[tuple[str, str, Callable[[], int], str, str, str], ...]] = (
    ("registry.check", "待审", registry.proposals_waiting, "件", "别人提的，等您审", "desk:proposals"),
    (
        "registry.decide-feed",
        "比对结果待认定",
        lambda: sum(registry.open_counts().values()),
        "条",
        "没有人确认以前，档案不变",
        "registry:feeds",
    ),
    (
        "registry.propose-merge",
        "疑似重复待核对",
        lambda: registry.duplicate_pairs()[1],
        "对",
        "合不合并由人定",
        "registry:duplicates",
    ),
)


def _questions_tile(count: int | None) -> list[dict[str, Any]]:
    """Nothing before everybody was judged for the first time."""
    if count is None:
        return []
    note, url = translatable("能定得最多的在前面"), reverse("desk:unanswered")
    return [_waiting_tile(translatable("差的情况"), count, unit=translatable("项"), note=note, url=url)]


def _assessments_tile(count: int) -> dict[str, Any]:
    tile = _waiting_tile(
        translatable("影响评估要办"),
        count,
        unit=translatable("项"),
        note=translatable("没有评估的不能做，到期的要复核"),
        url=reverse("desk:assessments"),
    )
    return {**tile, "late": count > 0}


def _waiting_tile(label: str, count: int, *, unit: str, note: str, url: str) -> dict[str, Any]:
    return {"label": _(label), "figure": f"{count:,}", "unit": _(unit), "note": _(note), "url": url}


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
            "unit": _("条"),
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
