"""Hospital bills through HTTP at twenty a second, decided and durable: `python -m bench.claims FOLDER`.

The served application is the real one, over the invented city. Bills leave by the clock, not when the one
before was answered: a moment at which the server stands still meets all that were due in it.
"""

import json
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from statistics import quantiles
from typing import Any, Final

from bench.invented_city import over_city
from bench.measuring import keep_to_cores
from bench.serving import served
from bench.setting import Setting, opened

RATE: Final = 20  # bills a second
_LINES: Final = 16  # connections kept by the hospital
_COUNT: Final = {"full": 1_200, "small": 300}
_WARM: Final = 40


def measure(setting: Setting) -> dict[str, Any]:
    """Seconds from when a bill was due to leave until it was answered, and whether all of it is there."""
    with over_city(setting) as place:
        people = _prepare()
        letters = _letters(people, count=_COUNT[setting.size.name] + _WARM)
        with served(place) as port:
            # A process reads the policy book with its first bill; a hospital meets that once a restart.
            cold = max(_at_rate(letters[:_WARM], port))
            took = _at_rate(letters[_WARM:], port)
        cuts = quantiles(took, n=100)
        return {
            "count": len(took),
            "rate": RATE,
            "p50": cuts[49],
            "p95": cuts[94],
            "max": max(took),
            "cold": cold,
            **_sound(),
        }


def _prepare() -> list[str]:
    from django.conf import settings
    from django.utils import timezone

    from rongjun.access.api import acting_as_job
    from rongjun.config import demo_insurance
    from rongjun.insurance import api as insurance
    from rongjun.kernel.money import Fen
    from rongjun.partners import api as partners

    now = timezone.now()
    insurance.open_books(by="operator:bench", now=now)
    insurance.pay_in(Fen(10**12), known_as=demo_insurance.premium_id(), by="operator:bench", now=now)
    with acting_as_job("bench.prepare"):
        if not partners.is_partner("hospital"):
            partners.add_partner(
                "hospital",
                name="测量",
                division=370200000000,
                agreed={},
                channels=["call"],
                expected_since=now.date(),
                public_key=insurance.hospital_signer().public_key,
                daily_calls=10**6,
                by="operator:bench",
                now=now,
            )
        insurance.know_institutions([(insurance.HOSPITAL, "测量", "")], since=now.date())
    assert settings.SYNTHETIC
    return demo_insurance.insured_numbers(most=400)


def _letters(people: list[str], *, count: int) -> list[Any]:
    from rongjun.insurance.hospital import People, letters

    day = datetime.now().astimezone().date() - timedelta(days=1)
    drawn = letters(People(insured=people), day=day, count=count, seed=int(time.time()))
    # Ways in which a hospital asks twice would be measured as one slow call.
    return [each for each in drawn if not each.unheard and not each.skew_minutes][:count]


def _at_rate(letters: list[Any], port: int) -> list[float]:
    from http.client import HTTPConnection

    from rongjun.insurance.api import hospital_signer
    from rongjun.insurance.hospital_simulator import PATH, headers_of

    local, signer, begin = threading.local(), hospital_signer(), time.perf_counter() + 0.5

    def send(place: int) -> float:
        due = begin + place / RATE
        time.sleep(max(0.0, due - time.perf_counter()))
        kept = getattr(local, "kept", None) or HTTPConnection("localhost", port, timeout=30)
        local.kept = kept
        letter = letters[place]
        headers = headers_of(letter, moment=datetime.now().astimezone(), signer=signer)
        kept.request("POST", PATH, letter.body, headers)
        answer = kept.getresponse()
        content = answer.read()
        assert answer.status == 200, content[:300]
        return time.perf_counter() - due

    with ThreadPoolExecutor(_LINES) as pool:
        return list(pool.map(send, range(len(letters))))


def _sound() -> dict[str, Any]:
    """What is left that does not fit: 0, or something was lost."""
    from django.utils import timezone

    from rongjun.access.api import acting_as_job
    from rongjun.insurance import api as insurance
    from rongjun.ledger import api as ledger

    now = timezone.now()
    with acting_as_job("bench.look"):
        days = insurance.balance(since=now.date() - timedelta(days=1), until=now.date())
        return {"gaps": sum(abs(day.gap) for day in days), "faults": len(ledger.faults(now=now))}


if __name__ == "__main__":
    keep_to_cores()
    folder = Path(sys.argv[1])
    (folder / "claims.json").write_text(json.dumps(measure(opened(folder))), "utf-8")
