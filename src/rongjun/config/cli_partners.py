"""`rongjun partners …` and `rongjun simulate …`: what other offices send, and offices that are invented."""

from __future__ import annotations

import csv
import getpass
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from rongjun.config.place import place, project_root
from rongjun.config.terminal import Page, local_today, ready_django
from rongjun.partners.terminal import OPERATORS

HOURS = {"deaths/1": "09:00", "sentences/1": "10:00", "moves/1": "09:00", "pensions/1": "10:00"}
NAMES = {
    "civil-affairs": "民政局（演示）",
    "justice": "司法局（演示）",
    "police": "公安局（演示）",
    "social-security": "社保中心（演示）",
}


@click.group(cls=Page)
def partners() -> None:
    """部门来件和发件：约定单位、收文件、办理。"""


@partners.command("add")
@click.argument("code")
@click.option("--name", required=True, help="单位名称。")
@click.option("--division", required=True, type=int, help="12 位区划代码，决定谁看得到它的来件。")
@click.option("--format", "agreed", multiple=True, required=True, help="格式=次日几点前到：deaths/1=09:00。")
@click.option("--channel", "channels", multiple=True, type=click.Choice(["file", "call"]), default=["file"])
@click.option("--daily-calls", default=0, help="每天最多几次接口来件。")
@click.option("--takes", multiple=True, help="我们发给它的格式和渠道：free-rides/1=file 或 =call。")
@click.option("--address", default="", help="用接口发到哪个网址。")
@click.option("--daily-sends", default=0, help="每天最多发几件。")
@click.option("--public-key", "key", help="对方的公钥，算法:十六进制，如 ed25519:…；登记了的，每件都要签名。")
def partners_add(
    code: str, agreed: tuple[str, ...], takes: tuple[str, ...], key: str | None, **given: Any
) -> None:
    """约定一个单位；有接口渠道而没有公钥的，密钥只显示这一次。"""
    ready_django()
    from django.utils import timezone

    from rongjun.access.api import acting_as_job
    from rongjun.partners import api

    with acting_as_job("partners.add"):
        secret = api.add_partner(
            code,
            agreed=dict(each.partition("=")[::2] for each in agreed),
            takes=dict(each.partition("=")[::2] for each in takes),
            expected_since=local_today(),
            public_key=_public_key(key) if key else None,
            **given,
            by=f"operator:{getpass.getuser()}",
            now=timezone.now(),
        )
    (place().root / "drop" / code).mkdir(parents=True, exist_ok=True)
    click.echo(f"约定了 {code}，接收文件夹 {place().root / 'drop' / code}")
    if secret:
        click.echo(f"HMAC-SM3 密钥（只显示这一次）：{secret}")


@partners.command("key")
def partners_key() -> None:
    """我们的公钥：合作方用它核对我们发的文件和调用。"""
    ready_django()
    from rongjun.partners import api

    ours = api.our_key()
    click.echo(f"{ours.algorithm}:{ours.point.hex()}")


def _public_key(text: str) -> Any:
    from rongjun.kernel.crypto import SM2_DEFAULT_USER_ID, Algorithm, PublicKey

    name, _, point = text.partition(":")
    try:
        algorithm = Algorithm(name)
        user = SM2_DEFAULT_USER_ID if algorithm is Algorithm.SM2 else None
        return PublicKey(algorithm, bytes.fromhex(point), user)
    except ValueError:
        raise click.BadParameter("写成 ed25519:、es256: 或 sm2: 加公钥的十六进制。") from None


@partners.command("receive")
@click.argument("partner")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def partners_receive(partner: str, file: Path) -> None:
    """收一个文件（签名是旁边同名加 .sig 的）；隔离的说明哪个等式不成立，退出码 2。"""
    ready_django()
    from django.utils import timezone

    from rongjun.access.api import acting_as_job
    from rongjun.partners import api
    from rongjun.partners.jobs import signature_beside

    with acting_as_job("partners.receive"):
        batch = api.receive_file(
            file.read_bytes(),
            partner=partner,
            file_name=file.name,
            signature=signature_beside(file),
            by=f"operator:{getpass.getuser()}",
            now=timezone.now(),
        )
        done = api.batch_report(batch)
    assert done is not None
    if done.equation:
        click.echo(f"隔离：{done.equation}\n怎么办：{done.todo}")
        sys.exit(2)
    late = "，迟到" if done.is_late else ""
    click.echo(f"收下 {done.count} 行{late}：待办 {done.waiting}，办完 {done.done}，退回 {done.refused}")


@partners.command("process")
def partners_process() -> None:
    """把接收文件夹里的收进来，待办的行全部比对；随时可以停，再来接着办。"""
    ready_django()
    from rongjun.access.api import acting_as_job
    from rongjun.partners import jobs as intake
    from rongjun.registry import jobs as registry

    started, done = time.perf_counter(), 0
    while True:
        with acting_as_job("partners.collect-drop"):
            taken = intake.collect_drop()
        with acting_as_job("registry.match-feeds"):
            matched = registry.match_feeds()
        if not taken and not matched:
            break
        done += matched
        click.echo(f"  比对了 {done:,} 行，{time.perf_counter() - started:.1f} 秒")
    with acting_as_job("partners.check-received"):
        intake.check_received()
    click.echo(f"办完：比对 {done:,} 行，用时 {time.perf_counter() - started:.1f} 秒")


@partners.command("demo")
def partners_demo() -> None:
    """演示：再约定四个虚构的部门，各有接收文件夹；运营单位和银行起演示时已经约定。"""
    ready_django()
    from rongjun.config.demo import add_operators, add_partners

    added = add_partners(hours=HOURS, names=NAMES, root=place().root / "drop")
    added += add_operators(root=place().root / "drop")
    click.echo(f"约定了 {added} 个单位，接收文件夹 {place().root / 'drop'}")


@click.command()
@click.argument("office", type=click.Choice(sorted(NAMES)))
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="默认是接收文件夹。")
@click.option("--roster", type=click.Path(exists=True, path_type=Path), help="虚构的人；默认是演示城市的人。")
@click.option("--days", default=1, show_default=True)
@click.option("--lines", default=20, show_default=True, help="每天几行。")
@click.option("--misbehave", default="", help="逗号分隔的捣乱方式，写错会列出全部。")
@click.option("--seed", default=7, show_default=True)
def simulate(office: str, out: Path | None, roster: Path | None, **given: Any) -> None:
    """虚构的部门发每日文件（另起一个进程），可以迟到、重发、截断、写错总数……"""
    import subprocess
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        people = roster or _city_people(Path(folder) / "people.csv")
        done = subprocess.run(
            [
                *(sys.executable, "-m", "rongjun.partners.simulators", office),
                *("--roster", str(people), "--out", str(out or place().root / "drop")),
                *("--contracts", str(project_root() / "contracts" / "files")),
                *("--last-day", (local_today() - timedelta(days=1)).isoformat()),
                *(word for name, value in given.items() for word in (f"--{name}", str(value))),
            ],
            check=False,
        )
    sys.exit(done.returncode)


@click.command("simulate-partner")
@click.argument("name", type=click.Choice(sorted(OPERATORS)))
@click.option("--days", default=1, show_default=True, help="第一次从几天前做起，做到昨天。")
@click.option("--lines", default=40, show_default=True, help="每天几次使用。")
@click.option("--misbehave", default="", help="逗号分隔的捣乱方式，写错会列出全部。")
@click.option("--seed", default=7, show_default=True)
@click.option("--finish", is_flag=True, help="压着没发的全部发出。")
@click.option("--today", is_flag=True, help="连今天也做完，不等明天。")
def simulate_partner(name: str, finish: bool, today: bool, **given: Any) -> None:
    """虚构的运营单位或银行（另起一个进程）：收名单、制卡、回执、发用卡日报和对账单。

    \b
    做过的日子不再做；演示开着的时候它们自己在跑，每天一次。
    rongjun simulate-partner transit --days 3 --misbehave late,twice,wrong-total
    rongjun simulate-partner agent-bank --today --misbehave not-made
    """
    import subprocess

    until = "--today" if today else f"--day={local_today() - timedelta(days=1)}"
    options = (f"--{option}={value}" for option, value in given.items())
    command = [*operators_command(name), until, *options, *(["--finish"] if finish else [])]
    sys.exit(subprocess.run(command, check=False).returncode)


def operators_command(*names: str) -> list[str]:
    """The process of these invented operators, over this place's folders; ours to be checked by our key."""
    ready_django()
    from rongjun.partners import api

    ours = api.our_key()
    return [
        *(sys.executable, "-m", "rongjun.partners.operators", *names),
        *("--drop", str(place().root / "drop"), "--out", str(place().root / "out")),
        *("--memory", str(place().root / "operators")),
        *("--contracts", str(project_root() / "contracts" / "files")),
        *("--our-key", f"{ours.algorithm}:{ours.point.hex()}", "--top-ups", "12"),
    ]


def _city_people(file: Path) -> Path:
    """The invented city's people as a roster, from the same seeds as the city itself."""
    import django

    django.setup()
    from rongjun.config.demo import known_elsewhere

    names = ("姓名", "证件号码", "户籍区划代码")
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, names, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(known_elsewhere())
    return file
