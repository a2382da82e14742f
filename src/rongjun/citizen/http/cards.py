"""我的卡: how each card stands, in plain words; report one lost; where to go for it."""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from rongjun.access.api import ActingRequest
from rongjun.cards import api as cards
from rongjun.citizen.http.shared import Mine, look, on_file, refused_page, today_of
from rongjun.kernel.errors import Refused
from rongjun.kernel.words import Words, translatable
from rongjun.places import api as places
from rongjun.registry import api as registry

# What a state means to the person, and what to do.
PLAIN: Words[Mapping[str, tuple[str, str]]] = {
    "applied": ("正在审核", "审好了会告诉您，不用再跑。"),
    "approved": ("审核好了，等着做卡", "做好了会告诉您。"),
    "making": ("银行正在做卡", "做好了会告诉您。"),
    "ready": ("做好了，等您来领", "请带身份证到服务站领。走不动的，打电话请他们送上门。"),
    "valid": ("可以用", ""),
    "held": (
        "暂时停用（您报了丢失）",
        "找到了，等它自动恢复就行；没找到，请带身份证到服务站办正式挂失和补领。",
    ),
    "lost": ("停用（已正式挂失）", "请带身份证到服务站补领。"),
    "frozen": ("停用（按司法文书冻结）", "有疑问请问服务站。"),
    "suspended": ("停用（待遇中止）", "有疑问请问服务站。"),
    "replacing": ("旧证，已经不能用", "新证做好了会告诉您。"),
}
TONES = {"valid": "ok", "ready": "warn", "held": "warn", "lost": "no", "frozen": "no", "suspended": "no"}


@require_safe
@on_file("one's own cards")
def listing(request: ActingRequest, mine: Mine) -> HttpResponse:
    """The cards one has or is getting, and where one is served."""
    if registry.is_closed(mine.id):
        return refused_page(request, Refused("citizen.restricted"))
    look(request, mine, purpose="查看我的卡")
    held = [line for line in cards.cards_of(registry.file_ids_of(mine.id)) if line.state in PLAIN]
    today = today_of(request)
    context = {
        "cards": [
            {
                "line": line,
                "word": PLAIN[line.state][0],
                "todo": PLAIN[line.state][1],
                "tone": TONES.get(line.state, "info"),
                "may_report": line.state == "valid",
            }
            for line in held
        ],
        "hold_days": cards.card_book().hold.days,
        "station": places.served_by([mine.division], on=today)[mine.division].name,
    }
    return render(request, "citizen/cards.html", context)


@require_POST
@on_file("reports an own card lost")
def report_loss(request: ActingRequest, mine: Mine, reference: int) -> HttpResponse:
    """Stop the card for some days, at once."""
    line = cards.card(reference)
    if registry.is_closed(mine.id):
        return refused_page(request, Refused("citizen.restricted"))
    if line is None or line.person not in registry.file_ids_of(mine.id):
        raise Http404
    reason = translatable("本人在网上报失") if mine.is_own else translatable("代办人在网上报失")
    try:
        until = cards.report_loss(reference, reason=reason, by=mine.actor, now=request.now)
    except Refused:  # reported a moment ago, or stopped otherwise: the page says how it stands
        return redirect("citizen:cards")
    at = localtime(until)
    messages.success(
        request,
        _("好，已经停用。%(month)s 月 %(day)s 日自动恢复；没找到的，请到服务站补领。")
        % {"month": at.month, "day": at.day},
    )
    return redirect("citizen:cards")
