"""Facts from PostgreSQL, verdicts kept, two books compared: `python -m bench.entitling FOLDER`."""

import json
import sys
from functools import partial
from pathlib import Path
from typing import Any

from bench.everybody import narrower
from bench.invented_city import over_city
from bench.measuring import each_timed, keep_to_cores, peak_bytes, timed
from bench.setting import ON, Setting, opened

_COMPARED = 5


def measure(setting: Setting) -> dict[str, Any]:
    """Seconds and memory of one run over the city, bytes kept, and seconds to compare two books over it."""
    with over_city(setting):
        from django.utils import timezone

        from rongjun.access.api import acting_as_job
        from rongjun.benefits import api as benefits

        book = setting.book()
        whole = timed(partial(benefits.entitle, on=ON, by="bench", now=timezone.now()))
        peak = peak_bytes()
        with acting_as_job("bench.compare"):
            kept = benefits.kept_sweep()
            assert kept is not None
            assert kept.people > 0.8 * setting.size.city, "all the living of the city"
            compared = partial(benefits.impact, book, narrower(book), on=ON, known_at=timezone.now())
            found = compared()
            assert found.known_at == kept.known_at, "what is timed reads what was kept"
            return {
                "people": kept.people,
                "benefits": len(kept.counts),
                "entitle": whole[0],
                "entitle_cpu": whole[1],
                "peak_bytes": peak,
                "kept_bytes": benefits.kept_bytes(kept.id),
                "impact": each_timed(_COMPARED * [compared]).plain(),
                "fresh": timed(partial(compared, fresh=True))[0],
                "differing": len(found.reach),
            }


if __name__ == "__main__":
    keep_to_cores()
    place = Path(sys.argv[1])
    (place / "entitling.json").write_text(json.dumps(measure(opened(place))), "utf-8")
