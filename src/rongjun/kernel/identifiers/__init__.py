"""Numbers of people, organisations, places, phones and accounts, as types that do not leak."""

from rongjun.kernel.identifiers.bank import AccountKind, BankCard, luhn_digit
from rongjun.kernel.identifiers.credit_code import (
    Doubt,
    UnifiedCreditCode,
    credit_check_sign,
    organisation_check_sign,
)
from rongjun.kernel.identifiers.divisions import DivisionCode, Level
from rongjun.kernel.identifiers.documents import (
    DOCUMENT_LABELS,
    DocumentType,
    MilitaryCard,
    Passport,
    PersonalDocument,
    TravelPermit,
    read_document,
)
from rongjun.kernel.identifiers.identity import (
    ForeignPermit,
    IdentityNumber,
    LegacyIdentityNumber,
    Sex,
    check_digit,
)
from rongjun.kernel.identifiers.masking import Masked, Synthesizable, hide
from rongjun.kernel.identifiers.phones import Phone
from rongjun.kernel.identifiers.synthetic import admit

__all__ = [
    "DOCUMENT_LABELS",
    "AccountKind",
    "BankCard",
    "DivisionCode",
    "DocumentType",
    "Doubt",
    "ForeignPermit",
    "IdentityNumber",
    "LegacyIdentityNumber",
    "Level",
    "Masked",
    "MilitaryCard",
    "Passport",
    "PersonalDocument",
    "Phone",
    "Sex",
    "Synthesizable",
    "TravelPermit",
    "UnifiedCreditCode",
    "admit",
    "check_digit",
    "credit_check_sign",
    "hide",
    "luhn_digit",
    "organisation_check_sign",
    "read_document",
]
