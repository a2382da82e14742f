"""The strict YAML reader."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rongjun.rules.errors import Problem
from rongjun.rules.reading import Fields, Sheet, plain, read_sheet, read_text


def read(text: str) -> tuple[object, list[Problem]]:
    sheet = Sheet("x.yaml", [])
    node = read_text(text, sheet=sheet)
    return (plain(node) if node else None), sheet.problems


def test_keys_are_texts_and_only_true_and_false_are_truth_values() -> None:
    value, problems = read("on: yes\n12: no\nnull: true\nquoted: 'true'\n")
    assert problems == []
    assert value == {"on": "yes", "12": "no", "null": True, "quoted": "true"}


def test_numbers_dates_texts_and_null_read_as_written() -> None:
    sheet = Sheet("x.yaml", [])
    node = read_text("a: [12, -3, 2024-02-29, null, '007', 3个月, 青政办字〔2023〕20号]", sheet=sheet)
    assert node is not None
    assert isinstance(node.value, dict)
    items = node.value["a"].value
    assert isinstance(items, list)
    assert [item.value for item in items] == [
        12,
        -3,
        date(2024, 2, 29),
        None,
        "007",
        "3个月",
        "青政办字〔2023〕20号",
    ]


@pytest.mark.parametrize(
    "scalar", ["1.5", "0777", "12:30", "1_000", "0x1F", "1e3", ".inf", "2024-8-1", "2024-02-30", "~", ""]
)
def test_what_merely_looks_like_a_number_or_is_empty_is_refused(scalar: str) -> None:
    value, problems = read(f"good: 1\nbad: {scalar}\n")
    assert value is None
    assert [problem.line for problem in problems] == [2]
    assert problems[0].fix


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: 1\na: 2\n", "写了两次"),
        ("a: &x 1\n", "锚点"),
        ("a: !!str 1\n", "类型标记"),
        ("a: [*x]\n", "引用"),
        ("\ufeff甲: 1\na: >-2#b\n  c\n", "紧跟着“#”"),
        ("---\na: 1\n---\nb: 1\n", "几份文档"),
        ("a:\n\t- b\n", "缩进"),
        ("a: 'x\n", "YAML"),
        ("[a]: 1\n", "键必须是文字"),
        ("", "空的"),
        ("a: " + "[" * 30 + "]" * 30, "嵌套"),
    ],
)
def test_what_is_not_plain_data_is_refused_with_a_reason(text: str, says: str) -> None:
    value, problems = read(text)
    assert value is None
    assert says in " ".join(str(problem) for problem in problems)


def test_a_comment_after_a_space_may_follow_the_sign_of_a_block() -> None:
    assert read("a: > # why\n  >#b\nc: '>#d'\n") == ({"a": ">#b\n", "c": ">#d"}, [])


def test_all_faults_of_a_file_are_told_at_once_with_their_lines() -> None:
    _, problems = read("a: 1.5\nb: 2\nb: 3\nc: 0777\n")
    assert [problem.line for problem in problems] == [1, 3, 4]


def test_an_unknown_key_is_refused_with_a_hint() -> None:
    sheet = Sheet("x.yaml", [])
    node = read_text("title: 甲\nprovidor: 乙\n", sheet=sheet)
    assert node is not None
    fields = Fields(node, sheet=sheet, what="优待项目")
    fields.text("title")
    fields.text("provider")
    fields.done()
    told = [str(problem) for problem in sheet.problems]
    assert any("缺少“provider”" in line for line in told)
    assert any("第 2 行" in line and "是否想写 provider" in line for line in told)


def test_a_truth_value_is_not_a_number() -> None:
    sheet = Sheet("x.yaml", [])
    node = read_text("cap_fen: true\n", sheet=sheet)
    assert node is not None
    Fields(node, sheet=sheet, what="待遇").number("cap_fen")
    assert [problem.what for problem in sheet.problems] == ["“cap_fen”应是整数"]


def test_a_file_that_is_not_utf8_or_missing_or_huge_is_named(tmp_path: Path) -> None:
    (tmp_path / "gbk.yaml").write_bytes("标题: 甲".encode("gbk"))
    (tmp_path / "huge.yaml").write_text("a: " + "x" * 300_000)
    for name in ("gbk.yaml", "missing.yaml", "huge.yaml"):
        sheet = Sheet(name, [])
        assert read_sheet(tmp_path / name, sheet=sheet) is None
        assert len(sheet.problems) == 1


@given(st.text(alphabet=st.sampled_from("ab:-[]{}&*!|>'\"#%@,?~1.\n\t 年"), max_size=40))
def test_no_text_makes_the_reader_crash(text: str) -> None:
    value, problems = read(text)
    assert problems == [] or value is None
