"""What every citizen page is given: how it looks, whose file is in hand, where one can go."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from rongjun.access.api import CITIZEN
from rongjun.kernel.words import Words

# (address name, icon, words); 大字版 shows the first and the third.
TABS: Words[tuple[tuple[str, str, str], ...]] = (
    ("citizen:home", "home", "首页"),
    ("citizen:reads", "eye", "谁看过"),
    ("citizen:benefits", "star", "待遇"),
    ("citizen:settings", "settings", "设置"),
)
OPENED_FROM = {
    "citizen:cards": "citizen:home",
    "citizen:money": "citizen:home",
    "citizen:bills": "citizen:home",
    "citizen:bill": "citizen:home",
    "citizen:bill-paper": "citizen:home",
    "citizen:benefit": "citizen:benefits",
    "citizen:questions": "citizen:benefits",
    "citizen:contest": "citizen:benefits",
    "citizen:offer": "citizen:benefits",
    "citizen:offers": "citizen:benefits",
    "citizen:enrolment": "citizen:benefits",
    "citizen:messages": "citizen:home",
    "citizen:message": "citizen:home",
    "citizen:channels": "citizen:home",
}
LOOK_COOKIE = "rongjun_look"


def citizen_shell(request: HttpRequest, *, here: str) -> dict[str, Any]:
    """Context of the shell; a stranger at the front door gets the looks alone."""
    user: Any = getattr(request, "user", None)
    is_in = getattr(user, "kind", "") == CITIZEN
    acting = getattr(request, "acting", "")
    at = OPENED_FROM.get(here, here)
    return {
        "demo": settings.DEMO,
        "look": {
            "face": "citizen",
            "large": user.large_type if is_in else "large" in request.COOKIES.get(LOOK_COOKIE, ""),
            "contrast": user.high_contrast if is_in else "contrast" in request.COOKIES.get(LOOK_COOKIE, ""),
            "manifest": reverse("citizen:manifest"),
            "worker": reverse("citizen:worker") if is_in else "",
        },
        "acting": acting,
        "tabs": [(reverse(name), icon, words, name == at) for name, icon, words in TABS] if is_in else [],
        "idle_seconds": settings.SESSION_LIMITS[CITIZEN][0] if is_in else 0,
        "keep_url": reverse("extend_session") if is_in else "",
    }
