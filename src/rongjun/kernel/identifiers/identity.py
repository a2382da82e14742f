"""Numbers of people: 公民身份号码 (GB 11643-1999) and 外国人永久居留身份证 (2023 form and the older one)."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Literal, Self

from rongjun.kernel.errors import Unfit
from rongjun.kernel.identifiers.masking import Masked, hide
from rongjun.kernel.reading import compact
from rongjun.kernel.words import translatable, worded

Sex = Literal["male", "female"]

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_SIGNS = "10X98765432"
_FULL = re.compile(r"\d{17}[\dX]", re.ASCII)
_LEGACY = re.compile(r"\d{15}", re.ASCII)
_OLD_FOREIGN = re.compile(r"[A-Z]{3}\d{12}", re.ASCII)

# GB/T 2260: first two digits of every province-level division, incl. Taiwan, Hong Kong, Macau and
# 83, which only stands on residence permits.
_PROVINCES = frozenset(
    str(region * 10 + number)
    for region, numbers in {
        1: range(1, 6),
        2: range(1, 4),
        3: range(1, 8),
        4: range(1, 7),
        5: range(5),
        6: range(1, 6),
        7: range(1, 2),
        8: range(1, 4),
    }.items()
    for number in numbers
)
_PERMIT_ADDRESSES = frozenset({"810000", "820000", "830000"})
_CENTENARIAN_SEQUENCES = frozenset({"996", "997", "998", "999"})
_INVENTED_ADDRESS = "99"
_INVENTED_COUNTRY = "ZZZ"  # ISO 3166-1 keeps it free for users: never a country


def check_digit(first_17: str) -> str:
    """Return the eighteenth sign of a number by ISO 7064 MOD 11-2 (GB 11643)."""
    assert re.fullmatch(r"[0-9]{17}", first_17), "a check digit closes seventeen digits"
    total = sum(int(digit) * weight for digit, weight in zip(first_17, _WEIGHTS, strict=True))
    return _CHECK_SIGNS[total % 11]


@dataclass(frozen=True, slots=True, repr=False)
class IdentityNumber(Masked):
    """公民身份号码 of 18 signs; also the number on a residence permit for 港澳台居民 (810000/820000/830000).

    Address code 99xxxx marks an invented person: citizens start 1 to 8, a foreign resident carries
    9 and a province, and 90 to 99 is no province.
    """

    number: str

    def __post_init__(self) -> None:
        _refuse_malformed(self.number)
        if self.number[:2] not in _PROVINCES | {_INVENTED_ADDRESS}:
            raise Unfit("identity.unknown-province", _unknown_province(self.number))
        _birth_date(self.number)
        _refuse_wrong_check_digit(self.number)

    @classmethod
    def from_text(cls, text: str, *, accept_legacy: bool = False) -> Self:
        """Read a number as typed (full-width digits, spaces, small x); raises ``Unfit``.

        ``accept_legacy`` is for imports: a number of 15 digits gets its century and check digit.
        The century is 18 for sequences 996 to 999, which were kept for people over a hundred when
        such numbers were issued (1984 to 1999), else 19.
        """
        number = compact(text)
        if not _LEGACY.fullmatch(number):
            return cls(number)
        if not accept_legacy:
            raise Unfit("identity.legacy-form", "这是 15 位的旧号码，请填写现在身份证上的 18 位号码。")
        century = "18" if number[12:] in _CENTENARIAN_SEQUENCES else "19"
        first_17 = number[:6] + century + number[6:]
        return cls(first_17 + check_digit(first_17))

    @classmethod
    def invented(cls, *, born: date, sequence: int, address: str = "990001") -> Self:
        """Make the number of an invented person: ``sequence`` 0 to 999, odd for a man, even for a woman."""
        assert address.startswith(_INVENTED_ADDRESS)
        first_17 = f"{address}{born:%Y%m%d}{sequence:03d}"
        return cls(first_17 + check_digit(first_17))

    @property
    def masked(self) -> str:
        """First six and last four signs; the birth date is hidden."""
        return hide(self.number, head=6, tail=4)

    @property
    def birth_date(self) -> date:
        """The day of birth written in the number."""
        return _birth_date(self.number)

    @property
    def sex(self) -> Sex:
        """The sex written in the number (odd sequence male, even female)."""
        return "male" if int(self.number[16]) % 2 else "female"

    @property
    def address_code(self) -> str:
        """Six digits of the county (GB/T 2260) as it was called when the number was given."""
        return self.number[:6]

    @property
    def is_residence_permit(self) -> bool:
        """Whether the number stands on a 港澳台居民居住证 rather than on a resident identity card."""
        return self.address_code in _PERMIT_ADDRESSES

    @property
    def is_synthetic(self) -> bool:
        """Whether the person is invented (address code 99xxxx)."""
        return self.number.startswith(_INVENTED_ADDRESS)


@dataclass(frozen=True, slots=True, repr=False)
class LegacyIdentityNumber(Masked):
    """A resident's number of 15 signs as another system still keeps it: no century, no check digit.

    What people type is extended by `IdentityNumber.from_text`; this is for stock that was never extended.
    """

    number: str

    def __post_init__(self) -> None:
        if not _LEGACY.fullmatch(self.number):
            raise Unfit("identity.wrong-length", "旧证件号码应为 15 位数字，请核对是否漏写或多写。")

    @property
    def masked(self) -> str:
        """First six and last four signs."""
        return hide(self.number, head=6, tail=4)

    @property
    def is_synthetic(self) -> bool:
        """Whether the person is invented (address code 99xxxx)."""
        return self.number.startswith(_INVENTED_ADDRESS)


@dataclass(frozen=True, slots=True, repr=False)
class ForeignPermit(Masked):
    """外国人永久居留身份证: the 2023 form (18 signs, first 9) or the older one (3 letters and 12 digits).

    Invented permits have 9x in place of the province, or ZZZ in place of the country.
    """

    number: str

    def __post_init__(self) -> None:
        if _OLD_FOREIGN.fullmatch(self.number):
            return
        _refuse_malformed(self.number)
        if self.number[0] != "9":
            raise Unfit(
                "identity.not-a-foreign-permit",
                "外国人永久居留身份证号码以 9 开头；如果是居民身份证，请改选证件类型。",
            )
        if self.number[1:3] not in _PROVINCES and self.number[1] != "9":
            raise Unfit("identity.unknown-province", "第 2、3 位不是任何省份的代码，请对照证件核对。")
        _birth_date(self.number)
        _refuse_wrong_check_digit(self.number)

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read a number as typed; raises ``Unfit``."""
        return cls(compact(text))

    @property
    def masked(self) -> str:
        """First six and last four signs."""
        return hide(self.number, head=6, tail=4)

    @property
    def birth_date(self) -> date | None:
        """The day of birth; ``None`` for the older form, which does not write the century."""
        return _birth_date(self.number) if len(self.number) == 18 else None

    @property
    def is_synthetic(self) -> bool:
        """Whether the holder is invented."""
        return self.number.startswith(_INVENTED_COUNTRY) or self.number[:2] == _INVENTED_ADDRESS


def _refuse_malformed(number: str) -> None:
    if not number:
        raise Unfit("identity.empty", "请填写证件号码。")
    if len(number) != 18:
        raise Unfit(
            "identity.wrong-length",
            worded("证件号码应为 18 位，现在是 {count} 位，请核对是否漏写或多写。", count=len(number)),
        )
    if not _FULL.fullmatch(number):
        raise Unfit(
            "identity.wrong-signs",
            "证件号码前 17 位只能是数字，最后一位是数字或 X，请核对有没有写成字母或别的符号。",
        )


def _unknown_province(number: str) -> str:
    if number[0] == "9":
        return translatable("以 9 开头的是外国人永久居留身份证号码，请改选证件类型。")
    return translatable("开头两位不是任何省份的代码，请对照证件核对前 6 位。")


def _birth_date(number: str) -> date:
    digits = number[6:14]
    try:
        born = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        born = date.min
    if born.year < 1800:
        raise Unfit(
            "identity.impossible-birth-date", "号码第 7 至 14 位不是一个真实的出生日期，请对照证件核对。"
        )
    return born


def _refuse_wrong_check_digit(number: str) -> None:
    if check_digit(number[:17]) != number[17]:
        raise Unfit(
            "identity.wrong-check-digit",
            "校验不通过：请先核对最后一位，再核对有没有写错一位数字或相邻两位写反。",
        )
