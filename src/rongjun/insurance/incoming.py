"""One message of a hospital as it came: an envelope with whose it is, and one record. Read strictly."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast

from rongjun.insurance import fhir
from rongjun.insurance.cases import CaseError, parse_case, read_record
from rongjun.insurance.logic.bills import Bill, Parts, Refund
from rongjun.kernel.errors import Unfit
from rongjun.kernel.identifiers import IdentityNumber
from rongjun.kernel.money import Fen

# 发送方报文ID: institution 12, moment 14, sequence 4 (standards of the national interface).
MSGID: Final = re.compile(r"[A-Z0-9]{12}[0-9]{18}", re.ASCII)
KEYS: Final = ("msgid", "certno", "setl_time", "settlement", "refund")


@dataclass(frozen=True, slots=True)
class Incoming:
    """One message: its key, whose it is, when the hospital settled by its own clock, and the record."""

    msgid: str
    number: IdentityNumber
    settled_at: datetime | None
    record: Bill | Refund

    @property
    def kind(self) -> str:
        """`settlement` or `refund`."""
        return "settlement" if isinstance(self.record, Bill) else "refund"


def read_message(body: str, *, synthetic: bool) -> Incoming:
    """Read the JSON of one call, in national fields or as a FHIR ExplanationOfBenefit.

    Raises `CaseError` with every fault, none of which repeats what was sent.
    """
    given = parse_case(body)
    if fhir.is_explanation(given):
        given = fhir.message_of(cast("dict[str, Any]", given))
    return incoming(given, synthetic=synthetic)


def incoming(given: object, *, synthetic: bool) -> Incoming:
    """The same from plain values, for the lines of a file."""
    if not isinstance(given, dict):
        raise CaseError(["最外层：应是一个对象 {…}"])
    faults = [f"{key}：没有这个字段，请删去" for key in given.keys() - set(KEYS)]
    msgid = given.get("msgid")
    if not isinstance(msgid, str) or not MSGID.fullmatch(msgid):
        faults.append("msgid：应是 30 位：机构编号 12 位、时间 14 位、序号 4 位")
    number = _number(given.get("certno"), faults, synthetic=synthetic)
    moment = _moment(given.get("setl_time"), faults)
    record: Bill | Refund | None = None
    try:
        record = read_record({key: given[key] for key in ("settlement", "refund") if key in given})
    except CaseError as error:
        faults += error.faults
    if faults or number is None or record is None:
        raise CaseError(faults)
    return Incoming(str(msgid), number, moment, record)


def _number(value: object, faults: list[str], *, synthetic: bool) -> IdentityNumber | None:
    if not isinstance(value, str):
        faults.append("certno：缺少，请补上（公民身份号码）")
        return None
    try:
        found = IdentityNumber.from_text(value)
    except Unfit as error:
        faults.append(f"certno：{error.sentence}")
        return None
    if found.is_synthetic != synthetic:
        faults.append("certno：这里只收虚构的人" if synthetic else "certno：这里不收虚构的人")
        return None
    return found


def _moment(value: object, faults: list[str]) -> datetime | None:
    if value is None:
        return None
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        faults.append("setl_time：时间写法不对，请写成 2024-03-20T10:30:00+08:00")
        return None
    if found.tzinfo is None:
        faults.append("setl_time：要带时区，如 +08:00")
        return None
    return found


# --- amounts, kept and read back ----------------------------------------------------------------------------


def amounts_of(record: Bill | Refund) -> dict[str, Any]:
    """What a record says of money, in plain values; nothing in it says whose it is or of what."""
    if isinstance(record, Refund):
        return {}
    return {
        "paid": [[payer, int(fen)] for payer, fen in record.paid],
        "also_paid": [[payer, int(fen)] for payer, fen in record.also_paid],
        "stated": [[name, int(fen)] for name, fen in record.stated],
        "parts": [int(fen) for fen in record.parts] if record.parts is not None else None,
    }


def pairs_of(kept: Mapping[str, Any], name: str) -> tuple[tuple[str, Fen], ...]:
    """The same read back."""
    return tuple((code, Fen(fen)) for code, fen in kept[name])


def parts_of(kept: Mapping[str, Any]) -> Parts | None:
    """The same read back."""
    return Parts(*map(Fen, kept["parts"])) if kept["parts"] is not None else None


def diagnosis_mask(diagnosis: str | None) -> str:
    """A diagnosis as lists show it: the chapter's letter and nothing else."""
    return f"{diagnosis[:1]}＊＊" if diagnosis else ""
