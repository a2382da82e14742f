"""Other documents of people, and the type codes under which any document is stored (GA/T 2000.156)."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from rongjun.kernel.errors import Unfit
from rongjun.kernel.identifiers.identity import ForeignPermit, IdentityNumber
from rongjun.kernel.identifiers.masking import Masked, hide
from rongjun.kernel.reading import compact, half_width
from rongjun.kernel.words import Words, worded

_PASSPORT = re.compile(r"[A-Z][A-Z0-9]\d{7}", re.ASCII)
_TRAVEL_PERMIT = re.compile(r"[HMX]?\d{8,10}", re.ASCII)
_MILITARY = re.compile(r"([\u4e00-\u9fa5]字第)([0-9A-Z]{4,8})号?")


class DocumentType(StrEnum):
    """Codes of GA/T 2000.156 we know for certain; the column that stores them is plain text."""

    RESIDENT_ID = "111"
    OFFICER_CARD = "114"
    PASSPORT = "414"
    TAIWAN_PERMIT = "511"
    HONG_KONG_MACAU_PERMIT = "516"
    FOREIGN_PERMIT = "553"


DOCUMENT_LABELS: Words[dict[DocumentType, str]] = {
    DocumentType.RESIDENT_ID: "居民身份证",
    DocumentType.OFFICER_CARD: "军官证",
    DocumentType.PASSPORT: "普通护照",
    DocumentType.TAIWAN_PERMIT: "台湾居民来往大陆通行证",
    DocumentType.HONG_KONG_MACAU_PERMIT: "港澳居民来往内地通行证",
    DocumentType.FOREIGN_PERMIT: "外国人永久居留身份证",
}


@dataclass(frozen=True, slots=True, repr=False)
class Passport(Masked):
    """护照: letter, letter or digit, seven digits. No check digit is published, so the rule is wide.

    Invented passports start ``EO``: after E the issuing office leaves out the letters I and O.
    """

    number: str

    def __post_init__(self) -> None:
        if not _PASSPORT.fullmatch(self.number):
            raise Unfit(
                "identity.not-a-passport",
                "护照号码应为 9 位：字母开头，后 7 位是数字，请对照护照资料页核对。",
            )

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read a number as typed; raises ``Unfit``."""
        return cls(compact(text))

    @property
    def masked(self) -> str:
        """First two and last two signs."""
        return hide(self.number, head=2, tail=2)

    @property
    def is_synthetic(self) -> bool:
        """Whether the passport is invented."""
        return self.number.startswith("EO")


@dataclass(frozen=True, slots=True, repr=False)
class TravelPermit(Masked):
    """来往内地（大陆）通行证 of 港澳台居民: digits, before them H or M for Hong Kong and Macau.

    Invented permits start ``X``, which is never issued.
    """

    number: str

    def __post_init__(self) -> None:
        if not _TRAVEL_PERMIT.fullmatch(self.number):
            raise Unfit(
                "identity.not-a-travel-permit",
                "通行证号码应为 8 至 10 位数字，港澳居民前面加 H 或 M，请对照证件核对。",
            )

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read a number as typed; raises ``Unfit``."""
        return cls(compact(text))

    @property
    def masked(self) -> str:
        """First two and last two signs."""
        return hide(self.number, head=2, tail=2)

    @property
    def is_synthetic(self) -> bool:
        """Whether the permit is invented."""
        return self.number.startswith("X")


@dataclass(frozen=True, slots=True, repr=False)
class MilitaryCard(Masked):
    """军官证、士兵证 number such as 某字第…号, stored with its 号.

    No authority publishes the rule: keep the scan, and never use the number as a key.
    Invented cards belong to 测, which is no arm of service.
    """

    number: str

    def __post_init__(self) -> None:
        if not (self.number.endswith("号") and _MILITARY.fullmatch(self.number)):
            raise Unfit(
                "identity.not-a-military-card",
                "证号请照证件写全，例如“×字第××××号”，中间是 4 至 8 位数字或字母。",
            )

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read a number as typed, with or without its 号; raises ``Unfit``."""
        return cls(compact(text).removesuffix("号") + "号")

    @property
    def masked(self) -> str:
        """The arm of service and the last two signs."""
        digits = self.number[3:-1]
        return self.number[:3] + hide(digits, head=0, tail=2) + "号"

    @property
    def is_synthetic(self) -> bool:
        """Whether the card is invented."""
        return self.number.startswith("测")


PersonalDocument = IdentityNumber | ForeignPermit | Passport | TravelPermit | MilitaryCard


def read_document(document_type: str, text: str) -> PersonalDocument:
    """Read the number of a document of one of the known types; raises ``Unfit``."""
    match half_width(document_type):
        case DocumentType.RESIDENT_ID:
            return IdentityNumber.from_text(text)
        case DocumentType.FOREIGN_PERMIT:
            return ForeignPermit.from_text(text)
        case DocumentType.PASSPORT:
            return Passport.from_text(text)
        case DocumentType.TAIWAN_PERMIT | DocumentType.HONG_KONG_MACAU_PERMIT:
            return TravelPermit.from_text(text)
        case DocumentType.OFFICER_CARD:
            return MilitaryCard.from_text(text)
    known = "、".join(f"{code} {label}" for code, label in DOCUMENT_LABELS.items())
    raise Unfit(
        "identity.unknown-document-type", worded("不认识这个证件类型代码，可用的有：{known}。", known=known)
    )
