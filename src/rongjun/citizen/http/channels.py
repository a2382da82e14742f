"""怎么告诉我: by which channels one is told, and one's consent to be told by the 公众号."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from rongjun.access.api import ActingRequest
from rongjun.citizen.http.shared import Mine, own_file, refused_page
from rongjun.kernel.errors import Refused
from rongjun.kernel.words import Words
from rongjun.notices import api as notices

STATE = "wechat_state"
# What one may choose, and the channels in order it stands for.
WAYS: Words[dict[str, tuple[str, str]]] = {
    "wechat sms": ("先发公众号，发不到再发短信", "没绑公众号的，就发短信"),
    "sms": ("只发短信", "不发公众号"),
    "wechat": ("只发公众号", "不发短信"),
    "": ("都不要", "只在这里看；要紧的由服务站当面说"),
}


@require_http_methods(["GET", "POST"])
@own_file("by which channels one is told")
def channels(request: ActingRequest, mine: Mine) -> HttpResponse:
    """One question: by which channels; and whether the 公众号 is bound."""
    if request.method == "POST":
        wants = request.POST.get("wants", "?").split()
        try:
            notices.choose_channels(
                mine.id, division=mine.division, wants=wants, by=mine.actor, now=request.now
            )
        except Refused as refused:
            return refused_page(request, refused)
        messages.success(request, _("记下了，以后就这样告诉您。"))
        return redirect("citizen:channels")
    ways = notices.ways_of(mine.id, now=request.now)
    chosen = " ".join(ways.wants)
    begins, ends = settings.NOTICE_QUIET
    context = {
        "quiet": (begins, ends) if begins != ends else None,
        "ways": [(code, title, note, code == chosen) for code, (title, note) in WAYS.items()],
        "is_bound": notices.WECHAT in ways.has,
        "may_bind": notices.WECHAT in notices.gateways(),
    }
    return render(request, "citizen/channels.html", context)


@require_safe
@own_file("goes to the platform of the official account to consent")
def bind(request: ActingRequest, _mine: Mine) -> HttpResponse:
    """Off to the platform, with a word only this browser knows."""
    request.session[STATE] = secrets.token_urlsafe(16)
    back = request.build_absolute_uri(reverse("citizen:wechat-back"))
    return redirect(_platform().consent_url(back=back, state=request.session[STATE]))


@require_safe
@own_file("comes back from the platform of the official account")
def bind_back(request: ActingRequest, mine: Mine) -> HttpResponse:
    """Whoever comes back with the same word has consented; their address there is kept, sealed."""
    expected = request.session.pop(STATE, "")
    if not expected or not secrets.compare_digest(expected, request.GET.get("state", "")):
        return refused_page(request, Refused("citizen.wechat-not-bound"))
    openid = _platform().openid_for(request.GET.get("code", ""))
    if not openid:
        return refused_page(request, Refused("citizen.wechat-not-bound"))
    try:
        notices.bind_openid(mine.id, openid, division=mine.division, by=mine.actor, now=request.now)
    except Refused as refused:
        return refused_page(request, refused)
    messages.success(request, _("绑好了，以后办理结果会发到公众号。"))
    return redirect("citizen:channels")


@require_POST
@own_file("ends one's consent to be told by the official account")
def unbind(request: ActingRequest, mine: Mine) -> HttpResponse:
    """The address is forgotten at once."""
    notices.end_binding(mine.id, by=mine.actor, now=request.now)
    messages.success(request, _("解除了，公众号不会再收到。"))
    return redirect("citizen:channels")


def _platform() -> notices.Wechat:
    platform = notices.gateways().get(notices.WECHAT)
    if not isinstance(platform, notices.Wechat):
        raise Http404
    return platform
