"""The bureau's roster 花名册: what each column may say, and what one row becomes. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypeVar
from uuid import UUID

from rongjun.kernel.errors import Unfit
from rongjun.kernel.identifiers import (
    DOCUMENT_LABELS,
    DivisionCode,
    DocumentType,
    ForeignPermit,
    IdentityNumber,
    Level,
    PersonalDocument,
    Phone,
    admit,
    hide,
    read_document,
)
from rongjun.kernel.reading import compact, half_width
from rongjun.registry.logic import CATEGORY_OF_LABEL, fit_to_show, tidy_name

# What stands for a cell the spreadsheet spoilt; no workbook can hold the sign they start with.
SPOILT_NUMBER = "\x00number"
SPOILT_FORMULA = "\x00formula"
SPOILT: Mapping[str, str] = {
    SPOILT_NUMBER: "表格软件把长号码当成了数字，末几位已经变成 0。请把这一列设成“文本”格式后重新填写。",
    SPOILT_FORMULA: "这一格是公式。请复制后“粘贴为数值”，再导入。",
}
RANK_GROUPS = {
    "军官": "officer",
    "军士": "nco",
    "初级军士": "nco_junior",
    "义务兵": "conscript",
    "学员": "cadet",
}
PLACEMENT_MODES = {
    "自主就业": "self_employed",
    "安排工作": "job_arranged",
    "逐月领取退役金": "monthly_pension",
    "复员": "demobilised",
    "转业": "transferred",
    "退休": "retired",
    "供养": "state_supported",
}
CAUSES = {"因战": "war", "因公": "duty", "因病": "illness"}
GRADES = {f"{word}级": number for number, word in enumerate("一二三四五六七八九十", start=1)}
HOUSEHOLD_KINDS = {"农村": "rural", "城镇": "urban"}
YES_NO = {"是": True, "否": False, "有": True, "无": False}
# 嘉峪关、东莞、中山、儋州: cities whose households are registered under no county (GB/T 2260).
CITIES_WITHOUT_COUNTIES = frozenset({"620200", "441900", "442000", "460400"})
YOUNGEST_RECRUIT = 14  # years; children did serve before 1949
EARLIEST_SERVICE = date(1900, 1, 1)


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the roster: its heading, what may stand in it, and how a clerk is told."""

    heading: str
    help: str
    required: bool = False
    choices: tuple[str, ...] = ()
    several: bool = False
    width: int = 14


COLUMNS: tuple[Column, ...] = (
    Column("姓名", "与证件一致。", required=True),
    Column("证件类型", "不填按居民身份证。", choices=tuple(DOCUMENT_LABELS.values()), width=18),
    Column(
        "证件号码",
        "18 位，列格式须为“文本”。15 位旧号码也收，会补成 18 位。",
        required=True,
        width=24,
    ),
    Column(
        "人员类别",
        "可填多个，用顿号隔开。",
        required=True,
        choices=tuple(CATEGORY_OF_LABEL),
        several=True,
        width=22,
    ),
    Column("服务站区划代码", "负责这份档案的服务站，12 位。", required=True, width=18),
    Column("入伍日期", "年-月-日，如 1970-12-01。"),
    Column("退役日期", "年-月-日。"),
    Column("服役身份", "退役时的身份。", choices=tuple(RANK_GROUPS)),
    Column("安置方式", "", choices=tuple(PLACEMENT_MODES), width=16),
    Column("残疾等级", "没有就空着。", choices=tuple(GRADES)),
    Column("残疾性质", "填了等级就要填。", choices=tuple(CAUSES)),
    Column("户籍区划代码", "户口所在区县的 6 位代码。"),
    Column("户籍类别", "", choices=tuple(HOUSEHOLD_KINDS)),
    Column("抚恤定补", "是否在领抚恤金或定期生活补助。", choices=("是", "否")),
    Column("荣军保对象", "是否在荣军保的抚恤定补优抚对象名册内。", choices=("是", "否")),
    Column("优待证", "是否已领优待证，不清楚就空着。", choices=("有", "无")),
    Column("残疾军人证", "是否持证，不清楚就空着。", choices=("有", "无")),
    Column("手机号码", "11 位。", width=16),
)


@dataclass(frozen=True, slots=True)
class RawRow:
    """A row as it stands in the file: its number there, and the text under each heading.

    `corrects` names the import and row this one was given back from, for a row that was refused before.
    """

    number: int
    values: Mapping[str, str]
    corrects: tuple[UUID, int] | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a row is refused: the column, the value so far as it may be shown, what is wrong and what to do."""

    column: str
    shown: str
    code: str
    sentence: str


@dataclass(frozen=True, slots=True)
class RosterRow:
    """A row that can become a file. Statuses are category codes; None and "" mean the row does not say.

    `stated` are facts the row simply says so, by name, as text.
    """

    number: int
    name: str
    document_type: str
    document: PersonalDocument
    division: int
    statuses: tuple[str, ...]
    stated: tuple[tuple[str, str], ...] = ()
    enlisted_on: date | None = None
    discharged_on: date | None = None
    rank_group: str = ""
    placement_mode: str = ""
    disability_grade: int | None = None
    disability_cause: str = ""
    household_county: str = ""
    household_kind: str = ""
    phone: Phone | None = None

    @property
    def sex(self) -> str:
        """The sex the number tells; "" when the document tells none."""
        return self.document.sex if isinstance(self.document, IdentityNumber) else ""

    @property
    def birth_date(self) -> date | None:
        """The birth date the number tells."""
        return _born(self.document)


def read_row(raw: RawRow, *, synthetic: bool, today: date) -> RosterRow | tuple[Fault, ...]:
    """What the row says, or every reason why it is refused. `today` refuses dates that have not come.

    Never raises, whatever stands in the cells; no fault shows a personal number whole.
    """
    cells = _Cells(raw)
    if all(half_width(raw.values.get(each, "")).rstrip("*") == each for each in ("姓名", "证件号码")):
        return (Fault("姓名", "姓名", "registry.second-heading", "这一行又是一遍表头，请删掉这一行。"),)
    name = cells.read("姓名", _name)
    kind = cells.choose("证件类型", _DOCUMENT_TYPES, empty=str(DocumentType.RESIDENT_ID))
    document = cells.read("证件号码", lambda text: admit(_document(kind, text), synthetic=synthetic))
    division = cells.read("服务站区划代码", lambda text: DivisionCode.from_text(text).code)
    enlisted, discharged = _service_days(cells, _born(document), today)
    statuses = (*_categories_of(cells), *_rolls(cells))
    grade, cause = _disability(cells, statuses)
    stated = _stated(cells)
    county = cells.read("户籍区划代码", _county) or ""
    household_kind = cells.choose("户籍类别", HOUSEHOLD_KINDS) or ""
    rank_group = cells.choose("服役身份", RANK_GROUPS) or ""
    placement_mode = cells.choose("安置方式", PLACEMENT_MODES) or ""
    phone = cells.read("手机号码", lambda text: admit(Phone.from_text(text), synthetic=synthetic))
    if cells.faults:
        return tuple(cells.faults)
    assert kind
    assert document
    assert name
    assert division
    return RosterRow(
        number=raw.number,
        name=name,
        document_type=kind,
        document=document,
        division=division,
        statuses=statuses,
        stated=stated,
        enlisted_on=enlisted,
        discharged_on=discharged,
        rank_group=rank_group,
        placement_mode=placement_mode,
        disability_grade=grade,
        disability_cause=cause,
        household_county=county,
        household_kind=household_kind,
        phone=phone,
    )


# --- one row's cells ----------------------------------------------------------------------------------------

Value = TypeVar("Value")


class _Cells:
    """Reads one row's cells and gathers every fault, so that a clerk mends a row once."""

    def __init__(self, raw: RawRow) -> None:
        self.raw = raw
        self.faults: list[Fault] = []

    def says(self, heading: str) -> bool:
        """Whether anything stands in the cell."""
        return bool(half_width(self.raw.values.get(heading, "")))

    def read(self, heading: str, how: Callable[[str], Value]) -> Value | None:
        """The cell as a value; None when it is empty or a fault was noted."""
        value = self.raw.values.get(heading, "")
        if value in SPOILT:
            self.fault(heading, "registry.cell-spoilt", SPOILT[value], shown="（格式问题）")
            return None
        text = half_width(value)
        if not text:
            if _IS_REQUIRED[heading]:
                self.fault(heading, "registry.cell-missing", f"{heading}没有填，请补上。")
            return None
        try:
            return how(text)
        except Unfit as unfit:
            self.fault(heading, unfit.code, unfit.sentence)
            return None

    def choose(
        self, heading: str, choices: Mapping[str, Value], *, empty: Value | None = None
    ) -> Value | None:
        """The cell as one of a list's words; `empty` when nothing stands in it."""
        if not self.says(heading):
            return empty
        return self.read(heading, lambda text: _chosen(text, heading, choices))

    def fault(self, heading: str, code: str, sentence: str, *, shown: str | None = None) -> None:
        """Note why the row is refused."""
        value = half_width(self.raw.values.get(heading, ""))
        self.faults.append(Fault(heading, _shown(heading, value) if shown is None else shown, code, sentence))


_IS_REQUIRED = {column.heading: column.required for column in COLUMNS}
_PRIVATE = {"证件号码", "手机号码"}
_PLACES = {"服务站区划代码", "户籍区划代码"}
_DOCUMENT_TYPES = {label: str(code) for code, label in DOCUMENT_LABELS.items()}
_MOST_SHOWN = 40


def _shown(heading: str, value: str) -> str:
    """A refused value as a clerk may see it: enough to find the row, not enough to be a person's number."""
    if not value:
        return "（空）"
    if heading in _PRIVATE:
        return fit_to_show(hide(value, head=6, tail=4)) if len(value) <= _MOST_SHOWN else "（太长）"
    is_code = heading in _PLACES and re.fullmatch(r"\d{6,12}", compact(value))
    return value if is_code else _cut(fit_to_show(value), _MOST_SHOWN)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _chosen(text: str, heading: str, choices: Mapping[str, Value]) -> Value:
    if text not in choices:
        raise Unfit("registry.not-in-list", f"{heading}只能填：{'、'.join(choices)}。请改成其中一个。")
    return choices[text]


# --- what the columns say -----------------------------------------------------------------------------------


def _name(text: str) -> str:
    name = tidy_name(text)
    fits = all(c.isalnum() or c in " ·.'-’" for c in name) and any(c.isalpha() for c in name)
    if not 2 <= len(name) <= 50 or not fits or re.search(r"\d{7}", name):
        raise Unfit(
            "registry.not-a-name",
            "姓名应为 2 到 50 个字，只含汉字、字母、少量数字和间隔号，请对照证件填写。",
        )
    return name


def _document(kind: str | None, text: str) -> PersonalDocument:
    if kind == DocumentType.RESIDENT_ID:
        return IdentityNumber.from_text(text, accept_legacy=True)
    if kind is None:
        raise Unfit("registry.document-type-first", "先把证件类型改对，才能核对号码。")
    return read_document(kind, text)


def _born(document: PersonalDocument | None) -> date | None:
    return document.birth_date if isinstance(document, IdentityNumber | ForeignPermit) else None


def _categories_of(cells: _Cells) -> tuple[str, ...]:
    return cells.read("人员类别", _categories) or ()


def _rolls(cells: _Cells) -> tuple[str, ...]:
    """Being on a roll that is paid by is a category of its own; an empty cell is no."""
    rolls = {"抚恤定补": "regular-subsidy", "荣军保对象": "key-pension-group"}
    return tuple(category for heading, category in rolls.items() if cells.choose(heading, YES_NO))


def _categories(text: str) -> tuple[str, ...]:
    # Covered before it is cut up: a number in groups would else come apart into pieces that look harmless.
    words = [word for word in re.split(r"[、,;/|+\s]+", fit_to_show(text)) if word]
    strange = [word for word in words if word not in CATEGORY_OF_LABEL]
    if strange or not words:
        named = "、".join(f"“{_cut(word, 12)}”" for word in strange[:3]) or "这"
        known = "、".join(CATEGORY_OF_LABEL)
        raise Unfit("registry.unknown-category", f"没有{named}这一类。可填：{known}。")
    return tuple(dict.fromkeys(CATEGORY_OF_LABEL[word] for word in words))


def _disability(cells: _Cells, statuses: tuple[str, ...]) -> tuple[int | None, str]:
    grade, cause = cells.choose("残疾等级", GRADES), cells.choose("残疾性质", CAUSES) or ""
    if "disabled-soldier" in statuses and not cells.says("残疾等级"):
        cells.fault(
            "残疾等级", "registry.grade-missing", "人员类别写了残疾军人，请填残疾等级（一级到十级）。"
        )
    elif cells.says("残疾性质") and not cells.says("残疾等级"):
        cells.fault("残疾等级", "registry.grade-missing", "填了残疾性质，请填残疾等级（一级到十级）。")
    if cells.says("残疾等级") and not cells.says("残疾性质"):
        cells.fault("残疾性质", "registry.cause-missing", "填了残疾等级，请填残疾性质：因战、因公或因病。")
    return grade, cause


def _stated(cells: _Cells) -> tuple[tuple[str, str], ...]:
    """Holding a card is a plain yes or no; an empty cell says neither."""
    held = {"holds_pref_card": "优待证", "holds_disabled_cert": "残疾军人证"}
    answers = ((fact, cells.choose(heading, YES_NO)) for fact, heading in held.items())
    return tuple((fact, "true" if held else "false") for fact, held in answers if held is not None)


def _service_days(cells: _Cells, born: date | None, today: date) -> tuple[date | None, date | None]:
    enlisted = cells.read("入伍日期", lambda text: _service_day(text, today))
    discharged = cells.read("退役日期", lambda text: _service_day(text, today))
    if enlisted and discharged and discharged <= enlisted:
        cells.fault(
            "退役日期", "registry.discharged-before-enlisted", "退役日期早于入伍日期，请核对两个日期。"
        )
    elif enlisted and born and enlisted.year - born.year < YOUNGEST_RECRUIT:
        cells.fault(
            "入伍日期",
            "registry.enlisted-too-young",
            f"按证件号码算，入伍时不满 {YOUNGEST_RECRUIT} 岁，请核对日期或证件号码。",
        )
    return enlisted, discharged


def _service_day(text: str, today: date) -> date:
    day = _day(text)
    if day > today:
        raise Unfit("registry.day-to-come", "这一天还没有到，请核对年、月、日。")
    if day < EARLIEST_SERVICE:
        raise Unfit("registry.day-too-early", "这一天早得不可能，请核对年份。")
    return day


_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?", re.ASCII)
_PLAIN_DAY = re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII)
_MIDNIGHT = re.compile(r"[ T]0{1,2}:00(:00)?(\.0+)?$")


def _day(text: str) -> date:
    written = re.sub(r"\s", "", _MIDNIGHT.sub("", text))
    found = _DAY.fullmatch(written) or _PLAIN_DAY.fullmatch(written)
    if not found:
        raise Unfit("registry.not-a-day", "请写成 年-月-日，例如 1970-12-01；只知道年月的，查到哪一天再填。")
    try:
        return date(*(int(part) for part in found.groups()))
    except ValueError:
        raise Unfit("registry.no-such-day", "没有这一天，请核对年、月、日。") from None


def _county(text: str) -> str:
    place = DivisionCode.from_text(text)
    county = place.text[:6]
    if place.level in {Level.PROVINCE, Level.CITY} and county not in CITIES_WITHOUT_COUNTIES:
        raise Unfit("registry.not-a-county", "户籍请写到区县，填区县的 6 位代码（末两位不是 00）。")
    return county


# --- examples -----------------------------------------------------------------------------------------------


def examples(*, station: int) -> tuple[Mapping[str, str], ...]:
    """Two invented people as a clerk of this station would fill them in."""
    place = DivisionCode(station)
    county = "" if place.level in {Level.PROVINCE, Level.CITY} else place.text[:6]
    return (
        {
            "姓名": "测试张三0001",
            "证件类型": "居民身份证",
            "证件号码": IdentityNumber.invented(born=date(1952, 3, 8), sequence=1).number,
            "人员类别": "退役军人",
            "服务站区划代码": place.text,
            "入伍日期": "1970-12-01",
            "退役日期": "1976-03-15",
            "服役身份": "义务兵",
            "安置方式": "复员",
            "户籍区划代码": county,
            "户籍类别": "农村",
            "抚恤定补": "否",
            "优待证": "有",
            "残疾军人证": "无",
            "手机号码": "10000000001",
        },
        {
            "姓名": "测试李四0002",
            "证件类型": "居民身份证",
            "证件号码": IdentityNumber.invented(born=date(1968, 7, 21), sequence=2).number,
            "人员类别": "退役军人、残疾军人",
            "服务站区划代码": place.text,
            "入伍日期": "1986-10-01",
            "退役日期": "1990-03-01",
            "服役身份": "军士",
            "安置方式": "安排工作",
            "残疾等级": "七级",
            "残疾性质": "因战",
            "户籍区划代码": county,
            "户籍类别": "城镇",
            "抚恤定补": "是",
            "荣军保对象": "是",
            "优待证": "有",
            "残疾军人证": "有",
            "手机号码": "10000000002",
        },
    )
