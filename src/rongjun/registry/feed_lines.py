"""What a line of a feed says: read strictly, and what it would change if somebody confirms it. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date

from rongjun.kernel.errors import Unfit
from rongjun.kernel.identifiers import DivisionCode, IdentityNumber, admit
from rongjun.kernel.reading import compact
from rongjun.kernel.words import Words, translatable, worded
from rongjun.registry.logic import tidy_name
from rongjun.registry.logic.telling import SEXES

DEATHS, SENTENCES, MOVES, PENSIONS = "deaths", "sentences", "moves", "pensions"
FEEDS: Words[Mapping[str, str]] = {DEATHS: "去世", SENTENCES: "判刑", MOVES: "户籍迁移", PENSIONS: "养老待遇"}
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
# The one date each kind of line is about.
_ON = {DEATHS: "died_on", SENTENCES: "judged_on", MOVES: "moved_on", PENSIONS: "since"}
PENALTIES: Words[Mapping[str, str]] = {
    "life": "无期徒刑",
    "fixed-term": "有期徒刑",
    "detention": "拘役",
    "control": "管制",
    "rights-deprived": "剥夺政治权利",
}
HOUSEHOLD_KINDS: Words[Mapping[str, str]] = {"rural": "农村", "urban": "城镇", "": "城乡未注明"}
PENSION_STATES: Words[Mapping[str, str]] = {"receiving": "在领", "stopped": "停发"}


@dataclass(frozen=True, slots=True)
class FeedLine:
    """One readable line: whom it is about, the day it is about, and what it would change."""

    feed: str
    name: str
    number: IdentityNumber | None
    was_legacy: bool
    birth_date: date | None
    sex: str
    on: date
    change: Mapping[str, str]


def read_line(feed: str, fields: Mapping[str, str], *, synthetic: bool, today: date) -> FeedLine | str:
    """The line, or a Chinese sentence why it cannot be used; no sentence holds what the field says."""
    try:
        return _read(feed, fields, synthetic=synthetic, today=today)
    except Unfit as unfit:
        return unfit.sentence


def change_in_words(feed: str, change: Mapping[str, str]) -> str:
    """What confirming would do to the file, as the page says it."""
    if feed == DEATHS:
        return worded("登记 {died_on} 去世", died_on=change["died_on"])
    if feed == SENTENCES:
        until = worded("，刑满 {term_end}", term_end=change["term_end"]) if change["term_end"] else ""
        return worded(
            "记下 {judged_on} 生效的{penalty}判决{until}，列入待上报省厅",
            judged_on=change["judged_on"],
            penalty=PENALTIES[change["penalty"]],
            until=until,
        )
    if feed == MOVES:
        kind = HOUSEHOLD_KINDS[change["household_kind"]]
        return worded(
            "户籍自 {moved_on} 起改为 {county}（{kind}）",
            moved_on=change["moved_on"],
            county=change["county"],
            kind=kind,
        )
    return worded("记下自 {since} 起领取养老待遇，有生活费来源", since=change["since"])


def _read(feed: str, fields: Mapping[str, str], *, synthetic: bool, today: date) -> FeedLine:
    name = tidy_name(fields.get("name", ""))
    if not 0 < len(name) <= 50:
        raise Unfit("feed.name", "姓名为空，或超过 50 个字。")
    number, was_legacy = _number(fields.get("number", ""), synthetic=synthetic)
    birth_date = _day(fields.get("birth_date", ""), translatable("出生日期"), optional=True)
    if number is None and birth_date is None:
        raise Unfit("feed.nobody", "既没有证件号码，也没有出生日期，认不出是谁。")
    on = _day(fields.get(_ON[feed], ""), translatable("日期"))
    assert on is not None
    if on > today:
        raise Unfit("feed.future", "日期在今天以后，请核对。")
    if birth_date and birth_date > on:
        raise Unfit("feed.before-birth", "日期在出生日期以前，请核对。")
    return FeedLine(
        feed=feed,
        name=name,
        number=number,
        was_legacy=was_legacy,
        birth_date=birth_date or (number.birth_date if number else None),
        sex=_word(fields.get("sex", ""), {**SEXES, "": ""}, translatable("性别")),
        on=on,
        change=_change(feed, fields, on=on),
    )


def _number(text: str, *, synthetic: bool) -> tuple[IdentityNumber | None, bool]:
    typed = compact(text)
    if not typed:
        return None, False
    number = admit(IdentityNumber.from_text(typed, accept_legacy=True), synthetic=synthetic)
    return number, len(typed) == 15


def _day(text: str, label: str, *, optional: bool = False) -> date | None:
    if optional and not text:
        return None
    with suppress(ValueError):
        if _DATE.fullmatch(text):
            return date.fromisoformat(text)
    raise Unfit("feed.date", worded("{label}不是形如 2026-11-29 的日期。", label=label))


def _word(text: str, known: Mapping[str, str], label: str) -> str:
    if text not in known:
        raise Unfit("feed.word", worded("{label}不是约定的几个词之一。", label=label))
    return text


def _change(feed: str, fields: Mapping[str, str], *, on: date) -> dict[str, str]:
    day = on.isoformat()
    if feed == DEATHS:
        return {"died_on": day}
    if feed == SENTENCES:
        end = _day(fields.get("term_end", ""), translatable("刑满日期"), optional=True)
        penalty = _word(fields.get("penalty", ""), PENALTIES, translatable("刑罚"))
        return {"judged_on": day, "penalty": penalty, "term_end": end.isoformat() if end else ""}
    if feed == MOVES:
        county = DivisionCode.from_text(fields.get("county", ""))
        kind = _word(fields.get("household_kind", ""), HOUSEHOLD_KINDS, translatable("户籍类别"))
        return {"moved_on": day, "county": county.text[:6], "household_kind": kind}
    return {"since": day, "state": _word(fields.get("state", ""), PENSION_STATES, translatable("状态"))}
