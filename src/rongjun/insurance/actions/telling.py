"""One message per decision, in plain words."""

from __future__ import annotations

from datetime import datetime

from rongjun.insurance.logic.bills import PERSON
from rongjun.insurance.logic.records import SETTLEMENT
from rongjun.insurance.models import ClaimDecision, Settlement
from rongjun.kernel.money import Fen
from rongjun.notices import api as notices

_COUNTED, _SHORT = "claim-decided", "claim-changed"


def tell_decision(made: ClaimDecision, row: Settlement, *, now: datetime) -> None:
    """Tell a person of a final decision that says something about their money."""
    if made.outcome == "counted" and row.kind == SETTLEMENT and row.version == 1:
        _tell(_COUNTED, made, _bill_values(made, row), now=now)
    elif made.post:
        _tell(_SHORT, made, {"change": _change(made.post), "payout": Fen(made.after[2]).text}, now=now)


def _bill_values(made: ClaimDecision, row: Settlement) -> dict[str, str]:
    assert row.discharged_on is not None
    own = next(share["fen"] for share in made.shares if share["payer"] == PERSON)
    return {
        "day": f"{row.discharged_on.month}月{row.discharged_on.day}日",
        "total": Fen(row.total).text,
        "others": Fen(row.total - made.post - own).text,
        "payout": Fen(made.post).text,
        "own": Fen(own).text,
    }


def _change(post: int) -> str:
    return f"多付 {Fen(post).text} 元" if post > 0 else f"退回 {Fen(-post).text} 元"


def _tell(template: str, made: ClaimDecision, values: dict[str, str], *, now: datetime) -> None:
    notices.tell(
        template,
        person=made.person_id,
        division=made.division,
        about=f"claim:{made.id}",
        values=values,
        now=now,
        reads=sorted(made.facts),
    )
