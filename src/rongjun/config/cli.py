"""`rongjun`: everything an operator, a policy officer or a clerk does from a terminal."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

import click

from rongjun.config.cli_allowances import allowances
from rongjun.config.cli_balance import balance
from rongjun.config.cli_benefits import benefits
from rongjun.config.cli_cards import cards
from rongjun.config.cli_city import invent
from rongjun.config.cli_duplicates import duplicates
from rongjun.config.cli_entitle import entitle
from rongjun.config.cli_imports import cutover, import_people
from rongjun.config.cli_insurance import insurance, simulate_hospital
from rongjun.config.cli_ledger import ledger
from rongjun.config.cli_partners import partners, simulate, simulate_partner
from rongjun.config.cli_payments import payments
from rongjun.config.cli_places import places
from rongjun.config.cli_policy import policy, replay
from rongjun.config.cli_privacy import privacy
from rongjun.config.cli_savings import batch, close_months, savings
from rongjun.config.place import place, project_root
from rongjun.config.postgres import LauncherError
from rongjun.config.terminal import Page, as_demo, day, local_today, ready_django, step
from rongjun.config.terminal import actor as actor_for

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rongjun.config.settings")


@click.group(cls=Page, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="rongjun", message="荣军 Rongjun %(version)s")
def main() -> None:
    """荣军 Rongjun：退役军人事务局的服务平台。

    \b
    第一次来：
      rongjun demo                 起一座虚构的城市，打开 http://localhost:8000
      rongjun city --people N      让这座城市有 N 个虚构的人，最多三百万
      rongjun policy explain CODE  一项优待：谁、什么、依据
      rongjun policy diff          改了的政策文件：改了什么、谁多了谁少了
      rongjun people sweep         全体在册人员逐项判定
      rongjun entitle              全体判定并存下，供比较和免申即享用
      rongjun benefits offers      免申即享：把不用填表的优待送给符合条件的人
      rongjun balance              每个渠道：收下 = 办完 + 退回 + 待办
      rongjun savings --from --to  节省了多少，谁承担，哪些天没有报
      rongjun batch --month M      归档月份重新结算，不动数据库
      rongjun audit verify         核对证据链有没有被动过

    \b
    数据放在哪里由 RONGJUN_DATA 决定；用已有的 PostgreSQL（15 或更新）就设 DATABASE_URL。
    """


@main.command()
@click.option("--port", default=lambda: int(os.environ.get("PORT", "8000")), show_default="8000", type=int)
@click.option("--prepare-only", is_flag=True, help="备好就停，不开网页。")
def demo(port: int, prepare_only: bool) -> None:
    """起一座虚构的城市并开网页。再来一次只要几秒，数据都在。"""
    from rongjun.config.serve import only_one, run_as_owner, running_database, serve

    if not (project_root() / "web" / "dist" / "rongjun" / "desk.css").exists():
        raise LauncherError("网页资源还没有生成。请用 make demo，它会先装好依赖、生成网页资源。")
    as_demo()
    with only_one(), running_database(step("数据库")):
        with step("表结构"):
            run_as_owner("migrate", "-v", "0")
        with step("网页资源"):
            run_as_owner("collectstatic", "--noinput", "-v", "0")
        ready_django()
        from rongjun.config.demo import (
            add_operators,
            adopt_first_book,
            fill_city,
            who_can_sign_in,
            write_arrivals,
        )
        from rongjun.config.demo_insurance import add_insurance, arrival_of_story, write_hospital

        with step("虚构城市"):
            fill_city()
            write_arrivals(place().arrivals, also=arrival_of_story())
        with step("政策册"):
            changed = adopt_first_book()
        with step("运营单位和制卡银行（模拟）"):
            add_operators(root=place().root / "drop")
        with step("用卡和结算"):
            _ride()
        with step("抚恤补助"):
            _pay_people()
        with step("荣军保"):
            add_insurance(root=place().root / "drop")
            folder = place().root / "hospital"
            folder.mkdir(exist_ok=True)
            write_hospital(folder / "people.json", folder / "story.json")
        click.echo(changed + who_can_sign_in())
        if not prepare_only:
            sys.exit(serve(port))


def _pay_people() -> None:
    """A month of allowances, every third payment turned back by the bank, and the next month as a draft."""
    from rongjun.config.cli_payments import bank_command
    from rongjun.config.demo_allowances import pay_people

    bank = bank_command(day=local_today().isoformat(), misbehave="failures")
    pay_people(bank, drop=place().root / "drop")


def _ride() -> None:
    """What operators delivered in the last weeks, settled and paid; nothing where they deliver already."""
    from rongjun.config.cli_payments import BANK, bank_command
    from rongjun.config.demo_payments import let_bank_pay
    from rongjun.config.demo_uses import add_uses

    if add_uses(BANK, root=place().root):
        let_bank_pay(bank_command(day=local_today().isoformat()))


main.add_command(invent)


@main.command()
@click.option("--port", default=8000, show_default=True)
def serve(port: int) -> None:
    """开网页和后台任务（正式环境用；数据库和表结构先备好）。"""
    from rongjun.config.serve import only_one, running_database
    from rongjun.config.serve import serve as run

    with only_one(), running_database(step("数据库")):
        sys.exit(run(port))


@main.command()
def worker() -> None:
    """只跑后台任务（serve 和 demo 会自己带起它）。"""
    ready_django()
    from rongjun.config.jobs import work_forever

    work_forever()


@main.command()
def migrate() -> None:
    """把表结构升到最新（以 owner 角色）。"""
    from rongjun.config.serve import run_as_owner, running_database

    with running_database(step("数据库")):
        run_as_owner("migrate", "-v", "1")
        run_as_owner("collectstatic", "--noinput", "-v", "0")


@main.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def manage(arguments: tuple[str, ...]) -> None:
    """Django 自带的命令，例如 rongjun manage check。"""
    from django.core.management import execute_from_command_line

    execute_from_command_line(["rongjun manage", *arguments])


main.add_command(policy)
main.add_command(replay)
main.add_command(places)
main.add_command(savings)
main.add_command(batch)
main.add_command(close_months)


main.add_command(allowances)

# --- people -------------------------------------------------------------------------------------------------


@main.group(cls=Page)
def people() -> None:
    """人员：导入、判定。"""


people.add_command(import_people)
people.add_command(cutover)


@people.command("sample")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def people_sample(file: Path) -> None:
    """写一份 20 行的示例花名册（虚构的人，其中 3 行有错），第一次导入用它。"""
    ready_django()
    from rongjun.config.demo import sample_roster
    from rongjun.registry.api import roster_workbook

    file.write_bytes(roster_workbook(sample_roster()))
    click.echo(f"写好了 {file}")


@people.command("decide")
@click.argument("person", type=click.UUID)
@click.option("--as", "login", required=True, help="以谁的管辖范围（登录名）。")
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="判定哪一天，默认今天。")
@click.option("--json", "as_json", is_flag=True, help="机器读的形式。")
def people_decide(person: UUID, login: str, on: Any, as_json: bool) -> None:
    """一个人的每一项优待：能享受、差情况（缺什么）、不能享受（哪一条）。"""
    ready_django()
    from django.utils import timezone

    from rongjun.access.api import acting_as
    from rongjun.audit import api as audit
    from rongjun.benefits import api as benefits
    from rongjun.rules.api import decision_bytes

    actor, asked, now = actor_for(login, "registry.read-person"), day(on), timezone.now()
    with acting_as(actor):
        decisions = benefits.decisions_for(person, on=asked, known_at=now)
        audit.note_read(
            f"person:{person}",
            event="registry.person-read",
            by=actor.text,
            role=actor.role,
            purpose="命令行判定",
            at=now,
        )
    for decision in decisions:
        if as_json:
            click.echo(decision_bytes(decision).decode())
            continue
        click.echo(f"{benefits.WORDS[decision.verdict]}  {decision.title}（{decision.code}）")
        for reason in decision.reasons:
            click.echo(f"    {benefits.MARKS[reason.state]} {reason.text}")


@people.command("sweep")
@click.option("--as", "login", required=True, help="以谁的管辖范围（登录名）。")
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="判定哪一天，默认今天。")
@click.option("--person", type=click.UUID, help="全体判定之后只给出这个人的结果（机器读的形式）。")
def people_sweep(login: str, on: Any, person: UUID | None) -> None:
    """管辖范围内全体人员逐项判定，给出每项三种结果的人数。"""
    ready_django()
    from django.utils import timezone

    from rongjun.access.api import acting_as
    from rongjun.audit import api as audit
    from rongjun.benefits import api as benefits

    actor, asked = actor_for(login, "registry.read-person"), day(on)
    started = time.perf_counter()
    with acting_as(actor):
        if person:
            audit.note_read(
                f"person:{person}",
                event="registry.person-read",
                by=actor.text,
                role=actor.role,
                purpose="命令行判定",
                at=timezone.now(),
            )
            for code, title, verdict in benefits.swept_verdicts(person, on=asked, known_at=timezone.now()):
                click.echo(json.dumps({"code": code, "title": title, "verdict": verdict}, ensure_ascii=False))
            return
        rows = benefits.counts_by_benefit(on=asked, known_at=timezone.now())
    click.echo(f"{asked} 判定，用时 {time.perf_counter() - started:.2f} 秒")
    for code, title, granted, unknown, refused in rows:
        click.echo(f"  能享受 {granted:>6}  差情况 {unknown:>6}  不能 {refused:>6}  {title}（{code}）")


people.add_command(duplicates)
main.add_command(entitle)
main.add_command(benefits)
main.add_command(privacy)
main.add_command(partners)
main.add_command(balance)
main.add_command(payments)
main.add_command(ledger)
main.add_command(cards)
main.add_command(simulate)
main.add_command(simulate_partner)


# --- insurance ----------------------------------------------------------------------------------------------


main.add_command(insurance)
main.add_command(simulate_hospital)


# --- audit --------------------------------------------------------------------------------------------------


@main.group(cls=Page)
def audit() -> None:
    """证据链：核对、公布、导出。"""


@audit.command("verify")
@click.option("--anchor", type=click.Path(exists=True, path_type=Path), help="先前公布的锚点文件。")
def audit_verify(anchor: Path | None) -> None:
    """从头核对；第一处不对的地方会点名，退出码 1。未封存的尾巴会报数。"""
    ready_django()
    from rongjun.access.api import acting_as_job
    from rongjun.audit import api

    with acting_as_job("audit.verify"):
        verdict = api.verify(published=anchor.read_text().splitlines() if anchor else ())
    click.echo(verdict.text())
    sys.exit(0 if verdict.ok else 1)


@audit.command("anchor")
def audit_anchor() -> None:
    """打印最后一个签名锚点，可以贴到任何公开的地方。"""
    ready_django()
    from rongjun.access.api import acting_as_job
    from rongjun.audit import api

    with acting_as_job("audit.anchor"):
        click.echo(api.publish_anchor() or "还没有锚点：证据链还是空的。")


@audit.command("export")
@click.argument("file", type=click.Path(path_type=Path))
def audit_export(file: Path) -> None:
    """导出全部事件和锚点；外部审计用 python -m rongjun.audit.verifier 核对。"""
    ready_django()
    from rongjun.access.api import acting_as_job
    from rongjun.audit import api

    with acting_as_job("audit.export"):
        click.echo(f"导出 {api.export(file)} 条到 {file}")


# --- operator -----------------------------------------------------------------------------------------------


@main.group(cls=Page)
def database() -> None:
    """数据库：启动、停止、在哪里。"""


@database.command("start")
def database_start() -> None:
    """启动内置数据库并检查它可用。"""
    from rongjun.config.database import make_ready

    click.echo("已启动" if make_ready() else "本来就在运行")
    click.echo(f"数据目录 {place().root}")


@database.command("stop")
def database_stop() -> None:
    """停下内置数据库。"""
    from rongjun.config.database import cluster

    cluster().stop()
    click.echo("已停")


@database.command("status")
def database_status() -> None:
    """内置数据库是否在运行、数据在哪里。"""
    from rongjun.config.database import cluster

    if os.environ.get("DATABASE_URL"):
        click.echo("用的是 DATABASE_URL 指向的服务器，不是内置数据库。")
        return
    server = cluster()
    state = "在运行" if server.is_running() else "没有运行"
    click.echo(f"{state}  PostgreSQL {server.binaries.version}  {server.place}")


@main.group(cls=Page)
def keys() -> None:
    """密钥：清单、轮换。"""


@keys.command("list")
def keys_list() -> None:
    """密钥清单：用途、算法、版本、指纹（密钥本身从不显示）。"""
    from rongjun.kernel.crypto import FileKeys

    for key in FileKeys(place().keys).inventory():
        click.echo(
            f"{key.purpose:<28} {key.use:<6} {key.algorithm:<14} 第 {key.version} 版  {key.fingerprint}"
        )


@keys.command("rotate")
@click.argument("purpose")
@click.option("--use", type=click.Choice(["seal", "sign"]), default="seal", show_default=True)
def keys_rotate(purpose: str, use: Literal["seal", "sign"]) -> None:
    """给一个用途换新密钥：以后用新的，旧数据用旧版照样能开。重启后各进程都用新的。"""
    from rongjun.kernel.crypto import FileKeys

    known = FileKeys(place().keys)
    if purpose not in {key.purpose for key in known.inventory() if key.use == use}:
        raise click.ClickException(f"没有这个用途：{purpose}。先看 rongjun keys list。")
    click.echo(f"{purpose} 现在是第 {known.rotate(purpose, use)} 版")


@main.group(cls=Page)
def accounts() -> None:
    """工作人员账户。"""


@accounts.command("add")
@click.argument("login")
@click.option("--name", required=True)
@click.option("--role", required=True)
@click.option("--division", required=True, type=int, help="12 位区划代码，决定能看到谁。")
@click.option("--label", required=True, help="区划的名称，显示在页面上。")
@click.password_option()
def accounts_add(login: str, **given: Any) -> None:
    """开一个工作人员账户；首次登录须绑定第二重验证。"""
    ready_django()
    from rongjun.config.operator import add_staff

    click.echo(add_staff(login, **given))


@main.command()
@click.option("--check", is_flag=True, help="只比较，有过期的就退出码 1。")
def generate(check: bool) -> None:
    """重新生成文档里由程序写的部分（事实表、优待清单、错误句子、个人信息清单）。"""
    ready_django()
    from rongjun.config.generated import FILES, stale, write

    if not check:
        from rongjun.access.api import row_security_inventory

        inventory = row_security_inventory()
        if "registry_person" not in inventory:
            raise click.ClickException("这里还没有数据库，请先运行 rongjun demo --prepare-only")
        write()
        (project_root() / "contracts" / "row-security.yaml").write_text(inventory)
    old = stale()
    click.echo(
        "\n".join(f"过期：{name}，请运行 rongjun generate" for name in old) or f"{len(FILES)} 份都是最新的"
    )
    sys.exit(1 if old else 0)


def run() -> None:
    """The console script: expected failures are a sentence, not a traceback."""
    from rongjun.kernel.errors import Refused, Unfit
    from rongjun.rules.api import PolicyError

    try:
        main()
    except LauncherError as error:
        click.echo(f"没有成功：{error}", err=True)
        sys.exit(1)
    except Refused as refused:
        from rongjun.ui.api import sentence

        click.echo(f"没有成功：{sentence(refused).text}", err=True)
        sys.exit(1)
    except Unfit as unfit:
        click.echo(f"没有成功：{unfit.sentence}", err=True)
        sys.exit(1)
    except PolicyError as error:
        click.echo(f"没有成功：政策文件有错。正在用的政策册不受影响。\n{error}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    run()
