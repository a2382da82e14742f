"""`{% load ui %}`: the parts every page is made of.

Each tag takes plain words, numbers and dictionaries and escapes all of them; a part never queries.
Dates, money and masked numbers arrive as the text to be shown.
A value that is not in a closed set below is our own mistake and fails loudly.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Final

from django import template
from django.forms import BoundField, CheckboxInput, Select
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import slugify

from rongjun.kernel.words import listed as in_a_row
from rongjun.ui.words import marked, spoken
from rongjun.ui.words import shown as in_words

register = template.Library()

Part = Mapping[str, Any]

register.filter("shown", marked)
register.filter("plain", in_words)
register.filter("spoken", spoken)


@register.filter
def listed(words: Iterable[object], between: str = "、") -> SafeString:
    """The words in a row, in the reader's language."""
    return marked(in_a_row(words, between))


# The same list as web/icons.json, from which the sprite is cut; a test keeps them equal.
ICONS = frozenset(
    [
        "alert-triangle",
        "arrow-left",
        "arrow-right",
        "ban",
        "book",
        "check",
        "chevron-right",
        "clock",
        "coin-yuan",
        "credit-card",
        "download",
        "eye",
        "file-spreadsheet",
        "file-text",
        "filter",
        "flag",
        "help-circle",
        "home",
        "inbox",
        "key",
        "lock",
        "logout",
        "mail",
        "map",
        "menu-2",
        "phone",
        "player-pause",
        "printer",
        "qrcode",
        "question-mark",
        "refresh",
        "search",
        "settings",
        "shield-check",
        "star",
        "sun",
        "upload",
        "user",
        "users",
        "volume",
        "wifi-off",
        "x",
    ]
)
TONES = {
    "": "",
    "ok": "check",
    "info": "refresh",
    "warn": "alert-triangle",
    "no": "ban",
    "late": "alert-triangle",
    "pause": "player-pause",
    "gold": "",
}
# verdict: class of the card (its colour and the outline of the mark), and the shape inside the mark
VERDICTS = {"granted": ("ok", "check"), "unknown": ("ask", "question-mark"), "not-granted": ("no", "ban")}
REASONS = {"met": ("y", "check"), "unknown": ("q", "help-circle"), "unmet": ("x", "x")}


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """The icon `name`; silent to screen readers unless `label` says what it means."""
    assert name in ICONS, f"no such icon: {name}"
    return _drawn(name, label)


@cache  # a person's file shows five hundred of them, and the sheet's address is looked up for each
def _drawn(name: str, label: str) -> SafeString:
    href = f"{static('rongjun/icons.svg')}#{name}"
    if label:
        return format_html(
            '<svg class="rj-i" role="img" aria-label="{}"><use href="{}"></use></svg>', label, href
        )
    return format_html('<svg class="rj-i" aria-hidden="true"><use href="{}"></use></svg>', href)


@register.inclusion_tag("ui/parts/chip.html")
def chip(word: str, tone: str = "", icon: str | None = None) -> Part:
    """状态签: two to four characters with a shape.

    `tone` is one of TONES and brings its icon; `icon` replaces it, "" leaves it out.
    """
    return {"word": word, "tone": tone, "icon": TONES[tone] if icon is None else icon}


@register.inclusion_tag("ui/parts/conf.html")
def conf(grade: str = "") -> Part:
    """The tag 待局方确认; `grade` is the grade of the source in Chinese, shown as its tooltip."""
    return {"grade": grade}


@register.inclusion_tag("ui/parts/person.html")
def person_header(person: Part) -> Part:
    """人头 above a person's file.

    Keys: `name`; `chips` [{word, tone}]; `facts` [{label, value} or {label, masked}], with `masked`
    as in the tag of that name; `actions` [{label, url, icon, primary}].
    """
    return {"person": person}


@register.inclusion_tag("ui/parts/decision.html")
def decision(card: Part) -> Part:
    """判定卡: what the rules say of one benefit, and why.

    Keys: `verdict` granted | unknown | not-granted; `title`; `sentence`; `amount` (text at the right);
    `reasons` [{state met | unknown | unmet, text, facts [{text, contested, url}], source, url}], where a
    fact's `url` is where it can be contested;
    `basis` [{text, url}]; `unconfirmed` (shows 待局方确认), `grade` (its tooltip);
    `question` {text, why, url, name, answers [{label, value} or {label, url}], field}: the one thing to ask,
    for unknown; answers with a value are posted to `url` as `name`, and so is what stands in the
    `field` {type number | date | text, min, max, digits, unit, limits (in words)};
    `links` [{label, url}] after the basis; `relation` the relation it was judged by (烈士的子女).
    With `fold` it is one line that opens to the rest, already `open` if so; the word of the verdict is then
    only for screen readers, unless `says_verdict`. With `body_url` the rest is fetched from there when it is
    opened, and is a link to there without script.
    """
    tone, shape = VERDICTS[str(card["verdict"])]
    return {**decision_body(card), "tone": tone, "shape": shape}


@register.inclusion_tag("ui/parts/decision_body.html")
def decision_body(card: Part) -> Part:
    """What a decision says below its title; keys as `decision`."""
    reasons = [
        {**reason, "tone": REASONS[reason["state"]][0], "icon": REASONS[reason["state"]][1]}
        for reason in card.get("reasons", ())
    ]
    whole = {**_CARD, **card, "basis": [{**_BASIS, **each} for each in card.get("basis", ())]}
    return {"card": whole, "reasons": reasons}


# Whole, as the cells of a table are.
_CARD: Final[Part] = {
    **dict.fromkeys(("sentence", "amount", "grade", "relation", "body_url"), ""),
    **dict.fromkeys(("fold", "open", "says_verdict", "unconfirmed"), False),
    "question": None,
    "links": (),
}
_BASIS: Final[Part] = {"url": ""}


@register.inclusion_tag("ui/parts/question.html")
def question(asked: Part) -> Part:
    """One thing to ask, with its buttons or its field; keys as `question` of a decision."""
    return {"question": asked}


@register.inclusion_tag("ui/parts/benefit.html")
def benefit(wording: Any) -> Part:
    """一项优待: who, what, how to get it, by which document, since when, how sure.

    Keys (or attributes): `sentence`, `parts` [{sentence, any_of}], `guards`, `classes`, `expression`;
    `what`, `figures`, `covers`, `venues` [(batch, titles)]; `way`, `evidence`, `provider`;
    `basis` [{document, clause, effective_from}], `announced`, `start`, `until`, `is_observed`;
    `confidence`, `grade`, `checked`, `confirmed` ({by, document} or nothing); `note`;
    `links`: public pages, the only links in it.
    """
    return {"wording": wording}


@register.inclusion_tag("ui/parts/timeline.html")
def timeline(entries: Sequence[Part]) -> Part:
    """经历, newest first: [{date, text, note, url, key}]; `key` where money or status changed."""
    return {"entries": entries}


@register.inclusion_tag("ui/parts/tile.html")
def tile(
    label: str, figure: str, unit: str = "", note: str = "", url: str = "", *, late: bool = False
) -> Part:
    """数字块: one figure that opens into its rows at `url`; without `url` it is only shown."""
    return {"label": label, "figure": figure, "unit": unit, "note": note, "url": url, "late": late}


@register.inclusion_tag("ui/parts/shares.html")
def shares(parts: Sequence[tuple[str, int, str]]) -> Part:
    """一个整体分成几份: (word, count, tone d1 to d5), drawn as one bar and told to who cannot see it.

    The words and figures stand beside it on the page: the picture alone says nothing.
    """
    whole = sum(count for _, count, _ in parts)
    pieces, left = [], 0.0
    for _, count, tone in parts:
        width = 100 * count / whole if whole else 0.0
        if width:
            pieces.append({"x": f"{left:.2f}", "width": f"{width:.2f}", "tone": tone})
        left += width
    return {
        "pieces": pieces,
        "told": in_a_row([f"{in_words(word)} {count:,}" for word, count, _ in parts], "，"),
    }


@register.inclusion_tag("ui/parts/table.html")
def data_table(
    caption: str,
    columns: Sequence[Part],
    rows: Sequence[Part],
    foot: Sequence[Any] = (),
    *,
    keys: bool = True,
) -> Part:
    """Rows a clerk walks with J, K and Enter.

    `columns` [{label, number, short}]: `number` for figures at the right, `short` for words kept on one line.
    `rows` [{cells}]; a cell is a text or {text, note, url, chip {word, tone}, conf}.
    `foot` the cells of the sum line. `keys` False for tables inside a page that has a longer list.
    """
    heads = [{**_COLUMN, **column} for column in columns]
    body = [list(zip(heads, map(_cell, row["cells"]), strict=True)) for row in rows]
    last = list(zip(heads, map(_cell, foot), strict=True)) if foot else []
    return {"caption": caption, "columns": heads, "rows": body, "foot": last, "keys": keys}


# Whole, because a name that a template misses costs it an exception: two thirds of a list's time.
_COLUMN: Final[Part] = {"label": "", "number": False, "short": False}
_CELL: Final[Part] = {"text": "", "url": "", "note": "", "chip": None, "conf": False}


def _cell(value: Any) -> Part:
    return {**_CELL, **value} if isinstance(value, Mapping) else {**_CELL, "text": value}


@register.inclusion_tag("ui/parts/filter.html")
def filter_bar(fields: Sequence[Part], count: str = "", export_url: str = "") -> Part:
    """筛选: every filter is a query parameter of the page's own address.

    `fields` [{name, label, options [{value, label, selected}]} or {name, label, value, type, hint}]; one of
    type "hidden" keeps a filter that is chosen elsewhere on the page;
    `count` in words (共 17 人); `export_url` exports what is shown.
    """
    return {"fields": fields, "count": count, "export_url": export_url}


@register.inclusion_tag("ui/parts/empty.html")
def empty_state(
    title: str, text: str = "", url: str = "", label: str = "", icon: str = "inbox", *, level: int = 3
) -> Part:
    """空: what it means that nothing is here, and what to do next (a button `label` to `url`).

    `level` 2 where the page has no heading between its own and this one.
    """
    return {"title": title, "text": text, "url": url, "label": label, "icon": icon, "level": level}


@register.inclusion_tag("ui/parts/refusal.html")
def refusal(what: str, why: str, todo: str, whom: str, *, page: bool = False) -> Part:
    """办不成: what happened, 为什么, 怎么办, 找谁, always the four; `page` for the page's heading."""
    return {"what": what, "why": why, "todo": todo, "whom": whom, "page": page}


@register.inclusion_tag("ui/parts/progress.html")
def progress(
    label: str,
    done: int,
    total: int,
    words: str = "",
    left: str = "",
    *,
    stop_url: str = "",
    later_url: str = "",
) -> Part:
    """进度: `words` the counts, `left` the time left, both in words; 先停下 posts to `stop_url`."""
    shown = words or f"{done:,} / {total:,}"
    return {
        "label": label,
        "done": done,
        "total": max(total, 1),
        "words": shown,
        "left": left,
        "stop_url": stop_url,
        "later_url": later_url,
    }


@register.inclusion_tag("ui/parts/masked.html")
def masked(field: Part) -> Part:
    """A number or an address covered until a purpose is given.

    Keys: `id` unique on the page, ASCII; `label` what it is; `text` what stands in its place;
    `url` where the purpose is posted (`purpose`, and `field` = `id`), answered with this same part;
    `purposes` [{value, label}]; `full` the whole, only in that answer;
    `ask` and `again` the words that open it and say that it is covered again, where it is no number;
    `seconds` how long it stays, 60 if not given; `error` a sentence when no purpose was chosen.
    Without `url` only the covered number is shown.
    """
    return {"field": field, "id": slugify(str(field["id"])), "seconds": field.get("seconds", 60)}


@register.inclusion_tag("ui/parts/upload.html")
def upload(
    url: str,
    label: str,
    submit: str,
    *,
    name: str = "file",
    accept: str = "",
    hint: str = "",
    error: str = "",
) -> Part:
    """A form for one file, with a progress bar where script runs; the answer replaces the main part."""
    return {
        "url": url,
        "label": label,
        "submit": submit,
        "name": name,
        "accept": accept,
        "hint": hint,
        "error": error,
        "id": f"upload-{slugify(name)}",
    }


@register.inclusion_tag("ui/parts/field.html")
def field(
    bound: BoundField, label: str = "", hint: str | None = None, placeholder: str = "", inputmode: str = ""
) -> Part:
    """One form field: label, control, hint, errors. `hint` "" leaves the form's own help text out."""
    widget = bound.field.widget
    shown = str(bound.help_text) if hint is None else hint
    box = isinstance(widget, CheckboxInput)
    kind = "form-check-input" if box else "form-select" if isinstance(widget, Select) else "form-control"
    notes = [f"{bound.auto_id}-{part}" for part, there in (("hint", shown), ("error", bound.errors)) if there]
    attrs: dict[str, Any] = {"class": kind, "placeholder": placeholder}
    if bound.errors:
        attrs["aria-invalid"] = "true"
    if notes:
        attrs["aria-describedby"] = " ".join(notes)
    if inputmode:
        attrs["inputmode"] = inputmode
    return {
        "bound": bound,
        "control": bound.as_widget(attrs=attrs),
        "label": label or bound.label,
        "hint": shown,
        "box": box,
        "hidden": bound.is_hidden,
    }


@register.inclusion_tag("ui/parts/form_errors.html")
def form_errors(form: Any) -> Part:
    """What is wrong with a form as a whole (and with its hidden fields), above its first field."""
    hidden = [error for bound in form.hidden_fields() for error in bound.errors] if form else []
    return {"errors": [*(form.non_field_errors() if form else ()), *hidden]}
