"""One 荣军保 decision, in a process of its own: `python -m bench.insurance FOLDER`."""

import json
import random
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

from bench.measuring import each_timed, keep_to_cores
from bench.population import SEED
from bench.setting import POLICY, Setting, opened
from rongjun.insurance.cover import Insured
from rongjun.insurance.loading import PlanFile, load_plan
from rongjun.insurance.logic.bills import Bill, BillRef, Parts
from rongjun.insurance.logic.deciding import YearSoFar, decide
from rongjun.insurance.logic.reasons import Standing
from rongjun.insurance.logic.years import History, take, take_all
from rongjun.kernel.money import Fen, share_of
from rongjun.rules.api import load_book

_PLAN: Final = "rongjunbao"
_BILLS: Final = 2_000
_ROUNDS: Final = 5
_STAYS_BEFORE: Final = 3  # the story everybody tells has three stays in a year
_FIRST: Final = date(2024, 7, 1)
_STAYS_A_YEAR: Final = 4
_AGAIN: Final = {"full": 1_000_000, "small": 20_000}


@dataclass(frozen=True, slots=True)
class _Case:
    """One bill, the year before it, the person it is about."""

    bill: Bill
    history: History
    so_far: YearSoFar
    person: Insured


def measure(setting: Setting) -> dict[str, Any]:
    """Seconds for the decision alone, and with cover judged and three earlier stays looked at."""
    found = load_plan(POLICY, city=setting.city, code=_PLAN)
    book = load_book(POLICY, city=setting.city)
    person = Insured({"is_key_pension_group": True, "household_city": book.regions["this_city"].code})
    cases = _cases(found, person)
    for case in cases:
        _agree(found, case)
    return {
        "bills": len(cases),
        "decide": each_timed(_ROUNDS * [partial(_decide, found, case) for case in cases]).plain(),
        "take": each_timed(_ROUNDS * [partial(_take, found, case) for case in cases]).plain(),
        "again": _again(setting),
    }


def _again(setting: Setting) -> dict[str, Any]:
    """Everything decided once more from the records alone, on two cores, in another order: the same years."""
    settlements = _AGAIN[setting.size.name]
    people = settlements // _STAYS_A_YEAR
    half = people // 2
    begun = time.monotonic()
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        parts = [
            pool.submit(_decide_again, setting.city, start, stop)
            for start, stop in ((0, half), (half, people))
        ]
        differing = sum(part.result() for part in parts)
    seconds = time.monotonic() - begun
    return {"settlements": settlements, "seconds": seconds, "differing": differing}


def _decide_again(city: str, start: int, stop: int) -> int:
    """How many of these people's years come out differently in the opposite order."""
    found = load_plan(POLICY, city=city, code=_PLAN)
    rng, differing = random.Random(f"{SEED} {start}"), 0
    for number in range(start, stop):
        bills = [_bill(rng, f"{number}-{stay}", stay) for stay in range(_STAYS_A_YEAR)]
        once, _ = take_all(bills, plan=found.plan, standing=_covered)
        again, _ = take_all(reversed(bills), plan=found.plan, standing=_covered)
        differing += once.years != again.years
    return differing


def _covered(_: Bill) -> Standing:
    return Standing()


def _decide(found: PlanFile, case: _Case) -> Any:
    terms = found.plan.terms(on=case.bill.discharged_on)
    assert terms is not None
    return decide(case.bill, so_far=case.so_far, terms=terms, standing=Standing())


def _take(found: PlanFile, case: _Case) -> Any:
    standing = partial(found.cover.standing, case.person)
    return take(case.history, case.bill, plan=found.plan, standing=standing)[1]


def _agree(found: PlanFile, case: _Case) -> None:
    """What is timed must be the same answer, and one that pays what the year owes."""
    alone, (whole,) = _decide(found, case), _take(found, case)
    assert (alone.post, alone.after, alone.lines) == (whole.post, whole.after, whole.lines)


def _cases(found: PlanFile, person: Insured) -> list[_Case]:
    rng = random.Random(SEED)
    cases = []
    for number in range(_BILLS):
        history = History()
        for stay in range(_STAYS_BEFORE):
            bill = _bill(rng, f"{number}-{stay}", stay)
            history, _ = take(history, bill, plan=found.plan, standing=partial(found.cover.standing, person))
        (so_far,) = history.years.values()
        cases.append(_Case(_bill(rng, f"{number}-now", _STAYS_BEFORE), history, so_far, person))
    return cases


def _bill(rng: random.Random, number: str, stay: int) -> Bill:
    """A settlement that foots, up to 60,000 yuan of each kind of cost."""
    parts = Parts(*(Fen(rng.randrange(6_000_000)) for _ in range(4)))
    pooled, serious = (share_of(parts.in_scope, Fraction(part, 10)) for part in (5, 1))
    admitted = _FIRST + timedelta(days=60 * stay)
    return Bill(
        ref=BillRef("H99000000001", number),
        admitted_on=admitted,
        discharged_on=admitted + timedelta(days=rng.randrange(1, 40)),
        care_type="21",
        total=Fen.total(parts),
        paid=(("basic-pool", pooled), ("serious-illness", serious)),
        personal=Fen.total(parts) - pooled - serious,
        parts=parts,
        diagnosis="甲病",
    )


if __name__ == "__main__":
    keep_to_cores()
    place = Path(sys.argv[1])
    (place / "insurance.json").write_text(json.dumps(measure(opened(place))), "utf-8")
