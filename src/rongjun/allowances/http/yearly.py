"""年度确认: campaigns with who is left by district, the work list, one person confirmed at the station."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from rongjun.access.api import ActingRequest, names_of_actors, staff
from rongjun.allowances import actions
from rongjun.allowances.http.shared import (
    PAGE,
    acting,
    day_of,
    head_or_404,
    heads,
    names_of,
    refused_page,
    today_of,
)
from rongjun.allowances.logic.yearly import HOW
from rongjun.allowances.models import Campaign
from rongjun.allowances.queries import yearly
from rongjun.kernel.errors import Refused
from rongjun.kernel.words import Words, translatable
from rongjun.places import api as places
from rongjun.registry import api as registry
from rongjun.ui.api import page_asked, pager_of


@require_safe
@staff("allowances.confirm")
def campaigns(request: ActingRequest) -> HttpResponse:
    """Every campaign; a new one is opened here by whoever proposes awards."""
    rows = yearly.campaigns()
    named = places.names_of({row.division for row in rows}, on=today_of(request))
    context = {
        "rows": [
            {
                "cells": [
                    {"text": f"{row.year}", "url": reverse("allowances:campaign", args=[row.id])},
                    named.get(row.division, ""),
                    f"{row.notice_on}",
                    f"{row.confirm_by}",
                    {"text": "", "chip": _state_of(row)},
                ]
            }
            for row in rows
        ],
        "columns": heads(*translatable(("年度", "区划", "通知日", "最后一天", "状态"))),
        "may_open": request.actor.may("allowances.propose"),
        "today": today_of(request),
    }
    return render(request, "allowances/campaigns.html", context)


def _state_of(row: Campaign) -> dict[str, str]:
    if row.checked_by:
        return {"word": _("生效"), "tone": "ok"}
    return {"word": _("等另一位同事确认"), "tone": "warn"}


@require_POST
@staff("allowances.confirm")
def open_campaign(request: ActingRequest) -> HttpResponse:
    """Open a campaign for one's own division."""
    given = request.POST
    try:
        notice_on = day_of(given.get("notice_on", ""))
        campaign = actions.open_campaign(
            year=notice_on.year, notice_on=notice_on, document=given.get("document", ""), **acting(request)
        )
    except Refused as refused:
        return refused_page(request, refused)
    messages.success(request, _("年度确认提出了，请另一位同事确认。"))
    return redirect("allowances:campaign", campaign=campaign)


@require_safe
@staff("allowances.confirm")
def campaign(request: ActingRequest, campaign: UUID) -> HttpResponse:
    """One campaign: how far each district is, and who is left."""
    row = _found(campaign)
    number = page_asked(request)
    progress = yearly.progress_of(row)
    wanted = request.GET.get("county", "")
    county = next((each.county for each in progress if f"{each.county}" == wanted), row.division)
    people = yearly.left_of(row, division=county, first=(number - 1) * PAGE, limit=PAGE)
    waiting = yearly.waiting_in(row.id)
    names = names_of(request, [*people, *(each.person_id for each in waiting)], purpose=_("办理年度确认"))
    by = names_of_actors({row.made_by, row.checked_by} - {""})
    named = places.names_of({each.county for each in progress}, on=today_of(request))
    left = sum(each.left for each in progress if county in (row.division, each.county))
    context = {
        "row": row,
        "state": _state_of(row),
        "made_by": by.get(row.made_by, ""),
        "checked_by": by.get(row.checked_by, ""),
        "progress": [_progress_row(row, each, named.get(each.county, "")) for each in progress],
        "progress_columns": heads(*translatable(("区市", "要确认#", "已确认#", "没有确认#"))),
        "asked": sum(each.asked for each in progress),
        "left": sum(each.left for each in progress),
        "people": [_person_row(row, each, names.get(each, "")) for each in people],
        "waiting": [_person_row(row, each.person_id, names.get(each.person_id, "")) for each in waiting],
        "people_columns": heads(*translatable(("姓名",))),
        "pager": pager_of(number, left, most=PAGE, county=wanted),
        "may_check": not row.checked_by
        and request.actor.may("allowances.decide")
        and request.actor.text != row.made_by,
    }
    return render(request, "allowances/campaign.html", context)


def _progress_row(row: Campaign, each: yearly.Progress, name: str) -> dict[str, Any]:
    url = f"{reverse('allowances:campaign', args=[row.id])}?county={each.county}"
    return {
        "cells": [
            {"text": name or f"{each.county}", "url": url},
            f"{each.asked}",
            f"{each.asked - each.left}",
            f"{each.left}",
        ]
    }


def _person_row(row: Campaign, person: UUID, name: str) -> dict[str, Any]:
    url = reverse("allowances:campaign-person", args=[row.id, person])
    return {"cells": [{"text": name or _("不在您的区划"), "url": url}]}


def _found(campaign: UUID) -> Campaign:
    row = yearly.campaign_of(campaign)
    if row is None:
        raise Http404
    return row


@require_safe
@staff("allowances.confirm")
def campaign_person(request: ActingRequest, campaign: UUID, person: UUID) -> HttpResponse:
    """One person in a campaign: confirm them, check a late confirmation, take a wrong one back."""
    row, head = _found(campaign), head_or_404(request, person)
    names_of(request, [head.id], purpose=_("办理年度确认"))
    made = yearly.confirmed_in(row.id, head.id)
    by = names_of_actors({made.made_by, made.checked_by} - {""}) if made else {}
    actor, today = request.actor, today_of(request)
    context = {
        "row": row,
        "head": head,
        "made": made,
        "how": HOW.get(made.how, "") if made else "",
        "made_by": by.get(made.made_by, "") if made else "",
        "checked_by": by.get(made.checked_by, "") if made else "",
        "counts": bool(made and (made.checked_by or not made.late)),
        "ways": HOW,
        "today": today,
        "is_late": today > row.confirm_by,
        "may_confirm": made is None
        and bool(row.checked_by)
        and today >= row.notice_on
        and not head.restricted,
        "may_check": bool(made and made.late and not made.checked_by)
        and actor.may("allowances.decide")
        and made is not None
        and made.made_by != actor.text,
    }
    return render(request, "allowances/campaign_person.html", context)


@require_POST
@staff("allowances.confirm")
def campaign_step(request: ActingRequest, campaign: UUID, step: str) -> HttpResponse:
    """Check a campaign, confirm somebody, check that, or take it back; the action asks whether one may."""
    if step not in _STEPS:
        raise Http404
    take, said = _STEPS[step]
    try:
        person = take(request, campaign)
    except Refused as refused:
        return refused_page(request, refused)
    messages.success(request, _(said))
    if person:
        return redirect("allowances:campaign-person", campaign=campaign, person=person)
    return redirect("allowances:campaign", campaign=campaign)


def _person_told(request: ActingRequest) -> UUID:
    try:
        return UUID(request.POST.get("person", ""))
    except ValueError:
        raise Refused("allowances.no-such-file") from None


def _check(request: ActingRequest, campaign: UUID) -> None:
    actions.check_campaign(campaign, **acting(request))


def _confirm(request: ActingRequest, campaign: UUID) -> UUID:
    person = _person_told(request)
    actions.confirm_person(
        campaign,
        person,
        how=request.POST.get("how", ""),
        confirmed_on=day_of(request.POST.get("on", "")),
        **acting(request),
    )
    return registry.kept_file(person)


def _held(request: ActingRequest, campaign: UUID) -> tuple[UUID, UUID]:
    person = _person_told(request)
    made = yearly.confirmed_in(campaign, person)
    if made is None:
        raise Refused("allowances.no-such-file")
    return person, made.id


def _check_late(request: ActingRequest, campaign: UUID) -> UUID:
    person, made = _held(request, campaign)
    actions.check_confirmed(made, **acting(request))
    return person


def _withdraw(request: ActingRequest, campaign: UUID) -> UUID:
    person, made = _held(request, campaign)
    actions.withdraw_confirmed(made, why=request.POST.get("why", ""), **acting(request))
    return person


_STEPS: Words[Mapping[str, tuple[Callable[[ActingRequest, UUID], UUID | None], str]]] = {
    "check": (_check, "生效了，到通知日开始确认。"),
    "confirm": (_confirm, "记下了。"),
    "check-late": (_check_late, "确认了，从下一个月起恢复发放。"),
    "withdraw": (_withdraw, "撤回了，这个人要重新确认。"),
}
