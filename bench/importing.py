"""A roster loaded, reading to last commit, beside what a commit costs: `python -m bench.importing FOLDER`."""

import io
import json
import re
import sys
import time
import zipfile
from datetime import date
from pathlib import Path
from typing import Any, Final

from bench.invented_city import over_city
from bench.measuring import each_timed, keep_to_cores, timed
from bench.setting import ON, Setting, opened

_ROWS: Final = {"full": 20_000, "small": 3_000}
_FIRST: Final = 1_000  # loaded before anything is measured: a server that has been running for a while
_COMMITS: Final = 200
_INLINE: Final = re.compile(r'(<c [^>]*?) t="inlineStr"><is><t[^>]*>([^<]*)</t></is></c>')
_STRINGS: Final = (
    '<Override PartName="/xl/sharedStrings.xml" ContentType="application/'
    'vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/>'
)
_CITY: Final = 370200000000
_GIVEN: Final = "国英强东梅军华平明兰芳勇伟涛红玲刚杰辉鹏"  # names of three characters, as most people's are


def measure(setting: Setting) -> dict[str, Any]:
    """Seconds from the bytes of a workbook and of a CSV to the last row on file, and each step's share."""
    count = _ROWS[setting.size.name]
    with over_city(setting):
        from rongjun.registry import api as registry

        base = int(time.time()) % 19 * 50  # another run over the same city brings other people
        total = 2 * count + _FIRST
        rows = [_row(number, address=990_000 + base + number // 1000) for number in range(total)]
        book = _as_clerks_save_it(registry.roster_workbook(rows[:count]))
        _load(registry.roster_workbook(rows[2 * count :]))
        headings = list(rows[0])
        lines = [headings, *([row[each] for each in headings] for row in rows[count : 2 * count])]
        text = "\n".join(",".join(line) for line in lines).encode()
        found = {"xlsx": _load(book), "csv": _load(text)}
        assert all(each["rows"] == each["opened"] == count for each in found.values()), found
        return {"rows": count, **found, "commit": each_timed(_COMMITS * [_commit]).plain()}


def _load(content: bytes) -> dict[str, Any]:
    from django.utils import timezone

    from rongjun.access.api import acting_as
    from rongjun.registry import api as registry

    actor = _actor()
    kept: dict[str, Any] = {}

    def read() -> None:
        kept["rows"] = registry.read_roster(content)

    def take_in() -> None:
        with acting_as(actor):
            kept["roster"] = registry.take_in_roster(
                kept["rows"],
                file_name="bench",
                file_digest=registry.digest_of(content),
                by=actor,
                now=timezone.now(),
            )

    def load() -> None:
        is_left = True
        while is_left:
            with acting_as(actor):
                is_left = registry.load_part(kept["roster"], synthetic=True, now=timezone.now(), today=ON)

    steps = {"read": timed(read), "take_in": timed(take_in), "load": timed(load)}
    with acting_as(actor):
        done = registry.report(kept["roster"])
    assert done is not None
    return {
        "rows": done.total,
        "opened": done.opened,
        **{name: wall for name, (wall, _) in steps.items()},
        "seconds": sum(wall for wall, _ in steps.values()),
        "cpu": sum(cpu for _, cpu in steps.values()),
    }


def _as_clerks_save_it(content: bytes) -> bytes:
    """The same workbook as a spreadsheet writes it: each text once, in a part of its own."""
    strings: dict[str, int] = {}

    def shared(found: re.Match[str]) -> str:
        return f'{found[1]} t="s"><v>{strings.setdefault(found[2], len(strings))}</v></c>'

    saved = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(saved, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            text = old.read(name).decode()
            if name == "xl/worksheets/sheet1.xml":
                text = _INLINE.sub(shared, text)
            new.writestr(name, text.replace("</Types>", f"{_STRINGS}</Types>"))
        told = "".join(f"<si><t>{text}</t></si>" for text in strings)
        space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
        new.writestr("xl/sharedStrings.xml", f'<sst xmlns="{space}">{told}</sst>')
    return saved.getvalue()


def _commit() -> None:
    """One small row, kept by itself."""
    from django.utils import timezone

    from rongjun.access.api import acting_as
    from rongjun.audit import api as audit

    with acting_as(_actor()):
        audit.note("bench.committed", by="bench", at=timezone.now())


def _actor() -> Any:
    from uuid import UUID

    from rongjun.access.api import ROLES, Actor, scope_of

    role = ROLES["city-officer"]
    return Actor(
        UUID(int=2),
        "bench",
        "测试测量",
        "staff",
        role.code,
        role.label,
        _CITY,
        "示范",
        scope_of(_CITY),
        role.permissions,
    )


def _row(number: int, *, address: int) -> dict[str, str]:
    from rongjun.kernel.identifiers import IdentityNumber

    born = date(1950 + number % 40, 1 + number % 12, 1 + number % 28)
    document = IdentityNumber.invented(born=born, sequence=number % 1000, address=str(address))
    return {
        "姓名": f"测试{_GIVEN[number % len(_GIVEN)]}",
        "证件号码": document.number,
        "人员类别": "退役军人",
        "服务站区划代码": str(370202901000 + number % 3 * 1000),
        "入伍日期": f"{born.year + 18}-12-01",
        "退役日期": f"{born.year + 22}-12-01",
        "服役身份": "义务兵",
        "安置方式": "自主就业",
        "户籍区划代码": "370202",
        "户籍类别": "城镇",
        "优待证": "有",
        "手机号码": f"100{number:08d}",
    }


if __name__ == "__main__":
    keep_to_cores()
    place = Path(sys.argv[1])
    (place / "importing.json").write_text(json.dumps(measure(opened(place))), "utf-8")
