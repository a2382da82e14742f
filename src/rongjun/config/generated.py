"""Pages that the program writes about itself: routes, facts, benefits, refusals, commands, the data map.

`rongjun generate` writes them and `rongjun generate --check` names those that are old, so a page can not
say something else than the policy files, the error sentences and the command line do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

import click
import yaml

from rongjun.access.terminal import DATA_CLASSES, Entry, load_data_map
from rongjun.config.place import city, project_root
from rongjun.rules.api import (
    AREAS,
    CLASSES,
    CONFIDENCES,
    GRADES,
    KINDS,
    WAYS,
    Benefit,
    Book,
    Fact,
    Version,
    load_book,
    phrase,
)

_WRITTEN_BY = (
    "本页由 `rongjun generate` 写成，请勿手改。\n*Written by `rongjun generate`; do not edit by hand.*"
)
_TYPES = {
    "bool": "是否",
    "int": "整数",
    "text": "文字",
    "enum": "选项",
    "date": "日期",
    "division": "区划",
    "age": "周岁",
    "years_since": "满几年",
    "months_since": "满几个月",
    "days_since": "第几天",
}


def write() -> None:
    """Write every page anew."""
    for name, page in FILES.items():
        target = project_root() / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(page(), encoding="utf-8")


def stale() -> list[str]:
    """The pages that are missing or say something else than the program would write now."""
    return [name for name, page in FILES.items() if _found(name) != page()]


def facts_page() -> str:
    """What a condition may speak of, from `policy/facts.yaml`."""
    facts = list(_book().vocabulary.facts.values())
    rows = [(f"`{fact.name}`", fact.label, _TYPES[fact.kind], _origin(fact), _absent(fact)) for fact in facts]
    return _page(
        "事实表 · Facts",
        "条件里能用的全部事实，出自 `policy/facts.yaml`。没有登记时，身份类算“否”，其余算“不知道”并追问。",
        *_table(("名字", "中文", "类型", "由谁提供", "没有登记时"), rows),
    )


def benefits_page() -> str:
    """Every benefit of the city's book with all its versions."""
    book = _book()
    parts = [part for benefit in book.benefits.values() for part in _benefit(book, benefit)]
    return _page(
        "优待清单 · Benefits",
        f"{book.title}的政策册：国家、省、市三层，共 {len(book.benefits)} 项。"
        "条目按公开文件整理，不是官方目录；标着“待局方确认”的，局方还没有确认过。",
        *parts,
    )


def errors_page() -> str:
    """The sentences behind every refusal, from `contracts/errors.yaml`."""
    text = (project_root() / "contracts" / "errors.yaml").read_text(encoding="utf-8")
    entries: Mapping[str, Mapping[str, str]] = yaml.safe_load(text)
    rows = [
        (f"`{code}`", *(said[key] for key in ("what", "why", "todo", "who")))
        for code, said in entries.items()
    ]
    return _page(
        "办不成的时候 · Refusals",
        "机器看代码，人看四句话；`{名字}` 处填当时的情况。出自 `contracts/errors.yaml`。",
        *_table(("代码", "发生了什么", "为什么", "怎么办", "找谁"), rows),
    )


def commands_page() -> str:
    """What `rongjun --help` and every sub-command's help say."""
    from rongjun.config.cli import main

    parts = [part for path, command in _walk("rongjun", main) for part in _command(path, command)]
    return _page("命令 · Commands", "`rongjun` 的每一条命令，和 `--help` 说的一样。", *parts)


def data_map_page() -> str:
    """What each column holds of a person, from `contracts/data-map.yaml`."""
    told = load_data_map(project_root() / "contracts" / "data-map.yaml")
    parts: list[str] = []
    for table, group in groupby(told.entries.values(), key=lambda entry: entry.table):
        listed = sorted(group, key=lambda entry: (entry.kind != "sensitive", entry.kind == "none"))
        parts += [f"## {listed[0].title}（`{table}`） {{ #{table.replace('_', '-')} }}", ""]
        parts += _table(("列", "类别", "目的", "合法性基础", "保存", "到期以后", "接收方"), _places(listed))
    return _page(
        "个人信息清单 · Data map",
        "数据库里每一列属于哪一类、为什么处理、凭什么、存多久、给谁，出自 `contracts/data-map.yaml`。"
        "列名缺一个或多一个，检查都不通过。保存天数除法定最短期限外，待局方确认。",
        *parts,
    )


_MET_BY: Mapping[str, str] = {
    "anyone": "任何人",
    "signed-in": "登录的人，只关本人",
    "citizen": "老兵和家属，只关手上的档案",
    "partner": "外单位的系统，凭签名",
}

# Views that are allauth's promise here what their docstrings do not.
_ALLAUTH: Mapping[str, str] = {
    "account_login": "Name and password, or a passkey.",
    "account_logout": "Out, by a press.",
    "account_inactive": "The account is switched off: whom to ask.",
    "account_reauthenticate": "The password once more, before something that matters.",
    "account_change_password": "A new password, against the old one.",
    "mfa_index": "One's own second factors.",
    "mfa_authenticate": "The second factor after the password.",
    "mfa_reauthenticate": "The second factor once more, before something that matters.",
    "mfa_activate_totp": "Binds an authenticator; a new account begins here.",
    "mfa_deactivate_totp": "Takes the authenticator off.",
    "mfa_view_recovery_codes": "Recovery codes that are left.",
    "mfa_generate_recovery_codes": "New recovery codes; the old ones end.",
    "mfa_download_recovery_codes": "Recovery codes as a text file.",
    "mfa_list_webauthn": "One's own passkeys.",
    "mfa_reauthenticate_webauthn": "A passkey once more, before something that matters.",
    "mfa_remove_webauthn": "Takes one passkey off.",
    "mfa_edit_webauthn": "Names a passkey.",
    "mfa_login_webauthn": "Signs in by a passkey.",
}


def pages_page() -> str:
    """Every address of the routes, with who is let in and what its view promises."""
    from django.urls import get_resolver

    found = sorted(_routes(get_resolver().url_patterns, "/", ""), key=lambda each: each[:2])
    shown = [each[2:] for each in found if not each[0]]
    taken = [each[2:] for each in found if each[0]]
    heads = ("地址", "名字", "谁", "说的是什么")
    return _page(
        "每一页 · Pages",
        f"从路由生成，一页不漏：{len(shown)} 个打得开的地址，{len(taken)} 个只收提交的地址。"
        "每一页要在手机和电脑两种宽度上看过才算做好。",
        "## 打得开的 · Pages",
        "",
        *_table(heads, shown),
        "## 只收提交的 · Forms",
        "",
        *_table(heads, taken),
    )


def _routes(
    patterns: Iterable[Any], above: str, space: str
) -> Iterator[tuple[bool, str, str, str, str, str]]:
    """(takes submissions only, app, address, name, who, what) of every address below these patterns."""
    for pattern in patterns:
        written = above + str(pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            inner = f"{space}{pattern.namespace}:" if pattern.namespace else space
            yield from _routes(pattern.url_patterns, written, inner)
            continue
        view, name = pattern.callback, f"{space}{pattern.name or ''}"
        rule = view.access_rule
        who = f"`{rule.permission}`" if rule.permission else _MET_BY.get(rule.who, rule.who)
        own = view.__doc__ or getattr(getattr(view, "view_class", None), "__doc__", "") or ""
        said = _ALLAUTH.get(pattern.name or "", own.strip())
        yield _only_posts(view), space, f"`{written}`", f"`{name}`", who, said.split("\n\n")[0]


def _only_posts(view: Any) -> bool:
    """Whether Django's decorator lets nothing but POST through to this view."""
    while view is not None:
        for cell in getattr(view, "__closure__", None) or ():
            if cell.cell_contents == ["POST"]:
                return True
        view = getattr(view, "__wrapped__", None)
    return False


def _places(entries: Iterable[Entry]) -> Iterator[tuple[str, ...]]:
    """Columns that say the same share a line."""
    said: dict[tuple[str, ...], list[str]] = {}
    for entry in entries:
        kept = entry.retention
        line: tuple[str, ...] = (
            DATA_CLASSES[entry.kind],
            entry.purpose,
            entry.basis,
            kept.text if kept else "",
            kept.after if kept else "",
            "、".join(entry.recipients),
        )
        said.setdefault(line, []).append(f"`{entry.column}`")
    for line, columns in said.items():
        yield " ".join(columns), *line


FILES: Mapping[str, Callable[[], str]] = {
    "docs/pages.md": pages_page,
    "docs/reference/facts.md": facts_page,
    "docs/reference/benefits.md": benefits_page,
    "docs/reference/errors.md": errors_page,
    "docs/reference/commands.md": commands_page,
    "docs/reference/data-map.md": data_map_page,
}


def _found(name: str) -> str:
    target = project_root() / name
    return target.read_text(encoding="utf-8") if target.exists() else ""


def _book() -> Book:
    return load_book(project_root() / "policy", city=city())


def _page(title: str, lead: str, *parts: str) -> str:
    return "\n".join([f"# {title}", "", _WRITTEN_BY, "", lead, "", *parts]).rstrip() + "\n"


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    named = list(heads)
    return [_line(named), _line(["---"] * len(named)), *map(_line, rows), ""]


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def _origin(fact: Fact) -> str:
    if fact.derived_text:
        return f"推出：`{fact.derived_text}`"
    return f"由 `{fact.of}` 算出" if fact.of else f"`{fact.owner}`"


def _absent(fact: Fact) -> str:
    if not fact.is_stored:
        return ""
    if fact.absent == "none":
        return "无"
    return "否" if fact.absent_false else f"不知道。问：{fact.question}能查到的地方：{fact.known_by}"


def _benefit(book: Book, benefit: Benefit) -> Iterator[str]:
    yield f"## {benefit.title} {{ #{benefit.code.replace('.', '-')} }}"
    yield ""
    yield f"`{benefit.code}` · {AREAS[benefit.area]} · {KINDS[benefit.kind]} · {benefit.title_en}"
    yield ""
    yield f"- 对象：{'、'.join(CLASSES[name] for name in benefit.classes)}"
    yield f"- 谁来办：{benefit.provider}"
    if benefit.evidence:
        yield f"- 出示：{benefit.evidence}"
    sure = f"{CONFIDENCES[benefit.confidence]}（{GRADES[benefit.source_grade]}）"
    yield f"- 把握：{sure}，{benefit.checked} 核对"
    yield ""
    for version in reversed(benefit.versions):
        yield from _version(book, benefit, version)


def _version(book: Book, benefit: Benefit, version: Version) -> Iterator[str]:
    until = f" 至 {version.until}" if version.until else " 起"
    confirmed = "局方已确认" if book.is_confirmed(benefit, version) else "待局方确认"
    yield f"**{version.start}{until}**（{confirmed}）"
    yield ""
    yield f"- 谁能享受：{phrase(version.when, vocabulary=book.vocabulary)}"
    guards = [guard.when for _, guard in book.guards_before(benefit, on=version.start)]
    if guards:
        yield f"- 另须：{'；'.join(phrase(guard, vocabulary=book.vocabulary) for guard in guards)}"
    yield f"- 内容：{version.what}"
    yield f"- 怎么享受：{WAYS[version.grant.way]}"
    yield f"- 依据：{'；'.join(str(basis) for basis in version.basis)}"
    if version.note:
        yield f"- 说明：{version.note}"
    yield f"- 表达式：`{version.when_text}`"
    yield ""


def _walk(path: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from _walk(f"{path} {name}", inner)


def _command(path: str, command: click.Command) -> Iterator[str]:
    context = click.Context(command, info_name=path)
    yield f"## {path} {{ #{path.replace(' ', '-')} }}"
    yield ""
    yield "```text"
    yield " ".join([path, *command.collect_usage_pieces(context)])
    yield "```"
    yield ""
    yield (command.help or "").split("\n\n")[0].replace("\n", " ")
    yield ""
    options = [record for record in (param.get_help_record(context) for param in command.params) if record]
    if options:
        yield from _table(("选项", "说明"), [(f"`{name}`", text) for name, text in options])
