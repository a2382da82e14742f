"""What was found, as rows with a figure and a bar: a table to read, Markdown and JSON to keep."""

import json
import os
import platform
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, Literal

from bench.population import FULL

Outcome = Literal["pass", "fail", "not run", "reported"]
FOLDER: Final = Path(__file__).resolve().parent / "results"
GIB: Final = 2**30
_BUSY: Final = 0.5
SLACK: Final = 3


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. `remark` holds the other figures of the same measurement."""

    name: str
    chinese: str
    english: str
    figure: str
    bar: str
    outcome: Outcome
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """How far a figure may go: at most, or at least, `limit`; None is reported without a bar."""

    limit: float | None
    unit: str = ""
    scale: float = 1
    at_least: bool = False

    def row(self, name: str, titles: tuple[str, str], value: float, remark: str = "") -> Row:
        """The row for a figure in the plain unit; it is shown times `scale`."""
        return Row(name, *titles, self._shown(value), self._wanted(), self._outcome(value), remark)

    def _shown(self, value: float) -> str:
        shown = value * self.scale
        digits = 0 if shown >= 100 else 1 if shown >= 20 else 2 if shown >= 0.2 else 3
        return f"{shown:.{digits}f}{self.unit}"

    def _wanted(self) -> str:
        if self.limit is None:
            return "–"
        return f"{'≥' if self.at_least else '≤'} {self.limit * self.scale:g}{self.unit}"

    def _outcome(self, value: float) -> Outcome:
        if self.limit is None:
            return "reported"
        return "pass" if (value >= self.limit if self.at_least else value <= self.limit) else "fail"


SECONDS: Final = " s"
MILLISECONDS: Final = (" ms", 1_000.0)

_VERDICTS: Final = ("一个人的全部结论", "one person, all verdicts")
_REASONS: Final = ("一个人的全部结论和理由", "one person, all verdicts with every reason")
_APART: Final = ("一个人，比 OpenFisca 快", "one person, faster than OpenFisca-Core")
_SWEEP: Final = ("全体扫描", "everybody, pure sweep")
_DIFFERENCE: Final = ("两本政策册对全体的差别", "two books compared over everybody")
_IMPACT: Final = ("政策改动对全体的影响，资料已存", "a changed policy over everybody, facts as kept")
_ENTITLE: Final = ("全体判定并存下，资料从数据库读", "everybody judged and kept, facts from PostgreSQL")
_LEDGER: Final = (
    "记账，8 个人同时，与没有触发器之比",
    "two-leg transfers, 8 writers, as a share of no triggers",
)
_ENTITLE_MEMORY: Final = ("全体判定并存下的内存", "everybody judged and kept, peak memory")
_CITY: Final = ("虚构城市全部建档", "the invented city put on file")
_SEARCH: Final = ("查找，8 个人每人每秒一次", "search, 8 users, a request a second each, p95")
_FILE: Final = ("档案页，同上，含最重的一份", "a person's page, the same, the heaviest included, p95")
_HEAVIEST: Final = ("最重的一份档案", "the heaviest person's page, p95")
_KEPT: Final = ("全体判定存下的大小", "everybody judged and kept, bytes stored")
_IMPORT: Final = ("导入花名册，从文件到最后一行", "a roster imported, file to last row")
_IMPORT_CSV: Final = ("导入花名册（CSV）", "a roster imported from CSV")
_USES: Final = (
    "使用记录经接口收下，每批 500 条，落盘并计入合计",
    "uses through HTTP, batches of 500, with rollups",
)
_USES_COPY: Final = ("同上，与同一批文本 COPY 之比", "the same, as a share of text COPY of the same batches")
_USES_FILE: Final = (
    "运营单位一天的文件，查、装、对",
    "an operator's day by file: checked, loaded, reconciled",
)
_SAVINGS: Final = (
    "节省额，一亿次使用，最慢的一种问法，第 95 百分位",
    "the savings figure over 100 million uses, the slowest way of asking, p95",
)
_SAVINGS_PAGES: Final = (
    "全市一屏和节省页，同上，最慢的一页",
    "the screen and the savings pages, the same, the slowest page, p95",
)
_PAY_RUN: Final = ("抚恤补助一个月的批次，逐人比对（含数据库）", "pay run of a month with comparison")
_RECOMPUTE: Final = ("抚恤补助 17 年全部重算，带理由", "everybody over 17 years again, with reasons")
_MEMORY: Final = ("全体扫描的内存", "everybody, peak memory")
_HAND: Final = ("全体扫描，与手写 NumPy 之比", "everybody, time as a share of hand-written NumPy")
_CHECK: Final = ("读入并检查全册", "load and check the whole book")
_CLAIMS: Final = ("荣军保结算单：收下、判定、留钱、消息", "a bill taken in, decided, set aside and told")
_AGAIN: Final = ("荣军保一百万张结算单重判", "a million settlements decided again")
_DECISION: Final = ("荣军保一次判定", "one decision of the insurance, in process")


def rows(found: Mapping[str, Any], *, wanted: Sequence[str]) -> list[Row]:
    """The table of a run; `found` holds what each process said, or a sentence why it did not run.

    A small run is for machines that have other work: there a time fails only at `SLACK` times its bar, while
    the ratios, taken side by side, keep theirs.
    """
    makers = {
        "person": _person_rows,
        "openfisca": _openfisca_rows,
        "sweep": _sweep_rows,
        "by-hand": _hand_rows,
        "check": _check_rows,
        "insurance": _insurance_rows,
        "city": _city_rows,
        "entitle": _entitle_rows,
        "pages": _pages_rows,
        "import": _import_rows,
        "ledger": _ledger_rows,
        "uses": _uses_rows,
        "savings": _savings_rows,
        "allowances": _allowance_rows,
        "claims": _claims_rows,
    }
    return [row for name in makers if name in wanted for row in makers[name](found)]


def _time(found: Mapping[str, Any], limit: float, *shown: Any) -> Bar:
    return Bar(limit * (SLACK if found["size"] == "small" else 1), *shown)


def _person_rows(found: Mapping[str, Any]) -> list[Row]:
    told = found["one_person"]
    return [
        _time(found, 1e-4, *MILLISECONDS).row(
            "verdicts", _VERDICTS, told["verdicts"]["wall"], _spread(told["verdicts"])
        ),
        _time(found, 3e-3, *MILLISECONDS).row(
            "decide_all", _REASONS, told["decide_all"]["wall"], _spread(told["decide_all"])
        ),
    ]


def _openfisca_rows(found: Mapping[str, Any]) -> list[Row]:
    bar = Bar(100, "×", at_least=True)
    told, ours = found["openfisca"], found["one_person"]
    if isinstance(told, str):
        return [Row("openfisca", *_APART, "–", "≥ 100×", "not run", told)]
    if told["different"]:
        return [
            Row("openfisca", *_APART, "–", "≥ 100×", "fail", f"void: {told['different']} verdicts differ")
        ]
    new, old = told["new_simulation"]["wall"], told["calculate"]["wall"]
    quick, reasoned = ours["known_verdicts"]["wall"], ours["known_decide_all"]["wall"]
    remark = (
        f"new simulation {_ms(new)}, only calculating {_ms(old)} ({old / quick:.0f}×); ours {_ms(quick)}"
        f" on the same people, with every reason {_ms(reasoned)} ({new / reasoned:.1f}×);"
        f" 0 verdicts of {told['people']} people differ"
    )
    return [bar.row("openfisca", _APART, new / quick, remark)]


def _sweep_rows(found: Mapping[str, Any]) -> list[Row]:
    told = found["everybody"]
    seconds = 0.5 if told["people"] == FULL else None  # fixed costs do not shrink with the people
    remark = (
        f"{told['people']:,} people, {told['relations']:,} relations, {_shares(told['cells'])};"
        f" without relations {told['without_relations']['wall']:.3f} s; first sweep {told['first']:.2f} s;"
        f" {_spread(told['sweep'])}"
    )
    compared = f"{told['differing']} benefits judge differently; {_spread(told['difference'])}"
    return [
        Bar(seconds, SECONDS).row("sweep", _SWEEP, told["sweep"]["wall"], remark),
        _time(found, 1.0, SECONDS).row("difference", _DIFFERENCE, told["difference"]["wall"], compared),
        Bar(float(GIB), " MiB", 1 / 2**20).row("memory", _MEMORY, told["peak_bytes"]),
    ]


def _hand_rows(found: Mapping[str, Any]) -> list[Row]:
    told = found["by_hand"]
    if isinstance(told, str):
        return [Row("by-hand", *_HAND, "–", "≤ 1.5×", "not run", told)]
    if told["different_cells"]:
        return [
            Row("by-hand", *_HAND, "–", "≤ 1.5×", "fail", f"void: {told['different_cells']} cells differ")
        ]
    ours, theirs = told["sweep"]["wall"], told["by_hand"]["wall"]
    remark = f"sweep {ours:.3f} s, by hand {theirs:.3f} s, in turn; 0 of {told['cells']:,} cells differ"
    return [Bar(1.5, "×").row("by-hand", _HAND, ours / theirs, remark)]


def _check_rows(found: Mapping[str, Any]) -> list[Row]:
    told = found["whole_book"]
    remark = f"{told['examples']} examples; first time {told['first']:.2f} s"
    return [_time(found, 2, SECONDS).row("check", _CHECK, told["check_book"]["wall"], remark)]


def _insurance_rows(found: Mapping[str, Any]) -> list[Row]:
    told = found["insurance"]
    whole = told["take"]
    remark = (
        f"{_spread(told['decide'])}; with cover judged and three earlier stays looked at"
        f" {_ms(whole['wall'])} (95% {_ms(whole['p95'])})"
    )
    again = told["again"]
    twice = (
        f"{again['settlements']:,} settlements decided twice, in opposite orders;"
        f" {again['differing']} years differ"
    )
    # Half of what was decided: a night decides everything once.
    million = again["seconds"] / 2 * 1_000_000 / again["settlements"]
    decision = Bar(1e-4, *MILLISECONDS).row("insurance", _DECISION, told["decide"]["wall"], remark)
    if again["differing"]:
        return [decision, Row("insurance", *_AGAIN, "–", "≤ 300 s", "fail", f"void: {twice}")]
    return [decision, _time(found, 300, SECONDS).row("insurance", _AGAIN, million, twice)]


def _entitle_rows(found: Mapping[str, Any]) -> list[Row]:
    told = found["entitling"]
    remark = (
        f"{told['people']:,} people, {told['benefits']} benefits, processor time of our side"
        f" {told['entitle_cpu']:.1f} s"
    )
    compared = (
        f"{told['differing']} benefits judge differently; {_spread(told['impact'])};"
        f" every file read again {told['fresh']:.2f} s"
    )
    return [
        _time(found, 60, SECONDS).row("entitle", _ENTITLE, told["entitle"], remark),
        Bar(2.0 * GIB, " MiB", 1 / 2**20).row("entitle-memory", _ENTITLE_MEMORY, told["peak_bytes"]),
        Bar(1e8, " MB", 1e-6).row("entitle-kept", _KEPT, told["kept_bytes"]),
        _time(found, 1.0, SECONDS).row("impact", _IMPACT, told["impact"]["wall"], compared),
    ]


def _city_rows(found: Mapping[str, Any]) -> list[Row]:
    told = found["city"]
    seconds = 300.0 if told["people"] == FULL and told["is_ours"] else None
    remark = (
        f"{told['on_file']:,} on file, {told['on_file'] / told['seconds']:,.0f} a second with starting the"
        f" database, peak memory {told['peak_bytes'] / 2**20:.0f} MiB,"
        f" database {told['database_bytes'] / 2**20:,.0f} MiB"
    )
    return [Bar(seconds, SECONDS).row("city", _CITY, told["seconds"], remark)]


def _pages_rows(found: Mapping[str, Any]) -> list[Row]:
    told = found["pages"]
    kinds = told["kinds"]
    search = "; ".join(f"{kind} {_latency(kinds[kind])}" for kind in ("two", "tail", "page") if kind in kinds)
    files = [
        _time(found, 0.15, *MILLISECONDS).row(
            "person", _FILE, told["person"]["p95"], _latency(told["person"])
        )
    ]
    if "heaviest" in kinds:
        heaviest = _time(found, 0.15, *MILLISECONDS)
        files.append(
            heaviest.row("heaviest", _HEAVIEST, kinds["heaviest"]["p95"], _latency(kinds["heaviest"]))
        )
    return [_time(found, 0.05, *MILLISECONDS).row("search", _SEARCH, told["search"]["p95"], search), *files]


def _latency(told: Mapping[str, float]) -> str:
    spread = ", ".join(f"{name} {_ms(told[name])}" for name in ("p50", "p95", "max"))
    return f"{spread}, {told['count']:.0f} requests"


def _import_rows(found: Mapping[str, Any]) -> list[Row]:
    told, titles = found["importing"], {"xlsx": _IMPORT, "csv": _IMPORT_CSV}
    least = 1_000 / (SLACK if found["size"] == "small" else 1)
    return [
        Bar(least, " rows/s", at_least=True).row(
            f"import-{kind}",
            titles[kind],
            told["rows"] / told[kind]["seconds"],
            f"{told['rows']:,} rows: read {told[kind]['read']:.1f} s, sealed {told[kind]['take_in']:.1f} s,"
            f" loaded {told[kind]['load']:.1f} s; processor of our side {told[kind]['cpu']:.1f} s;"
            f" one small commit {_ms(told['commit']['wall'])}",
        )
        for kind in ("xlsx", "csv")
    ]


def _ledger_rows(found: Mapping[str, Any]) -> list[Row]:
    told = found["ledger"]
    if told["faults"]:
        return [Row("ledger", *_LEDGER, "–", "≥ 0.6×", "fail", f"void: {told['faults']} faults")]
    ratios = sorted(each["ratio"] for each in told["rounds"])
    remark = (
        f"{told['guarded']:,.0f} a second with triggers, {told['bare']:,.0f} without, in turn, {len(ratios)}"
        f" rounds, {ratios[0]:.2f} to {ratios[-1]:.2f}; one pair of accounts {told['hot']:,.0f},"
        f" out of one limited account {told['limited']:,.0f}; through `ledger.post` {told['door']:,.0f},"
        f" limited {told['door_limited']:,.0f}; {told['transfers']:,} transfers sum to zero"
    )
    return [Bar(0.6, "×", at_least=True).row("ledger", _LEDGER, told["ratio"], remark)]


def _uses_rows(found: Mapping[str, Any]) -> list[Row]:
    told = found["uses"]
    file = told["file"]
    least = 25_000 / (SLACK if found["size"] == "small" else 1)
    remark = (
        f"{told['rows']:,} uses in batches of {told['batch']} by {told['clients']} clients, a batch"
        f" {_ms(told['p50'])}, 95% {_ms(told['p95'])}; COPY {told['copy']:,.0f}/s; rollups are a recount;"
        f" one small commit {_ms(told['commit'])}"
    )
    spent = "processor of clients, application and database for a batch: " + ", ".join(
        f"{name} {_ms(each / 1000)}" for name, each in told["processor"].items()
    )
    steps = ", ".join(f"{name} {file[name]:.1f} s" for name in ("receive", "load", "reconcile"))
    return [
        Bar(least, "/s", at_least=True).row("uses", _USES, told["http"], remark),
        Bar(0.2, "×", at_least=True).row("uses-copy", _USES_COPY, told["ratio"], spent),
        _time(found, 30 * file["rows"] / 300_000, SECONDS).row(
            "uses-file", _USES_FILE, file["seconds"], f"{file['rows']:,} rows: {steps}"
        ),
    ]


def _savings_rows(found: Mapping[str, Any]) -> list[Row]:
    told, bar = found["savings"], _time(found, 0.2, *MILLISECONDS)
    remark = (
        f"{told['uses']:,} uses in {told['by_day']:,} lines by day and {told['by_month']:,} by month, written"
        f" by SQL in {told['filled']:.0f} s; {told['rounds']} rounds,"
        f" p50 / p95: {_percentiles(told['figures'])}"
    )
    return [
        bar.row("savings", _SAVINGS, told["figure_p95"], remark),
        bar.row("insight", _SAVINGS_PAGES, told["page_p95"], f"p50 / p95: {_percentiles(told['pages'])}"),
    ]


def _percentiles(told: Mapping[str, Mapping[str, float]]) -> str:
    return ", ".join(f"{name} {_ms(each['p50'])} / {_ms(each['p95'])}" for name, each in told.items())


def _allowance_rows(found: Mapping[str, Any]) -> list[Row]:
    told = found["allowances"]
    share = told["people"] / 42_000
    steps = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in told["run"].items())
    return [
        _time(found, 20 * share, SECONDS).row(
            "pay-run",
            _PAY_RUN,
            told["run_seconds"],
            f"{told['people']:,} people, {told['lines'][1]:,} lines: {steps}",
        ),
        _time(found, 60 * share, SECONDS).row(
            "recompute",
            _RECOMPUTE,
            told["recompute_seconds"],
            f"gathered {told['gather_seconds']:.1f} s, reckoned {told['reckon_seconds']:.1f} s on"
            f" {told['cores']} cores, {told['months']:,} months differ; the differences are not written",
        ),
    ]


def _claims_rows(found: Mapping[str, Any]) -> list[Row]:
    told = found["claims"]
    remark = (
        f"{told['count']:,} bills at {told['rate']} a second, median {_ms(told['p50'])}, longest"
        f" {_ms(told['max'])}; the first ones after a start {_ms(told['cold'])};"
        f" {told['gaps']} lost, {told['faults']} faults in the books"
    )
    if told["gaps"] or told["faults"]:
        return [Row("claims", *_CLAIMS, "–", "≤ 250 ms", "fail", f"void: {remark}")]
    return [_time(found, 0.25, *MILLISECONDS).row("claims", _CLAIMS, told["p95"], remark)]


def _shares(cells: Mapping[str, int]) -> str:
    total = sum(cells.values())
    return ", ".join(f"{count / total:.0%} {verdict}" for verdict, count in cells.items())


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.3g} ms"


def _spread(timing: Mapping[str, float]) -> str:
    return f"95% {_ms(timing['p95'])}, processor {_ms(timing['cpu'])}, {timing['runs']:.0f} runs"


def machine(*, load: float) -> dict[str, Any]:
    """What was measured on, without its name."""
    return {
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / GIB, 1),
        "system": f"{platform.system()} {platform.machine()}",
        "load_before": round(load, 2),
        "python": platform.python_version(),
        "polars": version("polars"),
    }


def _cpu() -> str:
    if sys.platform == "linux":
        for line in Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown"


def is_busy(load: float) -> bool:
    """Whether the machine had other work when the run began."""
    return load > _BUSY


def table(found: Sequence[Row]) -> str:
    """What is printed: figure, bar, outcome, title; remarks below."""
    lines = [
        f"{row.name:<12}{row.figure:>10}  {row.bar:<12}{row.outcome:<10}{row.chinese} · {row.english}"
        for row in found
    ]
    remarks = [f"{row.name}: {row.remark}" for row in found if row.remark]
    failed = [row.name for row in found if row.outcome == "fail"]
    left = [row.name for row in found if row.outcome == "not run"]
    closing = f"未达标 · missed: {', '.join(failed)}" if failed else "全部达标 · every bar is met"
    if left:
        closing += f"；没有测 · not run: {', '.join(left)}"
    rule = "─" * 72
    return "\n".join(["", rule, *lines, rule, *remarks, rule, closing])


def write(
    found: Sequence[Row], raw: Mapping[str, Any], about: Mapping[str, Any], *, folder: Path = FOLDER
) -> None:
    """Keep a run as policy-book.md and policy-book.json."""
    folder.mkdir(exist_ok=True)
    kept = {"about": about, "rows": [asdict(row) for row in found], "raw": _rounded(raw)}
    text = json.dumps(kept, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
    (folder / "policy-book.json").write_text(text, "utf-8")
    (folder / "policy-book.md").write_text(_markdown(found, about), "utf-8")


def _rounded(value: Any) -> Any:
    """Four digits are more than a clock knows; seventeen look like somebody's number."""
    if isinstance(value, Mapping):
        return {name: _rounded(each) for name, each in value.items()}
    return float(f"{value:.4g}") if isinstance(value, float) else value


def _markdown(found: Sequence[Row], about: Mapping[str, Any]) -> str:
    lines = [
        "# 政策册有多快 · How fast the policy book answers",
        "",
        "由 `make bench ARGS=--write` 写出，测法见 `docs/how-to/measure-the-policy-book.md`。",
        "*Written by `make bench ARGS=--write`; for the method see the same page.*",
        "",
        "| | 测到 figure | 要求 bar | 结果 | 其他 other figures |",
        "| --- | --- | --- | --- | --- |",
        *(f"| {r.chinese} · {r.english} | {r.figure} | {r.bar} | {r.outcome} | {r.remark} |" for r in found),
        "",
        *(f"- {name}: {value}" for name, value in about.items()),
    ]
    return "\n".join(lines) + "\n"


def today() -> str:
    """The date of a run."""
    return datetime.now(UTC).date().isoformat()
