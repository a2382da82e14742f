"""The grammar of conditions."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rongjun.rules.conditions import parse_condition
from rongjun.rules.errors import ConditionError, Fault
from rongjun.rules.tests.strategies import book, conditions
from rongjun.rules.tree import All, Compare, Condition, Holds


def parse(text: str) -> Condition:
    return parse_condition(text, vocabulary=book().vocabulary, regions=book().regions)


def faults(text: str) -> ConditionError:
    with pytest.raises(ConditionError) as caught:
        parse(text)
    return caught.value


def test_full_width_and_chinese_connectors_read_like_sql() -> None:
    written = "（is_veteran　且　age≥６０）或 非 has_employer 或 disability_cause ＝ ‘war’"
    assert parse(written) == parse(
        "(is_veteran AND age >= 60) OR NOT has_employer OR disability_cause = 'war'"
    )


def test_brackets_around_the_same_connector_do_not_hide_a_condition() -> None:
    tree = parse("is_veteran AND (is_active_soldier AND (age > 5))")
    assert tree == All((Holds("is_veteran", True), Holds("is_active_soldier", True), Compare("age", ">", 5)))


@pytest.mark.parametrize(
    ("text", "column", "hint"),
    [
        ("agee >= 60", 1, "age"),
        ("is_veteran AND 年龄 >= 60", 16, "age"),
        ("is_veteran AND is_veterann", 16, "is_veteran"),
        ("disability_cause = 'warr'", 20, "war"),
        ("60 <= age", 1, "age >="),
        ("age >= '60'", 8, "整数"),
        ("age >= 060", 8, "前导零"),
        ("age >= 6.5", 9, "只用"),
        ("age >= 151", 8, "0 到 150"),
        ("disability_grade <= 11", 21, "1 到 10"),
        ("is_veteran = 1", 1, "直接写 is_veteran"),
        ("age", 1, "比较"),
        ("age >= service_years", 8, "固定的取值"),
        ("1 = 1", 1, "左边写事实"),
        ("household_city = 'qingdao'", 18, "this_city"),
        ("household_city = this_province", 18, "this_city"),
        ("household_city > this_city", 1, "="),
        ("is_veteran IS NULL", 1, "直接写"),
        ("birth_date < '2024-02-30'", 14, "真实的日期"),
        ("birth_date < DATE '2024-02-01'", 14, "日期直接写"),
        ("age BETWEEN 60 AND 50", 1, "调换"),
        ("age IN (60, 60)", 1, "重复"),
        ("age IN ()", 1, "取值"),
        ("age IN (60,)", 11, "逗号"),
        ("age NOT NULL", 9, "IS NULL"),
        ("age = NULL", 7, "IS NULL"),
        ("age != 60", 5, "<>"),
        ("pg_sleep(10)", 1, "函数"),
        ("is_veteran; DROP TABLE x", 11, "只用"),
        ("is_veteran -- x", 12, "整数"),
        ("is_veteran AND", 12, "两边"),
        ("(is_veteran", 2, "右括号"),
        ("is_veteran)", 11, "左括号"),
        ("disability_cause = 'war", 20, "单引号"),
        ("", 1, "写上条件"),
        ("(" * 13 + "is_veteran" + ")" * 13, 13, "嵌套"),
        ("NOT " * 13 + "is_veteran", 49, "嵌套"),
        ("is_veteran OR " * 300 + "is_veteran", 1, "拆成"),
    ],
)
def test_what_is_outside_the_grammar_is_refused_with_place_and_advice(
    text: str, column: int, hint: str
) -> None:
    error = faults(text)
    assert error.faults[0].column == column
    assert hint in str(error)


def test_all_unknown_names_of_a_condition_are_told_at_once() -> None:
    assert [fault.column for fault in faults("agee > 1 OR is_vet OR sexx = 'male'").faults] == [1, 13, 23]


def test_a_connector_inside_a_quoted_text_is_left_alone() -> None:
    assert [fault.column for fault in faults("household_kind = '非农且' AND is_vet").faults] == [28]
    assert [fault.column for fault in faults("household_kind = '非农且'").faults] == [18]


def test_a_long_chain_is_not_deep() -> None:
    assert isinstance(parse(" AND ".join(["is_veteran"] * 250)), All)


@settings(max_examples=100, deadline=None)
@given(conditions())
def test_everything_the_grammar_allows_is_accepted(text: str) -> None:
    parse(text)


class Recogniser:
    """The grammar once more, written straight down: one bool fact, one whole-number fact."""

    def __init__(self, words: list[str]) -> None:
        self.words = [*words, "END"]
        self.at = 0

    def take(self, *wanted: str) -> bool:
        if self.words[self.at] in wanted:
            self.at += 1
            return True
        return False

    def accepts(self) -> bool:
        return self.either() and self.words[self.at] == "END"

    def either(self) -> bool:
        return self.chain("OR", lambda: self.chain("AND", self.part))

    def chain(self, word: str, part) -> bool:
        good = part()
        while good and self.take(word):
            good = part()
        return bool(good)

    def part(self) -> bool:
        if self.take("NOT"):
            return self.part()
        if self.take("("):
            return self.either() and self.take(")")
        return self.take("is_veteran") or (self.take("service_years") and self.comparison())

    def comparison(self) -> bool:
        if self.take("=", "<", ">="):
            return self.take("3", "7")
        if self.take("IS"):
            self.take("NOT")
            return self.take("NULL")
        self.take("NOT")
        if self.take("IN"):
            return self.take("(") and self.listed() and self.take(")")
        if self.take("BETWEEN"):
            low = self.words[self.at]
            return (
                self.take("3", "7")
                and self.take("AND")
                and low <= self.words[self.at]
                and self.take("3", "7")
            )
        return False

    def listed(self) -> bool:
        seen = [self.words[self.at]]
        good = self.take("3", "7")
        while good and self.take(","):
            seen.append(self.words[self.at])
            good = self.take("3", "7")
        return good and len(set(seen)) == len(seen)


WORDS = ["is_veteran", "service_years", "AND", "OR", "NOT", "(", ")", "=", "<", ">=", "IN", "BETWEEN"]
WORDS += ["IS", "NULL", ",", "3", "7"]


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=9))
def test_nothing_outside_the_grammar_is_accepted_and_nothing_inside_refused(words: list[str]) -> None:
    text = " ".join(words)
    try:
        parse(text)
    except ConditionError:
        accepted = False
    else:
        accepted = True
    assert accepted == Recogniser(words).accepts(), text


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60))
def test_no_text_makes_the_parser_crash(text: str) -> None:
    told: tuple[Fault, ...] = ()
    try:
        parse(text)
    except ConditionError as error:
        told = error.faults
    assert all(1 <= fault.column <= max(1, len(text)) for fault in told)
