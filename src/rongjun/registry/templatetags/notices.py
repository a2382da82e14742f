"""`{% load notices %}`: the notice in force, above every form that asks for personal data (PI-03)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template
from django.urls import reverse
from django.utils.timezone import localtime

from rongjun.registry.notices import notice_book

register = template.Library()


@register.inclusion_tag("ui/parts/notice.html", takes_context=True)
def notice_shown(context: Mapping[str, Any], code: str) -> Mapping[str, Any]:
    """What people are told before anything is asked, in the wording in force; the whole is behind a link."""
    told = notice_book().notices[code]
    wording = told.in_force(localtime(context["request"].now).date())
    assert wording is not None, f"no wording of {code} is in force"
    is_citizen = context.get("look", {}).get("face") == "citizen"
    page = reverse("citizen:notice" if is_citizen else "desk:notice", args=[code])
    return {"page": page, "code": code, "title": told.title, "since": wording.since, "said": wording.items}
