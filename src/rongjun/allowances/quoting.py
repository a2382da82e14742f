"""One case answered: what is owed, the difference to what was paid, one-off sums; as JSON and in Chinese."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from rongjun.allowances.cases import Case, check_names, supposed
from rongjun.allowances.loading import load_allowances
from rongjun.allowances.logic.lines import STATES, Line, Owed, Reason
from rongjun.allowances.logic.lump_sums import (
    Sum,
    after_death_in_service,
    conscript_family_grant,
    discharge_payment,
)
from rongjun.allowances.logic.months import month_text, months_in_chinese
from rongjun.allowances.logic.owing import months_owed
from rongjun.allowances.logic.schemes import AllowanceBook
from rongjun.allowances.logic.service import Service
from rongjun.allowances.logic.settling import KINDS, Delta, Net, Settlement, net, settle
from rongjun.kernel.money import Fen
from rongjun.kernel.worktime import china_day


@dataclass(frozen=True, slots=True)
class Quote:
    """The answer to one case."""

    case: Case
    book: AllowanceBook
    owed: Owed
    settlement: Settlement
    net: Net
    sums: tuple[Sum, ...]

    @property
    def is_complete(self) -> bool:
        """Whether nothing is missing."""
        return self.owed.is_complete and all(each.fen is not None for each in self.sums)


def quote_case(case: Case, *, policy: Path | Mapping[str, bytes]) -> Quote:
    """Work a case out under the policy files; raises `PolicyError` or `Unfit`."""
    return quote(case, book=load_allowances(policy, place=case.place, fictional=case.fictional))


def quote(case: Case, *, book: AllowanceBook) -> Quote:
    """Work a case out under a book that was loaded before; raises `Unfit` for names it does not know."""
    check_names(case, book=book)
    asked = supposed(book, case.what_if)
    owed = months_owed(case.history, first=case.first, last=case.last, known_at=case.known_at, book=asked)
    settlement = settle(owed, case.paid, run_month=case.run_month)
    offset = asked.setting("offset-from-funeral", on=owed.known_on).value is True
    known_on = china_day(case.known_at)
    sums = tuple(found for each in case.lump_sums for found in _sums(each, asked, known_on))
    return Quote(case, asked, owed, settlement, net(settlement, offset=offset), sums)


def _sums(given: Mapping[str, Any], book: AllowanceBook, known_on: date) -> tuple[Sum, ...]:
    merits = given.get("merits", ())
    if given["kind"] == "death-in-service":
        pay = given.get("lieutenants_pay_fen")
        return after_death_in_service(
            given["death"],
            died_on=date.fromisoformat(given["died_on"]),
            base_pay=Fen(given["base_pay_fen"]),
            merits=merits,
            book=book,
            known_on=known_on,
            lieutenants_pay=None if pay is None else Fen(pay),
            below_lieutenant=given.get("below_lieutenant", False),
        )
    if given["kind"] == "discharge-payment":
        service = Service(date.fromisoformat(given["start"]), date.fromisoformat(given["end"]))
        return (discharge_payment(service, merits=merits, book=book, known_on=known_on),)
    return (
        conscript_family_grant(
            year=given["year"],
            place=given["place"],
            educated=given["educated"],
            division=given.get("division", book.division),
            book=book,
            known_on=known_on,
        ),
    )


# as JSON


def as_json(quote: Quote) -> str:
    """The answer as JSON: sorted keys, amounts in whole fen, the same bytes for the same case and book."""
    return json.dumps(as_plain(quote), ensure_ascii=False, sort_keys=True, indent=1)


def as_plain(quote: Quote) -> dict[str, Any]:
    """The answer as plain values."""
    owed = quote.owed
    return {
        "book": owed.book,
        "known_on": owed.known_on.isoformat(),
        "what_if": quote.book.what_if,
        "complete": quote.is_complete,
        "owed_fen": int(owed.fen),
        "payable_fen": int(owed.payable_fen),
        "lines": [_line(line) for line in owed.lines],
        "refused": [
            {"award": each.award, "scheme": each.scheme, "reasons": _reasons(each.reasons)}
            for each in owed.refused
        ],
        "gaps": [
            {
                "series": gap.series,
                "first": month_text(gap.first),
                "last": month_text(gap.last),
                "text": gap.text,
            }
            for gap in owed.gaps
        ],
        "follow_ups": _reasons(owed.follow_ups),
        "deltas": [_delta(delta) for delta in quote.settlement.deltas],
        "pay_fen": int(quote.net.pay),
        "recover_fen": int(quote.net.recover),
        "lump_sums": [
            {
                "code": each.code,
                "title": each.title,
                "fen": None if each.fen is None else int(each.fen),
                "reasons": _reasons(each.reasons),
                "obstacles": list(each.obstacles),
            }
            for each in quote.sums
        ],
    }


def _reasons(reasons: tuple[Reason, ...]) -> list[dict[str, Any]]:
    return [{"text": r.text, "clause": r.clause, "stated": r.is_stated} for r in reasons]


def _line(line: Line) -> dict[str, Any]:
    return {
        "code": line.code,
        "title": line.title,
        "award": line.award,
        "category": line.category,
        "first": month_text(line.first),
        "last": month_text(line.last),
        "state": line.state,
        "fen": int(line.fen),
        "would_be_fen": int(line.would_be),
        "monthly": line.standard,
        "rate": line.rate.ref if line.rate else None,
        "rate_source": line.rate.source if line.rate else None,
        "payer": line.payer,
        "funding_fen": {payer: int(fen) for payer, fen in line.funding.items()},
        "reasons": _reasons(line.reasons),
        "obstacles": list(line.obstacles),
    }


def _delta(delta: Delta) -> dict[str, Any]:
    return {
        "code": delta.code,
        "kind": delta.kind,
        "cause": delta.cause,
        "first": month_text(delta.first),
        "last": month_text(delta.last),
        "fen": int(delta.fen),
        "text": delta.text,
        "months": [{"month": month_text(p.month), "fen": int(p.fen)} for p in delta.payments],
        "obstacles": list(delta.obstacles),
    }


# in Chinese


def as_text(quote: Quote) -> str:
    """The answer in plain Chinese, line by line, with every reason."""
    return "\n".join(_text(quote))


def _text(quote: Quote) -> Iterator[str]:
    owed = quote.owed
    known = "全部已知" if owed.known_on.year == date.max.year else f" {owed.known_on} 已知"
    yield f"{quote.book.title}  {months_in_chinese(owed.first, owed.last)}  按{known}的情况"
    if quote.book.what_if:
        yield "这是按假设的设置试算，不能据此发放。"
    for line in owed.lines:
        yield from _line_text(line)
    for gap in owed.gaps:
        yield f"! {gap.text}"
    for refused in owed.refused:
        yield f"× {quote.book.schemes[refused.scheme].title} 不予认定（{refused.award}）"
        yield from _reason_text(refused.reasons)
    yield f"应发合计 {owed.fen} 元，其中现在可以发的 {owed.payable_fen} 元"
    for delta in quote.settlement.deltas:
        yield f"△ {delta.text}"
    if quote.settlement.deltas:
        yield f"应付 {quote.net.pay} 元，应追回 {quote.net.recover} 元（{'、'.join(KINDS.values())}逐行见上）"
    for each in quote.sums:
        yield f"{each.title} {'算不出' if each.fen is None else f'{each.fen} 元'}"
        yield from _reason_text(each.reasons)
    if owed.follow_ups:
        yield "要办的事："
        yield from _reason_text(owed.follow_ups)


def _line_text(line: Line) -> Iterator[str]:
    amount = f"{line.fen} 元" if line.state == "owed" else f"{STATES[line.state]}"
    if line.state == "withheld" and line.would_be:
        amount += f"（若发为 {line.would_be} 元）"
    yield f"· {line.title} {line.period_text} {amount}"
    yield from _reason_text(line.reasons)
    if line.obstacles and line.state == "owed":
        yield f"    只是试算，还不能发：{'；'.join(line.obstacles)}"


def _reason_text(reasons: tuple[Reason, ...]) -> Iterator[str]:
    for reason in reasons:
        yield f"    {reason.text}。〔{reason.clause}〕"
