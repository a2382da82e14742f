"""Two contents of one settlement, side by side, and what was said about them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.timezone import localtime

from rongjun.insurance.logic import records
from rongjun.insurance.logic.standing import ASKED
from rongjun.insurance.models import Conflict, Settlement
from rongjun.kernel.money import Fen
from rongjun.kernel.words import translatable


@dataclass(frozen=True, slots=True)
class ConflictPage:
    """What two people compare: each line is what, the first's, the later's, and whether they differ."""

    first: UUID
    lines: tuple[tuple[str, str, str, bool], ...]
    may_stand: bool
    is_open: bool
    state: str
    answer: str
    why: str
    proposed_by: str
    proposed_name: str
    proposed_at: datetime | None
    checked_name: str
    checked_at: datetime | None
    taken: UUID | None


def first_of(row: Settlement) -> Settlement | None:
    """The record that came first under this number and version; None out of scope."""
    same = Settlement.objects.filter(
        institution=row.institution, number=row.number, version=row.version, kind=row.kind
    )
    return same.exclude(state__in=records.SET_ASIDE).first()


def may_stand(row: Settlement) -> bool:
    """Whether the later content may stand as a correction of the first: a settlement of the same person."""
    first = first_of(row)
    return (
        first is not None
        and row.kind == records.SETTLEMENT
        and row.member_id is not None
        and row.member_id == first.member_id
    )


def conflicts_open() -> int:
    """How many records in scope are set aside of which nobody has said yet what stands."""
    return Settlement.objects.filter(state=records.CONFLICT, why=ASKED).count()


def conflict_of(settlement: UUID) -> ConflictPage | None:
    """A record that was set aside beside the one that came first; None when it is none, or out of scope."""
    row = Settlement.objects.filter(pk=settlement, state=records.CONFLICT).first()
    first = first_of(row) if row is not None else None
    if row is None or first is None:
        return None
    said = Conflict.objects.filter(settlement=row).first()
    told = zip(_told(first), _told(row), strict=True)
    return ConflictPage(
        first=first.id,
        lines=tuple((what, one, other, one != other) for (what, one), (_, other) in told),
        may_stand=may_stand(row),
        is_open=row.why == ASKED,
        state=said.state if said else "",
        answer=said.answer if said else "",
        why=said.why if said else "",
        proposed_by=said.proposed_by if said else "",
        proposed_name=said.proposed_name if said else "",
        proposed_at=said.proposed_at if said else None,
        checked_name=said.checked_name if said else "",
        checked_at=said.checked_at if said else None,
        taken=said.taken_id if said else None,
    )


def _told(row: Settlement) -> list[tuple[str, str]]:
    """What an officer compares, without opening what is sealed."""
    paid = sum(int(fen) for _, fen in row.amounts.get("paid", []))
    what = translatable(
        (
            "证件号码",
            "入院",
            "出院",
            "诊断",
            "总费用（元）",
            "各方支付（元）",
            "个人负担（元）",
            "医院结算的时间",
        )
    )
    said = (
        row.number_mask,
        f"{row.admitted_on or ''}",
        f"{row.discharged_on or ''}",
        row.diagnosis_mask,
        Fen(row.total).text,
        Fen(paid).text,
        Fen(row.personal).text,
        f"{localtime(row.settled_at):%Y-%m-%d %H:%M}" if row.settled_at else "",
    )
    return list(zip(what, said, strict=True))
