"""`load_templates`: every template in `policy/notices/`, read strictly, all faults of every file at once."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Final

from rongjun.audit.api import looks_personal
from rongjun.notices.logic import (
    WECHAT_FIELD,
    Example,
    Placeholder,
    Template,
    Version,
    longest,
    places_in,
    said_by_sms,
    sms_parts,
    stray_braces,
)
from rongjun.rules.api import Fields, Node, PolicyError, Problem, Sheet, read_sheet

_CODE: Final = re.compile(r"[a-z]+(-[a-z]+)*")
_NAME: Final = re.compile(r"[a-z][a-z_]*")
# What would say who somebody is: no template has a place for it.
_IDENTIFYING: Final = ("name", "phone", "number", "address", "account", "card")
MOST_PARTS: Final = 3
CONFIRMED: Final = {"待局方确认": False, "局方已确认": True}


def load_templates(folder: Path) -> dict[str, Template]:
    """The templates by code; raise `PolicyError` with every fault when any file has one."""
    problems: list[Problem] = []
    found: dict[str, Template] = {}
    for path in sorted(folder.glob("*.yaml")):
        sheet = Sheet(f"policy/notices/{path.name}", problems)
        node = read_sheet(path, sheet=sheet)
        if node is not None:
            template = _template(Fields(node, sheet=sheet, what="消息模板"), stem=path.stem, sheet=sheet)
            found[template.code] = template
    if problems:
        raise PolicyError(problems)
    return found


def _template(fields: Fields, *, stem: str, sheet: Sheet) -> Template:
    code = fields.matching("code", _CODE, "enrolment-ended")
    if code != stem:
        fields.fault("code", f"代码与文件名 {stem} 不一致", "让两者一致")
    title, owner = fields.text("title"), fields.text("owner")
    fields.day("checked")
    confirmed = CONFIRMED.get(fields.one_of("confirmed", list(CONFIRMED)), False)
    valid_days = fields.number("valid_days")
    if not 1 <= valid_days <= 366:
        fields.fault("valid_days", "有效天数要在 1 到 366 之间", "改一个数")
    versions = [_version(each) for each in fields.maps("versions", "版本")]
    for one, next_one in pairwise(versions):
        if one.start >= next_one.start:
            fields.fault("versions", "版本没有按生效日期从早到晚排", "新的放在后面，旧的不改")
    template = Template(
        code=code,
        title=title,
        owner=owner,
        urgent=fields.truth("urgent"),
        valid_days=valid_days,
        confirmed=confirmed,
        note=fields.text_or_none("note") or "",
        file=sheet.file,
        versions=tuple(versions),
    )
    fields.done()
    return template


def _version(fields: Fields) -> Version:
    start, parts = fields.day("from"), fields.number("parts")
    placeholders = _placeholders(fields)
    in_app, in_english = fields.map("in_app", "站内消息"), fields.map("in_app_en", "站内消息（英文）")
    version = Version(
        start=start,
        placeholders=placeholders,
        title=_wording(in_app, "title", placeholders),
        body=_wording(in_app, "body", placeholders),
        title_en=_wording(in_english, "title", placeholders),
        body_en=_wording(in_english, "body", placeholders),
        sms=_wording(fields, "sms", placeholders),
        wechat=_wechat(fields, placeholders),
        parts=parts,
        examples=(),
    )
    for each in (in_app, in_english):
        each.done()
    _check_used(fields, version)
    _check_length(fields, version)
    examples = tuple(_example(each, version) for each in fields.maps("examples", "示例"))
    fields.done()
    return replace(version, examples=examples)


def _placeholders(fields: Fields) -> tuple[Placeholder, ...]:
    found = []
    for each in fields.maps("values", "占位", required=False):
        name, most = each.matching("name", _NAME, "title"), each.number("most")
        each.text("what")
        if any(word in name.split("_") for word in _IDENTIFYING):
            each.fault("name", f"“{name}”像是能认出是谁的东西", "消息里不写身份：改用事由、日期、金额")
        if not 1 <= most <= 200:
            each.fault("most", "最长字数要在 1 到 200 之间", "改一个数")
        each.done()
        found.append(Placeholder(name, most))
    names = [each.name for each in found]
    if len(set(names)) != len(names):
        fields.fault("values", "有重复的占位", "每个占位只写一次")
    return tuple(found)


def _wording(fields: Fields, key: str, placeholders: tuple[Placeholder, ...]) -> str:
    text = fields.text(key)
    _check_text(fields, key, text, placeholders)
    return text


def _check_text(fields: Fields, key: str, text: str, placeholders: tuple[Placeholder, ...]) -> None:
    unknown = places_in(text) - {each.name for each in placeholders}
    if unknown:
        fields.fault(key, f"占位 {'、'.join(sorted(unknown))} 没有在 values 里说明", "补上，或改掉")
    if stray_braces(text):
        fields.fault(key, "花括号里不是占位", "占位写成 {title} 这样，别处不用花括号")
    if looks_personal(text):
        fields.fault(key, "话里有像证件号、电话或卡号的数字", "去掉它")


def _wechat(fields: Fields, placeholders: tuple[Placeholder, ...]) -> tuple[tuple[str, str], ...]:
    written = fields.map("wechat", "公众号模板消息")

    def read(label: str, node: Node) -> tuple[str, str]:
        text = node.value if isinstance(node.value, str) else ""
        if not text:
            written.fault(label, "要写一段话", "写成文字")
        _check_text(written, label, text, placeholders)
        if longest(text, placeholders) > WECHAT_FIELD:
            written.fault(label, f"最长会超过 {WECHAT_FIELD} 个字", "缩短，或把占位的 most 改小")
        return label, text

    return tuple(written.each(read))


def _check_used(fields: Fields, version: Version) -> None:
    for text, key in (
        (version.title + version.body, "in_app"),
        (version.title_en + version.body_en, "in_app_en"),
    ):
        missing = version.names - places_in(text)
        if missing:
            fields.fault(key, f"没有用到 {'、'.join(sorted(missing))}", "站内消息要把每个占位都说出来")


def _check_length(fields: Fields, version: Version) -> None:
    length = longest(version.sms, version.placeholders)
    if not 1 <= version.parts <= MOST_PARTS:
        fields.fault("parts", f"短信最多 {MOST_PARTS} 条", "改一个数")
    elif sms_parts(length) > version.parts:
        fields.fault(
            "sms", f"最长 {length} 个字，要拆成 {sms_parts(length)} 条短信", f"缩到 {version.parts} 条以内"
        )


def _example(fields: Fields, version: Version) -> Example:
    name, told = fields.text("name"), fields.map("values", "占位的值") if fields.has("values") else None
    values = dict(told.each(lambda key, node: (key, str(node.value)))) if told else {}
    example = Example(name, values, fields.text("sms"))
    fields.done()
    if set(values) != version.names:
        fields.fault("values", "示例的值和占位不是同一组", "一个不多，一个不少")
    elif said_by_sms(version, values) != example.sms:
        fields.fault("sms", f"填好以后是“{said_by_sms(version, values)}”", "改示例，或改短信的话")
    return example
