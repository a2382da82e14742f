"""What messages say: lengths, cuts and versions, without a database."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rongjun.notices.logic import (
    CUT,
    SMS_ONE_PART,
    WECHAT_FIELD,
    Template,
    Version,
    fitted,
    longest,
    said_by_sms,
    said_by_wechat,
    said_in_app,
    sms_parts,
)
from rongjun.notices.wording import load_templates
from rongjun.rules.api import PolicyError
from tests.house.tree import ROOT

FOLDER = ROOT / "policy" / "notices"
TEMPLATES = load_templates(FOLDER)
WORDINGS = [(template, version) for template in TEMPLATES.values() for version in template.versions]


@pytest.mark.parametrize(("template", "version"), WORDINGS, ids=lambda each: getattr(each, "code", None))
def test_each_wording_renders_with_its_examples(template: Template, version: Version) -> None:
    for example in version.examples:
        told = said_in_app(version, example.values)
        in_english = said_in_app(version, example.values, english=True)
        texts = [*vars_of(told), *vars_of(in_english), *said_by_wechat(version, example.values).values()]
        assert said_by_sms(version, example.values) == example.sms
        assert not any("{" in text or "}" in text for text in texts)
        assert all(value in told.title + told.body for value in example.values.values())


def vars_of(said: object) -> list[str]:
    return [getattr(said, "title"), getattr(said, "body")]  # noqa: B009 - two fields of one frozen value


@pytest.mark.parametrize(("template", "version"), WORDINGS, ids=lambda each: getattr(each, "code", None))
@given(data=st.data())
def test_whatever_the_values_a_text_keeps_its_parts(
    template: Template, version: Version, data: st.DataObject
) -> None:
    values = {name: data.draw(st.text(max_size=300)) for name in sorted(version.names)}
    assert sms_parts(len(said_by_sms(version, values))) <= version.parts
    assert all(len(text) <= WECHAT_FIELD for text in said_by_wechat(version, values).values())


@given(st.text(max_size=300), st.integers(1, 100))
def test_a_value_is_one_line_no_longer_than_it_may_be(text: str, most: int) -> None:
    shown = fitted(text, most=most)
    assert len(shown) <= most
    assert "\n" not in shown
    assert shown == " ".join(text.split()) or shown.endswith(CUT)


@given(st.integers(1, 1000))
def test_parts_are_as_few_as_hold_the_text(length: int) -> None:
    parts = sms_parts(length)
    assert (parts == 1) == (length <= SMS_ONE_PART)
    assert parts == 1 or 67 * (parts - 1) < length <= 67 * parts


def test_the_longest_text_is_counted_with_every_value_full() -> None:
    version = TEMPLATES["enrolment-ended"].versions[0]
    full = {each.name: "字" * 999 for each in version.placeholders}
    assert longest(version.sms, version.placeholders) == len(said_by_sms(version, full))


def test_the_newest_wording_that_has_begun_is_in_force() -> None:
    template = TEMPLATES["offers-made"]
    first = template.versions[0]
    assert template.on(first.start) is first
    assert template.on(date(2000, 1, 1)) is None


GOOD = (FOLDER / "offer-declined.yaml").read_text("utf-8")
SPOILT = {
    "未说明的占位": ("情况: 记下了您不要", "情况: 记下了{who}不要", "没有在 values 里说明"),
    "说出身份的占位": ("name: how", "name: phone", "像是能认出是谁"),
    "太长的短信": ("sms: 【荣军】", f"sms: 【荣军】{'多' * 40}", "条短信"),
    "太长的公众号字段": ("情况: 记下了您不要", f"情况: {'多' * 21}", "20 个字"),
    "示例对不上": ("how: 电话}", "how: 上门}", "填好以后是"),
    "示例少一个值": (", how: 电话}", "}", "不是同一组"),
    "不认识的键": ("urgent: false", "urgent: false\nurgnet: true", "没有“urgnet”这个键"),
    "文件名不一致": ("code: offer-declined", "code: offer-refused", "与文件名"),
    "像号码的数字": ("情况: 记下了您不要", "情况: 请拨10000000009", "像证件号"),
    "没用到的占位": ("（{how}）。不是您的意思，可以在", "。不是您的意思，可以在", "没有用到 how"),
    "落单的花括号": ("情况: 记下了您不要", "情况: '记下了}您'", "花括号"),
    "有效天数": ("valid_days: 60", "valid_days: 0", "1 到 366"),
}  # fmt: skip


@pytest.mark.parametrize("what", SPOILT)
def test_a_spoilt_template_is_named_with_what_is_wrong(what: str, tmp_path: Path) -> None:
    old, new, told = SPOILT[what]
    assert old in GOOD
    (tmp_path / "offer-declined.yaml").write_text(GOOD.replace(old, new, 1), "utf-8")
    with pytest.raises(PolicyError) as refused:
        load_templates(tmp_path)
    assert told in str(refused.value)
