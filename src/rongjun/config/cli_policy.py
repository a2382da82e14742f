"""`rongjun policy …` and `rongjun replay`: a policy officer's work at the terminal."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rongjun.config.place import city, project_root
from rongjun.config.terminal import Page, actor, day, local_today, ready_django

if TYPE_CHECKING:
    from rongjun.rules.api import Book, Change, Reach, Report

FILES = "files"
IN_FORCE = "in-force"
SHOWN = 20
_HEADINGS = {
    "region": "适用地区",
    "area": "领域",
    "kind": "方式",
    "source_grade": "来源等级",
    "confidence": "把握",
    "announced": "公布日期",
}


def policy_folder() -> Path:
    """Where the policy files stand."""
    return project_root() / "policy"


def report_of(folder: Path) -> Report:
    """The check of the city's book, with the facts an app can answer for; no database is asked."""
    import django

    django.setup()  # whoever answers for a fact has tables
    from rongjun.config.wiring import FACT_SOURCES
    from rongjun.rules.api import check_book

    answerable = {name for source in FACT_SOURCES for name in source.names | source.relation_names}
    return check_book(folder, city=city(), answerable=answerable)


def told(problems: Iterable[object]) -> None:
    """A line each."""
    for problem in problems:
        click.echo(problem)


@click.group(cls=Page)
def policy() -> None:
    """政策文件：检查、解释、新写一项、比较、采用、确认。"""


@policy.command("check")
@click.option("--links", is_flag=True, help="再去网上核对公开网址是否还打得开（需要能上网）。")
def policy_check(links: bool) -> None:
    """逐个检查政策文件并运行里面的例子；有一处不对就退出码 1。"""
    report = report_of(policy_folder())
    told((*report.problems, *report.remarks))
    for heading, counted in report.counts.items():
        told_counts = "，".join(f"{name} {count}" for name, count in sorted(counted.items()))
        click.echo(f"{_HEADINGS[heading]}：{told_counts}")
    usable = sum(count for name, count in report.counts.get("region", {}).items() if name != "reference")
    if report.is_clean:
        click.echo(f"本市可用 {usable} 项，例子 {report.examples} 个，全部通过")
    else:
        click.echo(f"有 {len(report.problems)} 处问题，见上")
    dead = _dead_links() if links and report.is_clean else []
    told(dead)
    sys.exit(0 if report.is_clean and not dead else 1)


def _dead_links() -> list[str]:
    from rongjun.config.links import dead_links
    from rongjun.rules.api import load_book

    book = load_book(policy_folder(), city=city())
    every = {**book.benefits, **book.references}
    links = sorted({link for benefit in every.values() for link in benefit.public_links})
    with click.progressbar(length=len(links), label=f"核对 {len(links)} 个网址") as bar:
        dead = dead_links(links, on_each=lambda: bar.update(1))
    holders = {link: [b.file for b in every.values() if link in b.public_links] for link in dead}
    return [f"{'、'.join(holders[link])}：网址打不开（{why}）{link}" for link, why in dead.items()]


@policy.command("explain")
@click.argument("code")
def policy_explain(code: str) -> None:
    """一项优待的中文说明：谁、什么、依据、把握有多大。"""
    from rongjun.rules.api import closest, explain_benefit, load_book

    book = load_book(policy_folder(), city=city())
    if code not in book.benefits:
        guess = closest(code, book.benefits)
        hint = f"是不是想看 {guess}？" if guess else "代码写成 领域.项目，与文件位置一致。"
        raise click.ClickException(f"没有 {code} 这一项。{hint}")
    click.echo(explain_benefit(book, code=code, on=local_today()))


@policy.command("new")
def policy_new() -> None:
    """一问一答，写出一项新优待的文件。条件当场检查，用中文念给您听。"""
    from rongjun.config.new_benefit import ask, write

    path = write(ask(policy_folder(), city=city(), today=local_today()), policy_folder(), city=city())
    click.echo(f"写好了 {path.relative_to(project_root())}")
    click.echo("接下来：打开文件，把两个草稿例子换成真实会来问的人，再运行 rongjun policy check。")


@policy.command("diff")
@click.argument("old", default=IN_FORCE)
@click.argument("new", default=FILES)
@click.option("--as", "login", help="以谁的管辖范围算影响的人数（登录名）；不写就只比文字。")
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="比较哪一天施行的版本，默认今天。")
@click.option("--fresh", is_flag=True, help="不用今天存下的全体判定，把每份档案重新读一遍。")
def policy_diff(old: str, new: str, login: str | None, on: Any, fresh: bool) -> None:
    """两本政策册的差别：改了什么条件，现有人员里谁多了、谁少了、谁要补情况。

    \b
    OLD、NEW 可以是：
      in-force   正在用的一本（默认的 OLD）
      files      现在的政策文件（默认的 NEW）
      编号开头    采用过的一本，见 rongjun policy editions
      文件夹      另一份 policy 文件夹
    """
    from django.utils import timezone

    ready_django()
    before, after, asked = _book(old), _book(new), day(on)
    if login is None:
        from rongjun.rules.api import compare_books

        _tell_changes(compare_books(before, after, on=asked), {})
        return
    from rongjun.access.api import acting_as
    from rongjun.benefits import api as benefits

    started = time.perf_counter()
    with acting_as(actor(login, "policy.read")):
        found = benefits.impact(before, after, on=asked, known_at=timezone.now(), fresh=fresh)
    _tell_changes(found.changes, {each.code: each for each in found.reach})
    known = timezone.localtime(found.known_at)
    click.echo(
        f"按 {asked} 的在册人员计算，资料截至 {known:%Y-%m-%d %H:%M}，"
        f"用时 {time.perf_counter() - started:.2f} 秒"
    )


def _book(name: str) -> Book:
    from rongjun.access.api import acting_as_job
    from rongjun.benefits import api as benefits
    from rongjun.rules.api import load_book

    if name == FILES:
        return load_book(policy_folder(), city=city())
    if Path(name).is_dir():
        return load_book(Path(name), city=city())
    with acting_as_job("benefits.read-book"):
        return benefits.book() if name == IN_FORCE else benefits.book_with_digest(name)


def _tell_changes(changes: tuple[Change, ...], reach: Mapping[str, Reach]) -> None:
    from rongjun.rules.api import KIND_WORDS

    for change in changes:
        click.echo(f"{KIND_WORDS[change.kind]}  {change.title}（{change.code}）")
        for line in change.lines:
            click.echo(f"    {line}")
        moved = reach.get(change.code)
        if moved:
            click.echo(
                f"    能享受 {moved.granted_before:,} → {moved.granted_after:,} 人："
                f"多了 {moved.gains:,}，少了 {moved.loses:,}，变成差情况 {moved.becomes_unknown:,}"
            )
        elif change.judges_differently and reach:
            click.echo("    没有人的结果变化")
    click.echo(f"共 {len(changes)} 项不同" if changes else "两本完全一样")


@policy.command("adopt")
@click.option("--document", required=True, help="凭什么采用：通知、批示的名称和文号。")
@click.option("--as", "login", required=True, help="以谁的身份（登录名）。")
def policy_adopt(document: str, login: str) -> None:
    """采用现在的政策文件：检查通过才算数，全部页面马上改用这一本。"""
    from django.utils import timezone

    ready_django()
    from rongjun.benefits import api as benefits
    from rongjun.rules.api import read_folder

    officer = actor(login, "policy.adopt")
    book = benefits.adopt_book(
        read_folder(policy_folder()), document=document, by=officer, now=timezone.now()
    )
    click.echo(f"采用了 {book.digest[:12]}：{book.title}，{len(book.benefits)} 项")


@policy.command("confirm")
@click.argument("code")
@click.option("--document", required=True, help="局方确认的文件名称和文号。")
@click.option("--as", "login", required=True, help="以谁的身份（登录名）。")
def policy_confirm(code: str, document: str, login: str) -> None:
    """登记局方确认：这一项现在的写法不再标“待局方确认”；以后改了写法，要重新确认。"""
    from django.utils import timezone

    ready_django()
    from rongjun.benefits import api as benefits

    officer = actor(login, "policy.confirm")
    book = benefits.confirm_wording(code, document=document, by=officer, on=local_today(), now=timezone.now())
    click.echo(f"确认了“{book.benefits[code].title}”，政策册编号现在是 {book.digest[:12]}")


@policy.command("editions")
def policy_editions() -> None:
    """采用过的每一本：编号、什么时候、谁、凭什么。"""
    from django.utils import timezone

    ready_django()
    from rongjun.access.api import acting_as_job
    from rongjun.benefits import api as benefits

    with acting_as_job("benefits.list-editions"):
        lines = benefits.editions()
    for line in lines:
        at = timezone.localtime(line.adopted_at).strftime("%Y-%m-%d %H:%M")
        click.echo(
            f"{line.digest[:12]}  {at}  {line.adopted_by}  已确认 {line.confirmed} 项  {line.document}"
        )
    if not lines:
        click.echo("还没有采用过，现在用的是 policy 文件夹里的文件。")


@click.command()
@click.option("--as", "login", required=True, help="以谁的管辖范围（登录名）。")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="从哪一天记下的判定开始。")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="到哪一天为止（含当天）。")
@click.option("--book", "name", help="换一本来判：in-force、files、编号开头或文件夹。默认用当时的那一本。")
def replay(login: str, since: Any, until: Any, name: str | None) -> None:
    """把记下的判定重新判一遍：当时的那一本应一字不差；换一本则列出差别。有差别退出码 1。"""
    ready_django()
    from rongjun.access.api import acting_as
    from rongjun.benefits import api as benefits

    under = _book(name) if name else None
    counted: Counter[str] = Counter()
    with acting_as(actor(login, "registry.read-person")):
        for person, outcome in benefits.replay(
            since=_midnight(since), until=_midnight(until, days=1), under=under
        ):
            counted[outcome.outcome] += 1
            if outcome.outcome != "same" and counted.total() - counted["same"] <= SHOWN:
                click.echo(_told_outcome(str(person), outcome))
    words = "，".join(f"{benefits.OUTCOME_WORDS[key]} {counted[key]:,}" for key in benefits.OUTCOME_WORDS)
    click.echo(f"重判 {counted.total():,} 条：{words}")
    sys.exit(0 if counted["same"] == counted.total() else 1)


def _told_outcome(person: str, outcome: Any) -> str:
    from rongjun.benefits import api as benefits

    after = benefits.WORDS.get(outcome.after, "（没有）")
    why = f"：{'；'.join(outcome.why)}" if outcome.why else ""
    return f"{person[:8]}  {outcome.title}（{outcome.code}） {benefits.WORDS[outcome.before]} → {after}{why}"


def _midnight(given: Any, *, days: int = 0) -> Any:
    from datetime import timedelta

    from django.utils import timezone

    return timezone.make_aware(given) + timedelta(days=days) if given else None
