"""Pages of uses: what operators delivered, what did not go in, and what somebody should look at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from rongjun.access.api import ActingRequest, names_of_actors, staff
from rongjun.audit import api as audit
from rongjun.benefits.actions import use_conflicts, use_refusals, use_signals
from rongjun.benefits.logic.uses import OUTCOMES, REASONS, outcomes_of, read_moment
from rongjun.benefits.queries import use_pages as queries
from rongjun.benefits.queries.use_pages import DeliveredDay, RefusedLine, SignalLine
from rongjun.kernel.errors import Refused
from rongjun.kernel.money import Fen
from rongjun.kernel.words import Words, translatable
from rongjun.ui.api import page_asked, pager_of, sentence

PAGE, REFUSED_AT_ONCE = 50, 20
STATES: Words[dict[str, tuple[str, str]]] = {
    "open": ("没有人看", "late"),
    "looked-at": ("有人在看", "info"),
    "explained": ("说得通", "ok"),
    "followed-up": ("转去处理", "pause"),
}
KINDS: Words[dict[str, str]] = {
    "travel": "两地之间来不及",
    "places": "一天多处",
    "times": "一天多次",
    "top-up": "充值超过规则",
}
FIELDS: Words[dict[str, str]] = {
    "reference": "业务编号",
    "card": "名单编号",
    "used_at": "使用时刻",
    "programme": "项目",
    "place": "点位",
    "band": "档位",
    "paid": "实付（分）",
}


@staff("uses.read")
@require_safe
def deliveries(request: ActingRequest) -> HttpResponse:
    """Which days each operator has delivered, and what did not go in, by reason."""
    today = timezone.localtime(request.now).date()
    days = queries.delivered_days(today=today)
    refused = queries.refused_by_reason()
    return render(
        request,
        "benefits/deliveries.html",
        {
            "days": [_delivered(each) for each in days],
            "missing": sum(each.is_missing for each in days),
            "columns": [
                {"label": _("使用那天"), "short": True},
                {"label": _("来源")},
                {"label": _("到了没有"), "short": True},
                *(
                    {"label": _(word), "number": True}
                    for word in translatable(("计数的使用", "退回", "其中冲突", "关账后补来"))
                ),
            ],
            "refused": [
                {
                    "cells": [
                        {
                            "text": _(REASONS[reason][0]),
                            "note": _(REASONS[reason][1]),
                            "url": f"{reverse('uses:refused')}?reason={reason}",
                        },
                        f"{count:,}",
                    ]
                }
                for reason, count in refused
                if reason in REASONS
            ],
            "by_hand": [
                {"cells": [title, f"{people:,}"]} for title, people in queries.by_hand_lately(today=today)
            ],
            "by_hand_columns": [{"label": _("项目")}, {"label": _("人次"), "number": True}],
            "refused_columns": [{"label": _("为什么没有收下")}, {"label": _("条数"), "number": True}],
        },
    )


def _delivered(day: DeliveredDay) -> dict[str, Any]:
    word, tone = translatable(("没有到", "no")) if day.is_missing else translatable(("到了", "ok"))
    if not day.is_expected:
        word, tone = translatable(("约定之前", "pause"))
    return {
        "cells": [
            f"{day.day}",
            day.source,
            {"text": "", "chip": {"word": _(word), "tone": tone}},
            f"{day.uses:,}",
            f"{day.refused:,}",
            {"text": f"{day.conflicts:,}", "url": f"{reverse('uses:refused')}?reason=conflict"}
            if day.conflicts
            else "0",
            f"{day.late:,}",
        ]
    }


@staff("uses.read")
@require_safe
def refused(request: ActingRequest) -> HttpResponse:
    """Rows that did not go in, as they came; of a conflict both sides."""
    return _refused_page(request)


def _refused_page(request: ActingRequest, *, why_not: Refused | None = None) -> HttpResponse:
    reason = request.GET.get("reason", "")
    number = page_asked(request)
    lines, total = queries.refused_rows(
        reason=reason, first=(number - 1) * REFUSED_AT_ONCE, limit=REFUSED_AT_ONCE
    )
    names = names_of_actors({line.proposal.by for line in lines if line.proposal})
    if lines:
        # Where a card was and when is where somebody was.
        audit.note_read(
            [f"use-refusal:{line.id}" for line in lines],
            event="benefits.refused-uses-listed",
            by=request.actor.text,
            role=request.actor.role,
            purpose=_("处理没有收下的使用记录"),
            source=request.path,
            at=request.now,
        )
    return render(
        request,
        "benefits/refused.html",
        {
            "lines": [_refused(line, names=names, me=request.actor.text) for line in lines],
            "reason": _(REASONS[reason][0]) if reason in REASONS else "",
            "total": total,
            "pager": pager_of(number, total, most=REFUSED_AT_ONCE, **({"reason": reason} if reason else {})),
            "may_close": request.actor.may("uses.close-refusal"),
            "may_decide": request.actor.may("uses.decide-conflict"),
            "refusal": sentence(why_not) if why_not else None,
        },
        status=422 if why_not else 200,
    )


def _refused(line: RefusedLine, *, names: Mapping[str, str], me: str) -> dict[str, Any]:
    what, todo = REASONS[line.reason]
    proposal = line.proposal
    return {
        "id": line.id,
        "source": line.source,
        "what": _(what),
        "todo": _(todo),
        "at": line.recorded_at,
        "sides": [_side(line, name, label) for name, label in FIELDS.items()],
        "is_conflict": bool(line.stands),
        "outcomes": [(outcome, _(OUTCOMES[outcome])) for outcome in outcomes_of(line.reason)],
        "proposal": {
            "outcome": _(OUTCOMES[proposal.outcome]),
            "reason": proposal.reason,
            "by": names[proposal.by],
            "at": proposal.at,
            "is_decided": proposal.is_decided,
            "is_mine": proposal.by == me,
        }
        if proposal
        else None,
    }


def _side(line: RefusedLine, name: str, label: str) -> dict[str, Any]:
    """One field of both sides; a moment as the clock of the city shows it, in whatever zone it came."""
    came, stands = (said.get(name, "") for said in (line.fields, line.stands))
    if name == "used_at":
        came, stands = _clock(came), _clock(stands)
    return {
        "label": _(label),
        "came": came,
        "stands": stands,
        "differs": bool(line.stands) and came != stands,
    }


def _clock(text: object) -> object:
    moment = read_moment(text)
    return f"{timezone.localtime(moment[0]):%Y-%m-%d %H:%M:%S}" if moment else text


@require_POST
@staff("uses.close-refusal")
def propose(request: ActingRequest, refusal: int) -> HttpResponse:
    """Which side of a conflict stands, with the reason; a second person decides where money changes."""
    given = request.POST
    try:
        state = use_conflicts.propose_outcome(
            refusal,
            outcome=given.get("outcome", ""),
            reason=given.get("reason", ""),
            by=request.actor,
            now=request.now,
        )
    except Refused as refused:
        return _refused_page(request, why_not=refused)
    done, waits = translatable(("定了，计数的不变。", "提出了，请另一位同事同意或者不同意。"))
    messages.success(request, _(done) if state == "done" else _(waits))
    return redirect("uses:refused")


@require_POST
@staff("uses.decide-conflict")
def decide(request: ActingRequest, refusal: int) -> HttpResponse:
    """The second person agrees with what was proposed, or does not."""
    agrees = request.POST.get("answer") == "agree"
    try:
        use_conflicts.decide_outcome(refusal, agrees=agrees, by=request.actor, now=request.now)
    except Refused as refused:
        return _refused_page(request, why_not=refused)
    yes, no = translatable(("定了，一分钟内记成差额，由下一张结算单补上。", "没有同意，可以另外提出。"))
    messages.success(request, _(yes) if agrees else _(no))
    return redirect("uses:refused")


@require_POST
@staff("uses.close-refusal")
def close(request: ActingRequest, refusal: int) -> HttpResponse:
    """A refused row that needs nothing more, with the reason."""
    try:
        use_refusals.close_refusal(
            refusal, reason=request.POST.get("reason", ""), by=request.actor, now=request.now
        )
    except Refused as refused:
        return _refused_page(request, why_not=refused)
    messages.success(request, _("已了结，记录照原样留着。"))
    return redirect("uses:refused")


@staff("uses.signals")
@require_safe
def signals(request: ActingRequest) -> HttpResponse:
    """Days of cards that somebody should look at; nobody is punished by this list."""
    state = request.GET.get("state", "open")
    state = state if state in STATES else "open"
    number = page_asked(request)
    lines, total = queries.signals(state=state, first=(number - 1) * PAGE, limit=PAGE)
    return render(
        request,
        "benefits/signals.html",
        {
            "rows": [_signal_row(line) for line in lines],
            "columns": [
                {"label": _("日期"), "short": True},
                {"label": _("看到了什么")},
                {"label": _("状态"), "short": True},
            ],
            "states": [
                {"url": f"?state={code}", "word": _(word), "is_chosen": code == state}
                for code, (word, _tone) in STATES.items()
            ],
            "total": total,
            "pager": pager_of(number, total, most=PAGE),
        },
    )


def _signal_row(line: SignalLine) -> dict[str, Any]:
    word, tone = STATES[line.state]
    return {
        "cells": [
            f"{line.day}",
            {
                "text": _(KINDS[line.kind]),
                "note": seen_in(line),
                "url": reverse("uses:signal", args=[line.id]),
            },
            {"text": "", "chip": {"word": _(word), "tone": tone}},
        ]
    }


def seen_in(line: SignalLine) -> str:
    """The evidence of a signal in one sentence."""
    if line.kind == "travel":
        leg = line.evidence[0]
        return str(_("%(from)s 到 %(to)s，%(km)s 公里，%(minutes)s 分钟") % leg)
    if line.kind == "top-up":
        said = {name: Fen(fen).text for name, fen in line.evidence[0].items() if name != "at"}
        words = _(
            "充以前还有 %(before)s 元，充了 %(amount)s 元，成了 %(after)s 元"
            "（规则：低于 %(below)s 元才充，充到 %(up_to)s 元，待局方确认）"
        )
        return str(words % said)
    return str(_("%(uses)s 次，%(places)s 处") % line.evidence)


@staff("uses.signals")
@require_safe
def signal(request: ActingRequest, signal: int) -> HttpResponse:
    """One signal with what was seen, and its end."""
    return _signal_page(request, signal)


def _signal_page(request: ActingRequest, number: int, *, why_not: Refused | None = None) -> HttpResponse:
    line = queries.signal(number)
    if line is None:
        raise Http404
    audit.note_read(
        f"use-signal:{line.id}",
        event="benefits.signal-read",
        by=request.actor.text,
        role=request.actor.role,
        purpose=_("核实异常线索"),
        source=request.path,
        at=request.now,
    )
    word, tone = STATES[line.state]
    names = names_of_actors({line.looked_by, line.ended_by})
    return render(
        request,
        "benefits/signal.html",
        {
            "line": line,
            "kind": _(KINDS[line.kind]),
            "state": {"word": _(word), "tone": tone},
            "seen": seen_in(line),
            "legs": line.evidence if line.kind == "travel" else [],
            "looked_by": names[line.looked_by],
            "ended_by": names[line.ended_by],
            "refusal": sentence(why_not) if why_not else None,
        },
        status=422 if why_not else 200,
    )


@require_POST
@staff("uses.signals")
def signal_step(request: ActingRequest, signal: int) -> HttpResponse:
    """Somebody looks at a signal, or ends it with a reason."""
    if queries.signal(signal) is None:
        raise Http404
    step = request.POST.get("step", "")
    try:
        if step in ("explained", "followed-up"):
            use_signals.end_signal(
                signal,
                outcome=step,
                reason=request.POST.get("reason", ""),
                by=request.actor,
                now=request.now,
            )
        else:
            use_signals.look_at_signal(signal, by=request.actor, now=request.now)
    except Refused as refused:
        return _signal_page(request, signal, why_not=refused)
    messages.success(request, _("记下了。"))
    return redirect("uses:signal", signal=signal)
