"""The panels of the screen: figures in words, each with the address of its rows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from rongjun.benefits import api as benefits
from rongjun.insight.logic import BARS, STACKED, Cell, Line, Panel, Screen, Tile, channel_in_words, shades_of
from rongjun.insight.queries import MISSING_FILES, PAPERS, REFUSED_ROWS, Swept, Work
from rongjun.kernel.words import Words
from rongjun.registry import api as registry
from rongjun.rules.api import AREAS
from rongjun.ui.api import address

MOST_LINES = 10  # what a panel shows on the screen; its own page shows all
# By county there are too many columns for a screen: of these panels it shows the sum alone.
ONLY_THE_SUM = {"ages", "categories"}
ONLY_ON_THEIR_OWN = {"benefits"}
WHOLE = {"areas"}
AGE_WORDS: Words[dict[str, str]] = {
    "0-29": "30 岁以下",
    "30-44": "30–44 岁",
    "45-59": "45–59 岁",
    "60-69": "60–69 岁",
    "70-79": "70–79 岁",
    "80-": "80 岁以上",
    benefits.NOBODY_KNOWS: "出生日期不明",
}
LISTS: Words[dict[str, str]] = {
    REFUSED_ROWS: "花名册退回的行",
    "feed-candidates": "部门比对结果待认定",
    "duplicates": "疑似重复待核对",
    "merges": "合并待审",
    PAPERS: "材料待归档",
    "proposals": "变更待审",
    "rights-requests": "行权申请待答复",
    MISSING_FILES: "部门来件没按时到",
}
TOO_LONG = 7  # 待局方确认: days after which something that waits is called old


def screen_of(found: Swept | None, told: Work, *, place: str, now: datetime) -> Screen:
    """The whole screen."""
    panels = panels_of(found, told, now=now)
    cut = tuple(
        panel.first(
            len(panel.lines) if panel.code in WHOLE else MOST_LINES,
            figures=1 if panel.code in ONLY_THE_SUM else len(panel.heads),
            more=_panel_url(panel.code, told.county),
        )
        for panel in panels
        if panel.code not in ONLY_ON_THEIR_OWN
    )
    shades = shades_of({each.county: each.people for each in found.counties}) if found else {}
    moment = moment_of(found) if found else ""
    return Screen(place, moment, _tiles(found, panels, county=told.county), cut, shades)


def category_words() -> dict[str, str]:
    """What each category that conditions ask for is called, and those who have none of them."""
    asked = {code: registry.LABEL_OF_CATEGORY[code] for code in registry.FACT_OF_CATEGORY}
    return {**asked, benefits.NONE_OF_THEM: _("不属于以上类别")}


def moment_of(found: Swept) -> str:
    """By what was known when the people were judged."""
    return localtime(found.kept.known_at).strftime("%Y-%m-%d %H:%M")


def panels_of(found: Swept | None, told: Work, *, now: datetime) -> tuple[Panel, ...]:
    """Every panel, whole."""
    people = () if found is None else _of_people(found)
    return (*people, _work(told, now=now), _refusals(told), _balance(told))


def _tiles(found: Swept | None, panels: tuple[Panel, ...], *, county: int | None) -> tuple[Tile, ...]:
    tiles = []
    if found is not None:
        granted, open_ = (sum(each[at] for each in found.verdicts.values()) for at in (0, 1))
        everywhere = _panel_url("benefits", county)
        tiles = [
            Tile(_("在册健在"), f"{found.people:,}", _("人"), "", _people_url("everybody", "all", county)),
            Tile(_("能享受"), f"{granted:,}", _("人次"), _("每人每项算一次"), everywhere),
            Tile(_("差情况"), f"{open_:,}", _("人次"), _("问清就能定"), everywhere),
        ]
    work = next(panel for panel in panels if panel.code == "work")
    waiting = sum(line.cells[0].count or 0 for line in work.lines)
    oldest = max((line.cells[1].count or 0 for line in work.lines), default=0)
    note = _("最久的等了 %(days)s 天") % {"days": oldest} if waiting else _("都办完了")
    late = oldest > TOO_LONG
    return (*tiles, Tile(_("等着办的"), f"{waiting:,}", _("件"), note, _panel_url("work", county), late))


# --- people -------------------------------------------------------------------------------------------------


def _of_people(found: Swept) -> tuple[Panel, ...]:
    return (
        _districts(found),
        _ages(found),
        _categories(found),
        _areas(found),
        benefits_of(found),
        *_take_up(found),
        _waited_for(found),
        _missing(found),
    )


def _districts(found: Swept) -> Panel:
    lines = tuple(
        Line(found.names[each.county], (Cell(each.people, _people_url("everybody", "all", each.county)),))
        for each in sorted(found.chosen, key=lambda each: -each.people)
    )
    return Panel("districts", _("各区市人数"), (_("区市"), _("人数")), lines, chart=BARS)


def _ages(found: Swept) -> Panel:
    return _by_county(
        found,
        "age",
        {value: _(word) for value, word in AGE_WORDS.items()},
        code="ages",
        title=_("年龄"),
        head=_("年龄"),
    )


def _categories(found: Swept) -> Panel:
    return _by_county(
        found,
        "category",
        category_words(),
        code="categories",
        title=_("人员类别"),
        head=_("类别"),
        order_by_count=True,
    )


def _by_county(
    found: Swept,
    group: str,
    words: Mapping[str, str],
    *,
    code: str,
    title: str,
    head: str,
    order_by_count: bool = False,
) -> Panel:
    """A line a value, a column a county, the sum in front."""
    counties = found.chosen if found.county is None and len(found.chosen) > 1 else []
    counted = found.group(group)
    held = [(value, counted[value]) for value in words if counted.get(value)]
    if order_by_count:
        held.sort(key=lambda each: (each[0] == benefits.NONE_OF_THEM, -each[1]))
    lines = tuple(
        Line(
            words[value],
            (
                Cell(count, _people_url(group, value, found.county)),
                *(
                    Cell(each.groups[group].get(value, 0), _people_url(group, value, each.county))
                    for each in counties
                ),
            ),
        )
        for value, count in held
    )
    heads = (head, _("合计"), *(found.names[each.county] for each in counties))
    return Panel(code, title, heads, lines, chart=BARS)


def _areas(found: Swept) -> Panel:
    """By area of policy, the sum over its benefits; each figure opens into the benefits it is the sum of."""
    added = dict.fromkeys(AREAS, (0, 0, 0))
    for code, told in found.verdicts.items():
        area = found.book.benefits[code].area
        granted, unknown, refused = (before + count for before, count in zip(added[area], told, strict=True))
        added[area] = (granted, unknown, refused)
    lines = tuple(
        Line(
            AREAS[area], tuple(Cell(count, _panel_url("benefits", found.county, area=area)) for count in told)
        )
        for area, told in added.items()
        if any(told)
    )
    words = _("人次：每人每项算一次。条目按公开文件整理，不是官方目录。还没有领取记录，所以不算领取率。")
    return Panel(
        "areas", _("优待能不能享受"), _verdict_heads(_("领域")), lines, words, STACKED, unconfirmed=True
    )


def benefits_of(found: Swept, *, area: str = "") -> Panel:
    """By benefit, the one most people are entitled to in front; of one area, or of all."""
    told = {
        code: each for code, each in found.verdicts.items() if area in ("", found.book.benefits[code].area)
    }
    lines = tuple(
        Line(
            found.book.benefits[code].title,
            tuple(
                Cell(count, _entitled_url(code, verdict, found.county))
                for verdict, count in zip(benefits.WORDS, each, strict=True)
            ),
            url=reverse("insight:benefit", args=[code]) + _of(found.county),
        )
        for code, each in sorted(told.items(), key=lambda held: (-held[1][0], held[0]))
    )
    title = AREAS[area] if area else _("每一项优待")
    return Panel("benefits", title, _verdict_heads(_("优待")), lines, chart=STACKED, unconfirmed=True)


def _verdict_heads(first: str) -> tuple[str, ...]:
    return (first, *(_(word) for word in benefits.WORDS.values()))


# What those entitled fall into, as the take-up page of the desk names it.
REACHED: Words[dict[str, str]] = {
    "accepted": "已享受",
    "waiting": "等答复",
    "declined": "本人不要",
    "lapsed": "没有回音",
    "not-reached": "没送到",
}


def _take_up(found: Swept) -> tuple[Panel, ...]:
    """How far what needs no form has reached, the widest gap in front; nothing before the first offers."""
    told = benefits.all_together(found.reached, division=found.county or 0)
    lines = tuple(
        Line(
            found.book.benefits[line.code].title,
            tuple(
                Cell(count, _take_up_url(line.code, figure, found.county))
                for figure, count in zip(
                    REACHED,
                    (line.accepted, line.waiting, line.declined, line.lapsed, line.not_reached),
                    strict=True,
                )
            ),
        )
        for line in sorted(told, key=lambda each: (-each.gap, each.code))
        if line.entitled
    )
    if not lines:
        return ()
    words = _("每一行合起来就是符合条件的人。点开是现在的人，数是上一轮主动提供时数的。")
    heads = (_("优待"), *(_(word) for word in REACHED.values()))
    return (Panel("take-up", _("免申即享送到了多少"), heads, lines, words, STACKED, unconfirmed=True),)


def by_county(found: Swept, code: str) -> Panel:
    """One benefit, county by county."""
    lines = tuple(
        Line(
            found.names[each.county],
            tuple(
                Cell(count, _entitled_url(code, verdict, each.county))
                for verdict, count in zip(benefits.WORDS, each.counts[code], strict=True)
            ),
        )
        for each in found.chosen
        if code in each.counts
    )
    title = found.book.benefits[code].title
    return Panel("benefit", title, _verdict_heads(_("区市")), lines, chart=STACKED, unconfirmed=True)


def _waited_for(found: Swept) -> Panel:
    """By fact, the one most people are asked for in front."""
    facts = found.book.vocabulary.facts
    counted = sorted(
        (
            (name, count)
            for name, count in found.group("waited-for").items()
            if count and name not in found.hidden
        ),
        key=lambda each: (-each[1], each[0]),
    )
    lines = tuple(
        Line(
            facts[name].label,
            (
                Cell(count, _people_url("waited-for", name, found.county)),
                Cell(None, text=facts[name].known_by),
            ),
        )
        for name, count in counted
    )
    words = _("没有登记、又至少有一项优待在等它的人数。")
    heads = (_("情况"), _("人数"), _("谁知道"))
    return Panel("waited-for", _("差哪些情况"), heads, lines, words, BARS, wordy=heads[-1])


def _missing(found: Swept) -> Panel:
    facts = found.book.vocabulary.facts
    lines = tuple(
        Line(facts[name].label, (Cell(count, _people_url("missing", name, found.county)),))
        for name, count in found.group("missing").items()
        if count
    )
    words = _("服役情况只看退役军人，残疾等级和性质只看残疾军人。")
    heads = (_("缺的资料"), _("人数"))
    return Panel("missing", _("资料缺什么"), heads, lines, words, chart=BARS, unconfirmed=True)


# --- work ---------------------------------------------------------------------------------------------------


def _work(told: Work, *, now: datetime) -> Panel:
    lists = dict(told.lists)
    lines = [
        Line(
            _(LISTS[name]),
            (
                Cell(each.count, _waiting_url(name, told.county)),
                Cell((now - each.oldest).days if each.oldest else 0, _waiting_url(name, told.county)),
            ),
        )
        for name, each in lists.items()
    ]
    days = max(((now.date() - each.business_date).days for each in told.missing), default=0)
    if told.county is None:
        url = _waiting_url(MISSING_FILES, None)
        lines.append(Line(_(LISTS[MISSING_FILES]), (Cell(len(told.missing), url), Cell(days, url))))
    heads = (_("清单"), _("件数"), _("最久几天"))
    return Panel("work", _("等着办的"), heads, tuple(lines), chart=BARS)


def _refusals(told: Work) -> Panel:
    lines = tuple(
        Line(column, (Cell(count, _waiting_url(REFUSED_ROWS, told.county, column=column)),))
        for column, count in told.refusals
    )
    words = _("一行有几处错，就在几处各算一次。")
    return Panel("refusals", _("退回的行错在哪一列"), (_("列"), _("行数")), lines, words, chart=BARS)


def _balance(told: Work) -> Panel:
    """What came in by each channel in the last days, and what became of it."""
    channels: dict[str, list[int]] = {}
    for each in told.balances:
        held = channels.setdefault(each.channel, [0, 0, 0, 0, 0])
        for at, count in enumerate((each.taken_in, each.done, each.refused, each.waiting, each.gap)):
            held[at] += count
    lines = tuple(
        Line(
            channel_in_words(channel),
            tuple(Cell(count, reverse("insight:balance") + address(channel=channel)) for count in held),
        )
        for channel, held in sorted(channels.items())
    )
    heads = (_("渠道"), _("收下"), _("办完"), _("退回"), _("待办"), _("差额"))
    return Panel(
        "balance", _("近 7 天收下的，去了哪里"), heads, lines, _("收下 = 办完 + 退回 + 待办，差额应为 0。")
    )


# --- addresses ----------------------------------------------------------------------------------------------


def _people_url(group: str, value: str, county: int | None) -> str:
    return reverse("insight:people", args=[group, value]) + _of(county)


def _entitled_url(code: str, verdict: str, county: int | None) -> str:
    return reverse("insight:entitled", args=[code, verdict]) + _of(county)


def _take_up_url(code: str, figure: str, county: int | None) -> str:
    return reverse("desk:policy-take-up-people", args=[code, figure]) + _of(county)


def _waiting_url(listed: str, county: int | None, *, column: str = "") -> str:
    given = address(county=county or "", column=column)
    return reverse("insight:waiting", args=[listed]) + (given if given != "?" else "")


def _panel_url(code: str, county: int | None, *, area: str = "") -> str:
    given = address(county=county or "", area=area)
    return reverse("insight:panel", args=[code]) + (given if given != "?" else "")


def _of(county: int | None) -> str:
    return address(county=county) if county else ""
