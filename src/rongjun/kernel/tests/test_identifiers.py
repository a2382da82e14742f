import dataclasses
import pickle
from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rongjun.kernel.errors import Unfit
from rongjun.kernel.identifiers import (
    DOCUMENT_LABELS,
    AccountKind,
    BankCard,
    DocumentType,
    ForeignPermit,
    IdentityNumber,
    MilitaryCard,
    Passport,
    PersonalDocument,
    Phone,
    TravelPermit,
    UnifiedCreditCode,
    admit,
    check_digit,
    hide,
    luhn_digit,
    read_document,
)
from rongjun.kernel.tests.strategies import birth_dates, identity_numbers

INVENTED = "990001195001010023"
NEXT_SIGN = dict(zip("0123456789X", "123456789X0", strict=True))


def unfit_code(read: type[PersonalDocument] | type[Phone] | type[BankCard], text: str) -> str:
    with pytest.raises(Unfit) as unfit:
        read.from_text(text)
    assert len(text) < 5 or text not in unfit.value.sentence
    return unfit.value.code


# Published examples are put together here, so that no file of ours holds a number that could be somebody's.
@pytest.mark.parametrize(
    ("start", "rest", "born", "sex"),
    [
        ("11010519", "491231002X", date(1949, 12, 31), "female"),
        ("44052418", "8001010014", date(1880, 1, 1), "male"),
        ("99000119", "5001010015", date(1950, 1, 1), "male"),
        ("99000119", "5001010023", date(1950, 1, 1), "female"),
        ("99000119", "8512319990", date(1985, 12, 31), "male"),
    ],
)
def test_published_numbers_are_read(start: str, rest: str, born: date, sex: str) -> None:
    number = IdentityNumber.from_text(start + rest)
    assert (number.birth_date, number.sex, number.address_code) == (born, sex, start[:6])
    assert number.is_synthetic == start.startswith("99")


@given(identity_numbers)
def test_an_invented_number_is_read_back_as_it_was_made(number: IdentityNumber) -> None:
    assert IdentityNumber.from_text(number.number) == number
    assert number.is_synthetic


@given(born=birth_dates, sequence=st.integers(0, 999))
def test_a_number_carries_birth_date_and_sex(born: date, sequence: int) -> None:
    number = IdentityNumber.invented(born=born, sequence=sequence)
    assert number.birth_date == born
    assert number.sex == ("male" if sequence % 2 else "female")


@given(identity_numbers, st.integers(0, 17), st.integers(1, 9))
def test_one_wrong_digit_is_always_noticed(number: IdentityNumber, place: int, shift: int) -> None:
    sign = number.number[place]
    wrong = str((int(sign) + shift) % 10) if sign != "X" else str(shift)
    with pytest.raises(Unfit):
        IdentityNumber(number.number[:place] + wrong + number.number[place + 1 :])


@given(identity_numbers, st.integers(0, 16))
def test_two_neighbours_swapped_are_always_noticed(number: IdentityNumber, place: int) -> None:
    text = number.number
    assume(text[place] != text[place + 1])
    with pytest.raises(Unfit):
        IdentityNumber(text[:place] + text[place + 1] + text[place] + text[place + 2 :])


@pytest.mark.parametrize(
    "typed",
    [
        "９９０００１１９５００１０１００２３",
        " 990001 19500101 0023 ",
        "990001-19500101-0023",
        "990001\u200b195001010023\ufeff",
    ],
)
def test_a_number_is_read_as_people_type_it(typed: str) -> None:
    assert IdentityNumber.from_text(typed).number == INVENTED


def test_a_small_or_full_width_x_is_the_same_x() -> None:
    number = next(
        made
        for sequence in range(1000)
        if (made := IdentityNumber.invented(born=date(1950, 1, 1), sequence=sequence)).number.endswith("X")
    )
    for x in "xｘＸ":
        assert IdentityNumber.from_text(number.number[:17] + x) == number


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "identity.empty"),
        ("99000119500101002", "identity.wrong-length"),
        ("9900011950010100230", "identity.wrong-length"),
        ("99000119500101OO23", "identity.wrong-signs"),
        ("٩90001195001010023", "identity.wrong-signs"),
        ("990001195002300023", "identity.impossible-birth-date"),
        ("990001179912310023", "identity.impossible-birth-date"),
        ("990001195001010024", "identity.wrong-check-digit"),
        ("100000195001010023", "identity.unknown-province"),
        ("937000195001010023", "identity.unknown-province"),
        ("990001500101002", "identity.legacy-form"),
    ],
)
def test_a_number_that_cannot_be_says_why_without_repeating_it(text: str, code: str) -> None:
    assert unfit_code(IdentityNumber, text) == code


def test_a_wrong_check_digit_tells_the_clerk_to_look_at_the_last_digit() -> None:
    with pytest.raises(Unfit, match="核对最后一位"):
        IdentityNumber.from_text(INVENTED[:17] + NEXT_SIGN[INVENTED[17]])


@pytest.mark.parametrize(
    ("legacy", "born"),
    [
        ("990001500101002", date(1950, 1, 1)),
        ("990001851231999", date(1885, 12, 31)),
        ("990001851231996", date(1885, 12, 31)),
        ("990001851231995", date(1985, 12, 31)),
    ],
)
def test_an_import_completes_a_legacy_number(legacy: str, born: date) -> None:
    number = IdentityNumber.from_text(legacy, accept_legacy=True)
    assert number.birth_date == born
    assert number.number[:6] + number.number[8:17] == legacy
    assert check_digit(number.number[:17]) == number.number[17]


@pytest.mark.parametrize("address", ["810000", "820000", "830000"])
def test_a_residence_permit_has_the_same_layout(address: str) -> None:
    first_17 = address + "19500101" + "002"
    number = IdentityNumber.from_text(first_17 + check_digit(first_17))
    assert number.is_residence_permit
    assert not number.is_synthetic
    assert not IdentityNumber(INVENTED).is_residence_permit


def foreign(first: str) -> str:
    first_17 = first + "19800202" + "001"
    return first_17 + check_digit(first_17)


def test_both_forms_of_a_foreign_permit_are_read() -> None:
    new = ForeignPermit.from_text(foreign("937036"))
    assert new.birth_date == date(1980, 2, 2)
    assert not new.is_synthetic
    old = ForeignPermit.from_text("zzz 370280020211")
    assert (old.number, old.birth_date, old.is_synthetic) == ("ZZZ370280020211", None, True)
    assert ForeignPermit.from_text(foreign("990036")).is_synthetic


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (foreign("370200"), "identity.not-a-foreign-permit"),
        (foreign("910036"), "identity.unknown-province"),
        (foreign("937036")[:-1], "identity.wrong-length"),
        ("ZZ3702800202111", "identity.wrong-length"),
        ("", "identity.empty"),
    ],
)
def test_what_is_no_foreign_permit_is_refused(text: str, code: str) -> None:
    assert unfit_code(ForeignPermit, text) == (
        "identity.unknown-province" if code.endswith("province") else code
    )


def test_a_citizen_number_is_not_taken_for_a_foreign_permit_nor_the_other_way() -> None:
    assert unfit_code(IdentityNumber, foreign("937036")) == "identity.unknown-province"
    assert unfit_code(ForeignPermit, foreign("110105")) == "identity.not-a-foreign-permit"


@pytest.mark.parametrize(
    ("read", "text", "number", "masked"),
    [
        (Passport, "eo 0000001", "EO0000001", "EO*****01"),
        (TravelPermit, "X00000001", "X00000001", "X0*****01"),
        (TravelPermit, "00000001", "00000001", "00****01"),
        (MilitaryCard, "测字第 2001988", "测字第2001988号", "测字第*****88号"),
        (MilitaryCard, "测字第２００１９８８号", "测字第2001988号", "测字第*****88号"),
    ],
)
def test_other_documents_are_read_and_masked(
    read: type[Passport], text: str, number: str, masked: str
) -> None:
    document = read.from_text(text)
    assert document.number == number
    assert str(document) == masked


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (Passport, "E0000001"),
        (Passport, "123456789"),
        (TravelPermit, "A12345678"),
        (TravelPermit, "1234567"),
        (MilitaryCard, "2001988"),
        (MilitaryCard, "测字第12号"),
        (MilitaryCard, "测字第200198812345号"),
        (Phone, "1000000000"),
        (Phone, "20000000001"),
        (Phone, "+85291234567"),
        (Phone, "053200000000"),
        (BankCard, "999999000000"),
        (BankCard, "9999990000000000015"),
        (BankCard, "99999900000000000140"),
    ],
)
def test_malformed_numbers_are_refused_with_a_chinese_sentence(read: type[Passport], text: str) -> None:
    with pytest.raises(Unfit) as unfit:
        read.from_text(text)
    assert "请" in unfit.value.sentence
    assert text not in unfit.value.sentence


@pytest.mark.parametrize(
    ("code", "text", "kind"),
    [
        ("111", INVENTED, IdentityNumber),
        ("１１４", "测字第2001988号", MilitaryCard),
        ("414", "EO0000001", Passport),
        ("511", "X00000001", TravelPermit),
        ("516", "X00000001", TravelPermit),
        ("553", "ZZZ370280020211", ForeignPermit),
    ],
)
def test_a_document_is_read_by_its_type_code(code: str, text: str, kind: type[PersonalDocument]) -> None:
    assert read_document(code, text) == kind.from_text(text)


def test_an_unknown_type_code_names_the_known_ones() -> None:
    with pytest.raises(Unfit) as unfit:
        read_document("999", INVENTED)
    assert all(code in unfit.value.sentence for code in DocumentType)
    assert set(DOCUMENT_LABELS) == set(DocumentType)


PERSONAL = [
    (IdentityNumber(INVENTED), "990001********0023", "19500101"),
    (ForeignPermit("ZZZ370280020211"), "ZZZ370*****0211", "28002"),
    (Phone.from_text("10000000001"), "100****0001", "0000000"),
    (BankCard("9999990000000000014"), "***************0014", "999999"),
    (Passport("EO0000001"), "EO*****01", "EO0000001"),
    (TravelPermit("X00000001"), "X0*****01", "X00000001"),
    (MilitaryCard("测字第2001988号"), "测字第*****88号", "2001988"),
]


@pytest.mark.parametrize(("value", "masked", "secret"), PERSONAL)
def test_no_way_of_printing_a_value_shows_what_the_mask_hides(
    value: IdentityNumber | Phone, masked: str, secret: str
) -> None:
    printed = [
        repr(value),
        str(value),
        f"{value}",
        f"{value!r}",
        f"{[value]}",
        f"{value!s:>30}",
        str([f"{value}"]),
    ]
    assert value.masked == masked
    assert all(masked in text and secret not in text for text in printed)


@pytest.mark.parametrize(("value", "masked", "secret"), PERSONAL)
def test_a_value_is_frozen_comparable_and_survives_pickling(
    value: IdentityNumber, masked: str, secret: str
) -> None:
    assert {pickle.loads(pickle.dumps(value)), value} == {value}
    assert secret in value.number
    with pytest.raises(dataclasses.FrozenInstanceError):
        value.number = masked  # type: ignore[misc]


@given(st.text(min_size=1, max_size=40), st.integers(0, 10), st.integers(0, 10))
def test_a_mask_keeps_the_length_and_hides_at_least_a_third(text: str, head: int, tail: int) -> None:
    hidden = hide(text.replace("*", "-"), head=head, tail=tail)
    assert len(hidden) == len(text)
    assert hidden.count("*") * 3 >= len(text)


@pytest.mark.parametrize(
    "typed",
    ["10000000001", "+86 100 0000 0001", "86-100-0000-0001", "0086 10000000001", "１００００００００01"],
)
def test_a_mobile_is_stored_in_one_form(typed: str) -> None:
    phone = Phone.from_text(typed)
    assert (phone.number, phone.national) == ("+8610000000001", "10000000001")


@given(st.integers(0, 9), st.integers(0, 10**9 - 1))
def test_a_phone_is_invented_exactly_when_no_network_could_own_it(second: int, rest: int) -> None:
    assert Phone.from_text(f"1{second}{rest:09d}").is_synthetic == (second <= 2)


@given(st.integers(10**12, 10**18 - 1), st.data())
def test_one_wrong_digit_of_a_card_is_always_noticed(first: int, data: st.DataObject) -> None:
    number = f"{first}{luhn_digit(str(first))}"
    assert BankCard.from_text(number).number == number
    place = data.draw(st.integers(0, len(number) - 1))
    wrong = str((int(number[place]) + data.draw(st.integers(1, 9))) % 10)
    assert unfit_code(BankCard, number[:place] + wrong + number[place + 1 :]) == "bank.wrong-check-digit"


def test_a_passbook_is_checked_as_a_passbook() -> None:
    passbook = BankCard.from_text("99999900 00000015", kind=AccountKind.PASSBOOK)
    assert passbook.is_synthetic
    assert unfit_code(BankCard, passbook.number) == "bank.wrong-check-digit"
    with pytest.raises(Unfit, match="存折"):
        BankCard.from_text("1234567", kind=AccountKind.PASSBOOK)


SYNTHETIC = [value for value, _, _ in PERSONAL]
OTHERS = [
    Phone("+861" + "3000000000"),
    Passport("E00000000"),
    BankCard("000000000" + "0000"),
    TravelPermit("H00000000"),
    MilitaryCard("某字第0000000号"),
]


@pytest.mark.parametrize("value", [*SYNTHETIC, UnifiedCreditCode("93990000MAXXXXXX7T")])
def test_invented_numbers_are_admitted_only_where_all_are_invented(value: Phone) -> None:
    assert admit(value, synthetic=True) is value
    with pytest.raises(Unfit, match="虚构号码"):
        admit(value, synthetic=False)


@pytest.mark.parametrize("value", OTHERS)
def test_other_numbers_are_admitted_only_where_none_is_invented(value: Phone) -> None:
    assert admit(value, synthetic=False) is value
    with pytest.raises(Unfit, match="只接受虚构"):
        admit(value, synthetic=True)
