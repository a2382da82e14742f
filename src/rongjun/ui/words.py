"""What a page shows in the language its reader has chosen."""

from __future__ import annotations

import re
from datetime import date, datetime

from django.utils.formats import date_format
from django.utils.functional import lazy
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import localtime
from django.utils.translation import get_language, gettext

from rongjun.kernel.words import Listed, Worded

CHINESE = "zh-hans"
_SIGNS = r"\u3000-\u303f\uff00-\uffef“”"  # brackets, stops and quotation marks that go with Chinese
_HAN = re.compile(rf"[{_SIGNS}]*[\u3400-\u9fff][\u3400-\u9fff{_SIGNS}]*")


def shown(value: object) -> str:
    """A word or sentence of ours in the reader's language; anything else as it is."""
    text = str(value)
    if not text or get_language() == CHINESE:
        return text
    if isinstance(value, Worded):
        return gettext(value.template).format(**{name: _part(each) for name, each in value.values.items()})
    if isinstance(value, Listed):
        return gettext(value.between).join(map(shown, value.parts))
    return gettext(text)


def marked(value: object) -> SafeString:
    """As `shown`, escaped; what stays Chinese on a page in another language says so (`lang`)."""
    if isinstance(value, SafeString):
        return value
    text = shown(value)
    if get_language() == CHINESE:
        return conditional_escape(text)
    whole, end = [], 0
    for run in _HAN.finditer(text):
        whole += [conditional_escape(text[end : run.start()])]
        whole += [format_html('<span lang="zh-Hans">{}</span>', run[0])]
        end = run.end()
    return mark_safe("".join([*whole, conditional_escape(text[end:])]))  # noqa: S308 - each piece is escaped


# For what is made before there is a reader: the choices of a form.
shown_later = lazy(shown, str)


def _part(value: object) -> object:
    return shown(value) if isinstance(value, str) else value


def spoken(day: date | datetime | None) -> str:
    """A day as it is said (2026 年 11 月 30 日), for citizens; "" for none."""
    if day is None:
        return ""
    return date_format(localtime(day) if isinstance(day, datetime) else day, gettext("Y 年 n 月 j 日"))
