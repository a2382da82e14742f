"""The tour of the README is followed to the letter: what it tells to type is what is wrong in the sample."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rongjun.config.demo import sample_roster
from rongjun.kernel.identifiers import IdentityNumber

ROOT = Path(__file__).parents[4]
TOLD = {
    "README.zh-CN.md": r"第 (\d+) 行证件号码末位改成 (\d)",
    "README.md": r"in row (\d+) the number ends in (\d)",
}


@pytest.mark.parametrize(("file", "words"), TOLD.items())
def test_the_digit_the_tour_tells_to_type_mends_the_row_it_names(file: str, words: str) -> None:
    told = re.search(words, (ROOT / file).read_text("utf-8"))
    assert told
    number = sample_roster()[int(told[1]) - 2]["证件号码"]
    assert number[-1] != told[2]
    IdentityNumber.from_text(number[:-1] + told[2])
