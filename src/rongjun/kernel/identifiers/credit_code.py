"""统一社会信用代码 (GB 32100-2015) with the organisation code inside it (GB 11714)."""

from dataclasses import dataclass
from typing import Self

from rongjun.kernel.errors import Unfit
from rongjun.kernel.reading import compact
from rongjun.kernel.words import translatable, worded

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_WEIGHTS = tuple(pow(3, power, 31) for power in range(17))
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something that looks wrong but does not make a value unusable; ``sentence`` is for the clerk."""

    code: str
    sentence: str


@dataclass(frozen=True, slots=True)
class UnifiedCreditCode:
    """统一社会信用代码 of 18 signs. Public, so it is not masked.

    Codes in real use fail their check digit, so that is a warning for manual review and no refusal.
    """

    code: str

    def __post_init__(self) -> None:
        if len(self.code) != 18:
            raise Unfit(
                "credit-code.wrong-length",
                worded("统一社会信用代码应为 18 位，现在是 {count} 位，请核对。", count=len(self.code)),
            )
        if not set(self.code) <= set(_ALPHABET):
            raise Unfit(
                "credit-code.wrong-signs",
                "统一社会信用代码只用数字和大写字母，不用 I、O、S、V、Z，请核对是否把 0 写成 O、1 写成 I。",
            )
        if not self.division.isdigit():
            raise Unfit(
                "credit-code.wrong-division", "统一社会信用代码第 3 至 8 位应为行政区划数字，请核对。"
            )

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read a code as typed; raises ``Unfit`` when it is malformed, never for a check digit."""
        return cls(compact(text))

    @property
    def division(self) -> str:
        """The six digits of the division that registered the organisation."""
        return self.code[2:8]

    @property
    def organisation_code(self) -> str:
        """组织机构代码: positions 9 to 17."""
        return self.code[8:17]

    @property
    def is_synthetic(self) -> bool:
        """Whether the organisation is invented (division 990000)."""
        return self.division == "990000"

    @property
    def warnings(self) -> tuple[Doubt, ...]:
        """What a person should look at before trusting the code; empty when both check digits agree."""
        doubts = []
        if credit_check_sign(self.code[:17]) != self.code[17]:
            doubts.append(
                Doubt(
                    "credit-code.wrong-check-sign",
                    translatable("最后一位校验不通过：可以先收下，请对照营业执照人工复核。"),
                )
            )
        if organisation_check_sign(self.code[8:16]) != self.code[16]:
            doubts.append(
                Doubt(
                    "credit-code.wrong-organisation-sign",
                    translatable("第 17 位校验不通过：可以先收下，请对照营业执照人工复核。"),
                )
            )
        return tuple(doubts)


def credit_check_sign(first_17: str) -> str:
    """Return the eighteenth sign of a unified credit code (GB 32100)."""
    total = sum(_ALPHABET.index(sign) * weight for sign, weight in zip(first_17, _WEIGHTS, strict=True))
    return _ALPHABET[-total % 31]


def organisation_check_sign(first_8: str) -> str:
    """Return the ninth sign of an organisation code (GB 11714): 0 to 9 or X."""
    values = [int(sign, 36) for sign in first_8]
    total = sum(value * weight for value, weight in zip(values, _ORGANISATION_WEIGHTS, strict=True))
    return "0123456789X"[-total % 11]
