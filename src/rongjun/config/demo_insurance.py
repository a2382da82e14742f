"""荣军保 in the invented city: a hospital that may call, a fund with money, the veteran of three stays."""

from __future__ import annotations

import json
from datetime import date, timedelta
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from django.conf import settings
from django.utils import timezone

from rongjun.access.api import Actor, acting_as, acting_as_job, actor_named
from rongjun.config.demo import BY, PEOPLE, SEED, counties
from rongjun.config.demo_payments import add_bank
from rongjun.config.invented.lives import Life, file_id
from rongjun.config.invented.loading import weights
from rongjun.config.invented.people import life_of
from rongjun.insurance import api as insurance
from rongjun.kernel.identifiers import IdentityNumber
from rongjun.kernel.identifiers.bank import luhn_digit
from rongjun.kernel.money import Fen
from rongjun.ledger import api as ledger
from rongjun.partners import api as partners
from rongjun.places import api as places
from rongjun.registry import api as registry

MAKER, CHECKER, RELEASER = "district", "city", "leader"
# (days ago, total, pooled) of the article's veteran: 239,000 in all, 113,000 pooled, 121,000 paid, 5,000 own.
STAYS = ((95, "80000.00", "40000.00"), (50, "93000.00", "43000.00"), (9, "66000.00", "30000.00"))


def add_insurance(*, root: Path) -> None:
    """Hospital, insurer, fund, bank and the letters of the story; what is there already stays."""
    today, whole = timezone.localdate(), places.city().code
    told: dict[str, Any] = {"by": BY, "now": timezone.now()}
    (root / "hospital").mkdir(parents=True, exist_ok=True)
    add_bank(settings.INSURANCE_BANK, root=root)
    with acting_as_job("demo.add-hospital"):
        if not partners.is_partner("hospital"):
            partners.add_partner(
                "hospital",
                name="示范医院",
                division=whole,
                agreed={"settlements/1": ""},
                channels=["call", "file"],
                expected_since=today,
                public_key=insurance.hospital_signer().public_key,
                daily_calls=100_000,
                **told,
            )
        insurance.know_institutions([(insurance.HOSPITAL, "示范第一医院", "")], since=date(2020, 1, 1))
    insurance.open_books(**told)
    insurance.pay_in(Fen.from_yuan(8_000_000), known_as=premium_id(), **told)
    veteran = story()
    if veteran is not None:
        _give_account(veteran, today=today)


def premium_id() -> UUID:
    """The invented premium is paid in once."""
    return uuid5(UUID(int=places.city().code), "demo-premium")


def insured_numbers(*, most: int) -> list[str]:
    """The numbers of some of the invented people whom the plan covers."""
    drawn = weights()
    lives = (life_of(number, seed=SEED, weights=drawn) for number in range(PEOPLE))
    fits = (life.identity.number for life in lives if life and life.key_group and not life.died)
    return list(islice(fits, most))


def story() -> Life | None:
    """The veteran of the story: of the groups the plan covers, alive, served by the first county."""
    drawn, home = weights(), counties()[0][0] // 10**6
    lives = (life_of(number, seed=SEED, weights=drawn) for number in range(PEOPLE))
    fits = (
        life
        for life in lives
        if life is not None
        and life.key_group
        and life.died is None
        and life.county == home
        and life.household[:4] == str(home)[:4]
    )
    return next(fits, None)


def _give_account(life: Life, *, today: date) -> None:
    """A card for claims, told at the counter once."""
    officer, now = _officer(MAKER), timezone.now()
    person = file_id(SEED, life.number)
    with acting_as(officer):
        held = registry.accounts_held(person, on=today, known_at=now)
        if any(account.purpose == "claim" for account in held):
            return
        first = f"999999{life.number:012d}"
        said = {
            "kind": "card",
            "number": first + luhn_digit(first),
            "purpose": "claim",
            "bank": "示范银行",
            "holder": life.name,
        }
        registry.record(
            person,
            kind="account",
            said=said,
            valid_from=today - timedelta(days=300),
            source="窗口",
            evidence="示范银行卡复印件",
            by=officer,
            now=now,
            synthetic=True,
        )


def letters_of_story(*, today: date) -> list[dict[str, Any]]:
    """The three settlements as the hospital sends them."""
    life = story()
    return [] if life is None else [_letter(life.identity, place, today=today) for place in range(len(STAYS))]


def _letter(number: IdentityNumber, place: int, *, today: date) -> dict[str, Any]:
    ago, total, pooled = STAYS[place]
    out = today - timedelta(days=ago)
    cash = (Fen.from_text(total) - Fen.from_text(pooled)).text.replace(",", "")
    return {
        "msgid": f"{insurance.HOSPITAL}{out:%Y%m%d}103000{place + 1:04d}",
        "certno": number.number,
        "setl_time": f"{out}T10:30:00+08:00",
        "settlement": {
            "fixmedins_code": insurance.HOSPITAL,
            "setl_id": f"STORY{place + 1}",
            "med_type": "21",
            "begndate": (out - timedelta(days=12)).isoformat(),
            "enddate": out.isoformat(),
            "dise_codg": ("I21.900", "I25.100", "Z95.500")[place],
            "medfee_sumamt": total,
            "inscp_scp_amt": total,
            "hifp_pay": pooled,
            "fund_pay_sumamt": pooled,
            "psn_cash_pay": cash,
        },
    }


def write_hospital(people: Path, letters: Path) -> None:
    """What the hospital's process is told: its people, and the letters of the story."""
    drawn = weights()
    lives = [life for n in range(PEOPLE) if (life := life_of(n, seed=SEED, weights=drawn)) and not life.died]
    said = {
        "insured": insured_numbers(most=200),
        "not_insured": [life.identity.number for life in lives if not life.key_group][:20],
        "unknown": [IdentityNumber.invented(born=date(1950, 1, 1), sequence=7, address="990099").number],
    }
    people.write_text(json.dumps(said), "utf-8")
    told = letters_of_story(today=timezone.localdate())
    if not letters.exists():  # the same letters for ever: a day later they would be others
        letters.write_text(json.dumps(told, ensure_ascii=False), "utf-8")


def arrival_of_story() -> dict[str, str] | None:
    """The veteran of the story for the simulated single sign-on."""
    life = story()
    if life is None:
        return None
    age = life.age(timezone.localdate())
    return {"name": life.name, "number": life.identity.number, "note": f"{age} 岁，荣军保三次住院"}


def pay_as_three() -> insurance.Drafted:
    """One batch of everything that can be paid, by the demo's three people."""
    maker, today, now = _officer(MAKER), timezone.localdate(), timezone.now()
    with acting_as(maker):
        made = insurance.draft_payments(pay_on=today, by=maker, now=now)
    checker = _officer(CHECKER)
    with acting_as(checker):
        ledger.check_batch(made.batch, by=checker, now=now)
    releaser = _officer(RELEASER)
    with acting_as(releaser):
        ledger.release_batch(made.batch, by=releaser, now=now)
    return made


def _officer(login: str) -> Actor:
    found = actor_named(login, on=timezone.localdate())
    assert found is not None
    return found
