"""Every part: what it shows, and that nothing given to it becomes markup."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django import forms

from rongjun.ui.sheet import (
    ASKS_A_NUMBER,
    COVERED,
    FOLDED,
    GRANTED,
    PERSON,
    REFUSED,
    UNKNOWN,
    WORDING,
    sheet,
)
from rongjun.ui.templatetags.ui import ICONS, TONES
from rongjun.ui.tests.conftest import Draw

EVIL = "\"'><script>alert(1)</script>"

LINES = {
    "chip": "{% chip v.text 'ok' %}",
    "conf": "{% conf v.text %}",
    "icon": "{% icon 'check' v.text %}",
    "person": "{% person_header v.person %}",
    "decision": "{% for card in v.cards %}{% decision card %}{% endfor %}",
    "question": "{% question v.asked %}",
    "benefit": "{% benefit v.wording %}",
    "timeline": "{% timeline v.entries %}",
    "tile": "{% tile v.text v.text v.text v.text v.text %}",
    "shares": "{% shares v.shares %}",
    "table": "{% data_table v.text v.columns v.rows v.foot %}",
    "filter": "{% filter_bar v.filters v.text v.text %}",
    "empty": "{% empty_state v.text v.text v.text v.text %}",
    "refusal": "{% refusal v.text v.text v.text v.text %}",
    "progress": "{% progress v.text 1 2 v.text v.text stop_url=v.text later_url=v.text %}",
    "masked": "{% masked v.covered %}{% masked v.shown %}",
    "upload": "{% upload v.text v.text v.text name=v.text accept=v.text hint=v.text error=v.text %}",
}


def _poison(value: Any, *, kept: frozenset[str] = frozenset({"verdict", "state", "tone", "icon"})) -> Any:
    """The same shape with every text that a person could have written replaced by an attack."""
    if isinstance(value, dict):
        return {key: each if key in kept else _poison(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_poison(each) for each in value]
    return EVIL if isinstance(value, str) else value


def _given(*, poisoned: bool) -> dict[str, Any]:
    values = {
        **sheet(),
        "cards": [GRANTED, FOLDED, UNKNOWN, ASKS_A_NUMBER, REFUSED],
        "asked": ASKS_A_NUMBER["question"],
        "covered": COVERED,
        "text": "测试",
    }
    return {key: _poison(each) for key, each in values.items()} if poisoned else values


@pytest.mark.parametrize("part", sorted(LINES))
def test_what_is_given_to_a_part_is_shown_as_text(draw: Draw, part: str) -> None:
    shown = draw(LINES[part], v=_given(poisoned=True))
    assert "<script" not in shown
    assert "&lt;script&gt;alert(1)" in shown
    assert "\"'>" not in shown


@pytest.mark.parametrize("part", sorted(LINES))
def test_a_part_leaves_no_template_behind(draw: Draw, part: str) -> None:
    shown = draw(LINES[part], v=_given(poisoned=False))
    assert shown.strip()
    assert "{%" not in shown
    assert "{{" not in shown


@pytest.mark.parametrize(
    ("card", "word", "look", "shape"),
    [
        (GRANTED, "能享受", "ok", "check"),
        (UNKNOWN, "差情况", "ask", "question-mark"),
        (REFUSED, "不能享受", "no", "ban"),
    ],
)
def test_a_verdict_has_a_word_and_a_shape_of_its_own(
    draw: Draw, card: dict[str, Any], word: str, look: str, shape: str
) -> None:
    shown = draw("{% decision card %}", card=card)
    assert f'<article class="rj-dec {look}">' in shown
    assert re.search(rf'class="mark"><svg[^>]*><use href="[^"]*#{shape}">', shown)
    assert re.search(rf">\s*{word}</span>", shown)


def test_a_verdict_we_do_not_know_is_our_mistake(draw: Draw) -> None:
    with pytest.raises(KeyError):
        draw("{% decision card %}", card={**GRANTED, "verdict": "maybe"})


def test_each_reason_says_in_words_whether_it_holds(draw: Draw) -> None:
    assert 'aria-label="符合"' in draw("{% decision card %}", card=GRANTED)
    assert 'aria-label="还不知道"' in draw("{% decision card %}", card=UNKNOWN)
    assert 'aria-label="不符合"' in draw("{% decision card %}", card=REFUSED)


def test_an_unknown_asks_its_question_with_answers_to_press(draw: Draw) -> None:
    shown = draw("{% decision card %}", card=UNKNOWN)
    assert "老人家里的房子漏雨，或是危房吗？" in shown
    assert 'method="post" action="/answer/"' in shown
    assert 'name="csrfmiddlewaretoken"' in shown
    assert '<button class="btn btn-sm" type="submit" name="in_hardship" value="yes">是</button>' in shown
    assert '<a class="btn btn-sm" href="#">约上门看房</a>' in shown


def test_a_number_is_asked_for_in_one_field_that_knows_its_limits(draw: Draw) -> None:
    shown = draw("{% decision card %}", card=ASKS_A_NUMBER)
    assert re.search(r'<input [^>]*type="number" name="disability_grade" min="1" max="10" required', shown)
    assert 'aria-label="残疾军人证上的残疾等级是几级？ 1 到 10 的整数"' in shown
    assert 'name="csrfmiddlewaretoken"' in shown
    assert ">记下</button>" in shown
    assert "<input class" not in draw("{% decision card %}", card=UNKNOWN)


def test_a_place_is_answered_by_a_button_that_no_empty_field_stands_in_the_way_of(draw: Draw) -> None:
    asked = {
        "text": "现在长期居住在哪个市？",
        "url": "/answer/",
        "name": "residence_city",
        "answers": [{"label": "本市", "value": "990100000000"}],
        "field": {"type": "text", "digits": 6, "limits": "别的地方填 6 位区划代码"},
        "waiting": 10,
    }
    shown = draw("{% question asked %}", asked=asked)
    assert "10 项在等这个答案" in shown
    first, second = re.findall(r"<form.*?</form>", shown, re.DOTALL)
    assert 'value="990100000000">本市</button>' in first
    assert "<input class" not in first
    assert 'inputmode="numeric"' in second
    assert 'min=""' not in second


def test_a_folded_decision_is_one_line_that_opens_to_the_same_why(draw: Draw) -> None:
    shown = draw("{% decision card %}", card=FOLDED)
    line, why = shown.split("</summary>")
    assert '<details class="rj-dec ok"><summary>' in line
    assert "免首道门票" in line
    assert '<span class="rj-sr">' in line
    assert "持有有效的荣军卡" not in line
    for words in ("按“烈士的子女”判断", "持有有效的荣军卡", "示例文号〔2023〕1 号"):
        assert words in why
    assert "<details open" not in shown.replace('class="rj-dec ok" ', "")
    assert " open>" in draw("{% decision card %}", card={**FOLDED, "open": True})
    assert 'class="rj-chip ok"' in draw("{% decision card %}", card={**FOLDED, "says_verdict": True})


def test_a_benefit_says_who_what_how_by_what_since_when_and_how_sure(draw: Draw) -> None:
    shown = draw("{% benefit w %}", w=WORDING)
    said = """下面几条都要满足 下面任意一条 持有荣军卡 另须：不在待遇中止期间 全免 示范博物馆 凭：优待证
        施行日没有查到，按整理日 待局方确认 已读到来源 起算日没有查到 第一条"""
    for words in said.split():
        assert words in shown
    assert re.findall(r'href="([^"]*)"', re.sub(r"<use[^>]*>", "", shown)) == WORDING["links"]


def test_a_confirmed_benefit_says_who_confirmed_it_by_which_document(draw: Draw) -> None:
    shown = draw("{% benefit w %}", w={**WORDING, "confirmed": {"by": "测试陈明", "document": "局发 1 号"}})
    assert "局方已确认" in shown
    assert "测试陈明，依据 局发 1 号" in shown
    assert "待局方确认" not in shown


def test_what_is_not_confirmed_says_so_in_these_words(draw: Draw) -> None:
    assert ">待局方确认</span>" in draw("{% decision card %}", card=UNKNOWN)
    assert "待局方确认" not in draw("{% decision card %}", card=GRANTED)


@pytest.mark.parametrize("tone", sorted(set(TONES) - {"", "gold"}))
def test_a_chip_that_means_something_has_a_shape_beside_its_colour(draw: Draw, tone: str) -> None:
    assert "<svg" in draw("{% chip '在办' tone %}", tone=tone)


def test_a_refusal_says_the_four_things_in_order(draw: Draw) -> None:
    shown = draw("{% refusal '没办成' '缘由' '做法' '某人' %}")
    places = [shown.index(each) for each in ("没办成", "为什么", "缘由", "怎么办", "做法", "找谁", "某人")]
    assert places == sorted(places)


def test_a_covered_number_has_nothing_of_the_full_one(draw: Draw) -> None:
    shown = draw("{% masked field %}", field=COVERED)
    assert "990001********0016" in shown
    assert "填用途看全号" in shown
    assert 'name="field" value="identity"' in shown
    assert "data-unmasked" not in shown


def test_a_full_number_says_when_it_goes_and_brings_its_cover_along(draw: Draw) -> None:
    shown = draw("{% masked field %}", field={**COVERED, "full": "9900-full", "seconds": 60})
    assert 'data-seconds="60"' in shown
    cover = shown[shown.index("<template>") :]
    assert "990001********0016" in cover
    assert "9900-full" not in cover


def test_a_number_without_an_address_offers_no_way_to_see_it(draw: Draw) -> None:
    assert "<form" not in draw("{% masked field %}", field={"id": "x", "text": "99****01", "label": "证号"})


def test_a_forgotten_purpose_keeps_the_form_open_and_says_what_is_missing(draw: Draw) -> None:
    shown = draw("{% masked field %}", field={**COVERED, "error": "先选一个用途。"})
    assert "<details open>" in shown
    assert "先选一个用途。" in shown


def test_a_person_is_known_by_name_and_not_by_the_test_prefix(draw: Draw) -> None:
    shown = draw("{% person_header person %}", person=PERSON)
    assert re.search(r'<span class="face"[^>]* aria-hidden="true"[^>]*>张</span>', shown)
    assert "<h1 data-focus>测试张三" in shown


def test_figures_stand_right_and_the_sum_has_its_own_line(draw: Draw) -> None:
    columns = [{"label": "类别"}, {"label": "人数", "number": True}]
    shown = draw("{% data_table '按类别' c r f %}", c=columns, r=[{"cells": ["甲", "7"]}], f=["合计", "7"])
    assert len(re.findall(r'<td class="n">7\s*</td>', shown)) == 2
    assert "<tfoot>" in shown
    assert '<th scope="col" class="n">人数</th>' in shown


def test_a_row_with_a_cell_too_few_is_our_mistake(draw: Draw) -> None:
    with pytest.raises(ValueError, match="shorter"):
        draw("{% data_table '表' c r %}", c=[{"label": "甲"}, {"label": "乙"}], r=[{"cells": ["一"]}])


def test_progress_is_a_progress_element_with_counts_in_words(draw: Draw) -> None:
    shown = draw("{% progress '正在重算' 18204 27836 left='约 40 秒' %}")
    assert '<progress class="rj-bar" value="18204" max="27836" aria-label="正在重算">' in shown
    assert "18,204 / 27,836" in shown


def test_progress_over_nothing_is_not_a_division_by_nothing(draw: Draw) -> None:
    assert 'max="1"' in draw("{% progress '空' 0 0 %}")


class _Code(forms.Form):
    code = forms.CharField(label="Code", help_text="English help")
    remember = forms.BooleanField(required=False)
    credential = forms.CharField(widget=forms.HiddenInput)


def test_a_field_names_its_hint_and_its_error_for_screen_readers(draw: Draw) -> None:
    shown = draw("{% field form.code label='动态码' hint='6 位数' %}", form=_Code({}))
    assert '<label class="form-label" for="id_code">动态码</label>' in shown
    assert 'aria-describedby="id_code-hint id_code-error"' in shown
    assert 'id="id_code-error"' in shown
    assert 'aria-invalid="true"' in shown
    assert "English help" not in shown


def test_a_form_shows_the_errors_of_fields_nobody_sees(draw: Draw) -> None:
    assert 'role="alert"' in draw("{% form_errors form %}", form=_Code({}))
    assert draw("{% form_errors form %}", form=_Code()).strip() == ""


def test_an_icon_we_do_not_have_is_our_mistake(draw: Draw) -> None:
    with pytest.raises(AssertionError, match="no such icon"):
        draw("{% icon 'rocket' %}")


def test_the_sprite_and_the_tag_know_the_same_icons() -> None:
    listed = Path(__file__).parents[4] / "web" / "icons.json"
    assert set(json.loads(listed.read_text("utf-8"))) == ICONS
