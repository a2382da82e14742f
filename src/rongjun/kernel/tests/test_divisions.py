import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rongjun.kernel.errors import Unfit
from rongjun.kernel.identifiers import DivisionCode, Level

parts = st.tuples(
    st.integers(11, 82), st.integers(0, 99), st.integers(0, 99), st.integers(0, 999), st.integers(0, 999)
)


def code_of(levels: tuple[int, int, int, int, int]) -> str:
    return "{:02d}{:02d}{:02d}{:03d}{:03d}".format(*levels)


@st.composite
def divisions(draw: st.DrawFn) -> DivisionCode:
    levels = draw(parts)
    depth = draw(st.integers(1, 5))
    shallow = tuple(part if at < depth else 0 for at, part in enumerate(levels))
    assume(0 not in shallow[1:depth])
    return DivisionCode.from_text("{:02d}{:02d}{:02d}{:03d}{:03d}".format(*shallow))


@pytest.mark.parametrize(
    ("text", "level", "hi", "parent"),
    [
        ("370000", Level.PROVINCE, 379999999999, None),
        ("370200", Level.CITY, 370299999999, 370000000000),
        ("370202", Level.COUNTY, 370202999999, 370200000000),
        ("370202901", Level.TOWNSHIP, 370202901999, 370202000000),
        ("370202901901", Level.VILLAGE, 370202901901, 370202901000),
        ("441900003000", Level.TOWNSHIP, 441900003999, 441900000000),
        ("３７０２０２", Level.COUNTY, 370202999999, 370200000000),
    ],
)
def test_a_code_knows_its_level_scope_and_parent(
    text: str, level: Level, hi: int, parent: int | None
) -> None:
    division = DivisionCode.from_text(text)
    assert (division.level, division.hi) == (level, hi)
    assert division.lo == division.code
    assert (division.parent.code if division.parent else None) == parent
    assert division.text.startswith(str(division)[: len(text)])


@given(divisions())
def test_a_parent_contains_its_child_and_is_wider(division: DivisionCode) -> None:
    assert DivisionCode.from_text(division.text) == division
    assert division.contains(division)
    if division.parent is None:
        assert division.level is Level.PROVINCE
    else:
        assert division.parent.contains(division)
        assert not division.contains(division.parent)


@given(divisions(), divisions())
def test_two_scopes_are_nested_or_apart(one: DivisionCode, other: DivisionCode) -> None:
    overlap = one.lo <= other.hi and other.lo <= one.hi
    assert overlap == (one.contains(other) or other.contains(one))


def test_a_scope_contains_a_plain_number_and_both_its_ends() -> None:
    county = DivisionCode(370202000000)
    assert county.contains(county.lo)
    assert county.contains(county.hi)
    assert not county.contains(county.hi + 1)
    assert not county.contains(county.lo - 1)


def test_invented_places_are_known() -> None:
    assert DivisionCode(370202901901).is_synthetic
    assert not DivisionCode(370202001001).is_synthetic


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "division.wrong-length"),
        ("3702", "division.wrong-length"),
        ("37020X", "division.wrong-length"),
        ("070202", "division.wrong-length"),
        ("3702020000001", "division.wrong-length"),
        ("370002", "division.gap"),
        ("370000001", "division.gap"),
        ("370202000001", "division.gap"),
    ],
)
def test_what_is_no_division_is_refused(text: str, code: str) -> None:
    with pytest.raises(Unfit) as unfit:
        DivisionCode.from_text(text)
    assert unfit.value.code == code
