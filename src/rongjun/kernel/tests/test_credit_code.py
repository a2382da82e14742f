import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rongjun.kernel.errors import Unfit
from rongjun.kernel.identifiers import UnifiedCreditCode, credit_check_sign, organisation_check_sign

SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
PUBLISHED = "91350100M000100Y43"


def test_the_published_code_raises_no_doubt() -> None:
    code = UnifiedCreditCode.from_text(PUBLISHED)
    assert code.warnings == ()
    assert (code.division, code.organisation_code) == ("350100", "M000100Y4")
    assert not code.is_synthetic
    assert str(code) == f"UnifiedCreditCode(code='{PUBLISHED}')"


def test_the_invented_organisation_raises_no_doubt_and_is_known_as_invented() -> None:
    code = UnifiedCreditCode.from_text("９３９９００００ maxxxxxx7t")
    assert code.is_synthetic
    assert code.warnings == ()


def test_a_code_in_real_use_with_a_wrong_check_sign_is_kept_with_a_warning() -> None:
    code = UnifiedCreditCode.from_text("91350211M0000XUF46")
    assert [doubt.code for doubt in code.warnings] == ["credit-code.wrong-check-sign"]
    assert "人工复核" in code.warnings[0].sentence


def test_a_wrong_organisation_sign_is_doubted_even_when_the_last_sign_agrees() -> None:
    first_17 = "91350100M000100Y5"
    code = UnifiedCreditCode(first_17 + credit_check_sign(first_17))
    assert [doubt.code for doubt in code.warnings] == ["credit-code.wrong-organisation-sign"]


@given(st.text(SIGNS, min_size=9, max_size=9), st.integers(0, 17), st.integers(1, 30))
def test_one_wrong_sign_always_raises_a_doubt(organisation: str, place: int, shift: int) -> None:
    first_17 = "91990000" + organisation[:8]
    first_17 += organisation_check_sign(organisation[:8])
    good = first_17 + credit_check_sign(first_17)
    assert UnifiedCreditCode(good).warnings == ()
    alphabet = "0123456789" if 2 <= place < 8 else SIGNS
    assume(shift % len(alphabet))
    sign = alphabet[(alphabet.index(good[place]) + shift) % len(alphabet)]
    assert UnifiedCreditCode(good[:place] + sign + good[place + 1 :]).warnings


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (PUBLISHED[:-1], "credit-code.wrong-length"),
        ("", "credit-code.wrong-length"),
        (PUBLISHED[:-1] + "Z", "credit-code.wrong-signs"),
        ("9135O100M000100Y43", "credit-code.wrong-signs"),
        ("91A50100M000100Y43", "credit-code.wrong-division"),
    ],
)
def test_a_malformed_code_is_refused(text: str, code: str) -> None:
    with pytest.raises(Unfit) as unfit:
        UnifiedCreditCode.from_text(text)
    assert unfit.value.code == code
