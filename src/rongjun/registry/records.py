"""Whole files as plain records, for whoever opens many at once: an old system's stock, an invented city."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from rongjun.kernel.identifiers import BankCard, LegacyIdentityNumber, PersonalDocument, Phone


@dataclass(frozen=True, slots=True)
class DocumentRecord:
    """A document that identifies somebody; `kind` is the type code. An old number may stand unextended."""

    kind: str
    number: PersonalDocument | LegacyIdentityNumber


@dataclass(frozen=True, slots=True)
class SaidRecord:
    """One assertion: its kind, what it says by column, when it holds and when it was known.

    Without `recorded_at` it was known when the file was opened.
    """

    kind: str
    valid_from: date
    said: Mapping[str, object]
    valid_to: date | None = None
    recorded_at: datetime | None = None
    superseded_at: datetime | None = None
    evidence: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class AccountRecord:
    """An account of the person's own, for a purpose, under the name the bank has."""

    number: BankCard
    purpose: str
    bank: str
    holder: str
    valid_from: date


@dataclass(frozen=True, slots=True)
class FileRecord:
    """One person's file as it is to be opened. `id` is the internal key and never a number of a document."""

    id: UUID
    division: int
    name: str
    opened_at: datetime
    documents: tuple[DocumentRecord, ...]
    phones: tuple[Phone, ...] = ()
    said: tuple[SaidRecord, ...] = ()
    accounts: tuple[AccountRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class Opened:
    """What became of records: opened + already on file = all; `left_out` counts kinds that have no table."""

    opened: int
    on_file: int
    left_out: Mapping[str, int]
