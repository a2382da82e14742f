import json
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rongjun.kernel.errors import Unfit
from rongjun.kernel.money import YUAN, Fen, round_half_up, share_of, split

amounts = st.integers(-(10**15), 10**15).map(Fen)
weights = st.lists(st.integers(0, 10**6), min_size=1, max_size=24).filter(any)


@pytest.mark.parametrize(
    ("text", "fen"),
    [
        ("1,234.50", 123450),
        ("1234.5", 123450),
        ("１，２３４．５０元", 123450),
        ("￥ 12", 1200),
        ("-0.01", -1),
        ("－3元", -300),
        ("¥-3", -300),
        ("+7", 700),
        ("-0.00", 0),
        ("0012.30", 1230),
        ("999999999999999.99", 99999999999999999),
    ],
)
def test_amounts_are_read_as_people_write_them(text: str, fen: int) -> None:
    assert Fen.from_text(text) == fen
    assert isinstance(Fen.from_text(text), Fen)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("1.005", "money.below-one-fen"),
        ("1.000", "money.below-one-fen"),
        ("NaN", "money.not-an-amount"),
        ("inf", "money.not-an-amount"),
        ("1e3", "money.not-an-amount"),
        ("1 2", "money.not-an-amount"),
        ("12,34", "money.not-an-amount"),
        ("1,2345", "money.not-an-amount"),
        (",123", "money.not-an-amount"),
        ("1.", "money.not-an-amount"),
        (".7", "money.not-an-amount"),
        ("", "money.not-an-amount"),
        ("--1", "money.not-an-amount"),
        ("1²", "money.not-an-amount"),
        ("½", "money.not-an-amount"),
        ("3万", "money.not-an-amount"),
        ("٣", "money.not-an-amount"),
        ("9" * 16, "money.too-large"),
        ("9" * 5000, "money.too-large"),
    ],
)
def test_what_is_not_an_amount_is_unfit_and_not_repeated(text: str, code: str) -> None:
    with pytest.raises(Unfit) as refused:
        Fen.from_text(text)
    assert refused.value.code == code
    assert not text or text not in refused.value.sentence


@given(amounts)
def test_an_amount_survives_being_written_and_read(amount: Fen) -> None:
    assert Fen.from_text(str(amount)) == amount
    assert Fen.from_text(f"{amount}元") == amount


def test_an_amount_prints_as_yuan_for_people_and_as_fen_for_machines() -> None:
    amount = Fen(-123450)
    assert str(amount) == amount.text == f"{amount}" == "-1,234.50"
    assert f"{Fen(5):>8}" == "    0.05"
    assert f"{amount:d}" == "-123450"
    assert repr(amount) == "Fen(-123450)"
    assert json.dumps({"fen": amount}) == '{"fen": -123450}'
    with pytest.raises(ValueError, match="format"):
        f"{amount:.2f}"


@given(amounts, amounts, st.integers(-1000, 1000))
def test_sums_and_multiples_stay_amounts(a: Fen, b: Fen, n: int) -> None:
    for result, expected in [
        (a + b, int(a) + int(b)),
        (a - b, int(a) - int(b)),
        (n + a, n + int(a)),
        (n - a, n - int(a)),
        (a * n, int(a) * n),
        (n * a, int(a) * n),
        (-a, -int(a)),
        (abs(a), abs(int(a))),
        (sum([a, b]), int(a) + int(b)),
        (Fen.total([a, b]), int(a) + int(b)),
    ]:
        assert type(result) is Fen
        assert int(result) == expected


@pytest.mark.parametrize("wrong", [1.0, "1", Decimal(1), Fraction(1), True, None])
def test_an_amount_is_never_made_from_anything_but_whole_fen(wrong: int) -> None:
    with pytest.raises(TypeError):
        Fen(wrong)
    with pytest.raises(TypeError):
        Fen(1) + wrong
    with pytest.raises(TypeError):
        Fen(1) * wrong


def test_reading_an_amount_from_a_number_is_our_own_mistake() -> None:
    with pytest.raises(TypeError, match="float"):
        Fen.from_text(1.5)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "operation", ["a / 2", "a // 2", "a % 2", "divmod(a, 2)", "2 / a", "7 // a", "7 % a"]
)
def test_an_amount_is_not_divided_by_accident(operation: str) -> None:
    with pytest.raises(TypeError, match="share_of"):
        eval(operation, {"a": Fen(3)})


@pytest.mark.parametrize("operation", ["a ** 2", "2 ** a", "float(a)", "round(a)", "a * a"])
def test_an_amount_is_not_raised_squared_or_made_a_float(operation: str) -> None:
    with pytest.raises(TypeError):
        eval(operation, {"a": Fen(3)})


@pytest.mark.parametrize(
    ("value", "rounded"),
    [
        (Fraction(1, 2), 1),
        (Fraction(-1, 2), -1),
        (Fraction(3, 2), 2),
        (Fraction(5, 2), 3),
        (Fraction(49, 100), 0),
        (Fraction(-249, 100), -2),
        (7, 7),
    ],
)
def test_halves_round_away_from_zero(value: Fraction | int, rounded: int) -> None:
    assert round_half_up(value) == rounded


@given(st.fractions())
def test_rounding_moves_by_at_most_half_and_mirrors(value: Fraction) -> None:
    assert abs(round_half_up(value) - value) <= Fraction(1, 2)
    assert round_half_up(-value) == -round_half_up(value)


def test_a_share_is_rounded_once_to_the_unit_asked_for() -> None:
    monthly_wage = Fen.from_yuan(7244)
    assert share_of(monthly_wage, Fraction("0.3"), unit=YUAN) == Fen.from_yuan(2173)
    assert share_of(monthly_wage, Fraction("0.3")) == Fen.from_text("2173.20")
    assert share_of(Fen(1), Fraction(1, 2)) == Fen(1)


def test_shares_and_weights_are_exact() -> None:
    with pytest.raises(TypeError, match="exact"):
        share_of(Fen(1), 0.5)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="exact"):
        split(Fen(1), [0.5, 0.5])  # type: ignore[list-item]
    with pytest.raises(ValueError, match="unit"):
        share_of(Fen(1), 1, unit=Fen(0))


@given(amounts, weights)
def test_the_parts_of_a_split_add_up_and_stay_within_a_fen(total: Fen, parts: list[int]) -> None:
    result = split(total, parts)
    assert Fen.total(result) == total
    for part, weight in zip(result, parts, strict=True):
        assert abs(Fraction(int(part)) - Fraction(int(total) * weight, sum(parts))) < 1
        assert weight or part == 0


@given(amounts, weights)
def test_a_recovery_splits_as_its_payment_did(total: Fen, parts: list[int]) -> None:
    assert split(-total, parts) == tuple(-part for part in split(total, parts))


def test_a_spare_fen_goes_to_the_largest_remainder_then_to_the_earlier_part() -> None:
    assert split(Fen(100), [1, 1, 1]) == (34, 33, 33)
    assert split(Fen(10), [Fraction(1, 3), Fraction(1, 2), Fraction(1, 6)]) == (3, 5, 2)
    assert split(Fen(0), [0, 5]) == (0, 0)


@pytest.mark.parametrize("wrong", [[], [0, 0], [1, -1], [2, -1]])
def test_impossible_weights_are_refused(wrong: list[int]) -> None:
    with pytest.raises(ValueError, match="weights"):
        split(Fen(100), wrong)
