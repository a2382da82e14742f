"""A batch as a workbook: what was paid to whom, what it comes to, who took it out. Accounts are masked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from rongjun.kernel.words import Words
from rongjun.ledger.payments.queries import BatchReport, LineReport, Total
from rongjun.registry import api as registry

LINE_STATES: Words[dict[str, tuple[str, str]]] = {
    "draft": ("待复核", ""),
    "ready": ("等银行答复", "info"),
    "paid": ("已到账", "ok"),
    "failed": ("没付成", "no"),
    "requeued": ("已重新发", "pause"),
    "written-back": ("已冲回", "pause"),
    "withdrawn": ("已撤回", "pause"),
}


def batch_workbook(
    report: BatchReport,
    lines: Sequence[LineReport],
    *,
    funds: Sequence[Total],
    counties: Sequence[tuple[str, Total]],
    names: Mapping[str, str],
    mark: registry.Mark,
    reason: str,
) -> bytes:
    """Three marked sheets: the payments, the totals by fund and county, the hands it went through."""
    return registry.marked_book(
        {
            "付款": (
                ["付款编号", "业务键", "收款人", "账号", "金额（元）", "用途", "状态", "原因"],
                [_row(line) for line in lines],
            ),
            "合计": (
                ["项目", "笔数", "金额（元）"],
                [
                    *_totals((f"资金 {each.what}", each) for each in funds),
                    *_totals((name, each) for name, each in counties),
                    ["总计", str(report.count), str(report.total)],
                ],
            ),
            "经手": (["经办", "复核", "放款"], [[names.get(who, "") for who in _people(report)]]),
        },
        mark=mark,
        reason=reason,
    )


def _row(line: LineReport) -> list[str]:
    word, _tone = LINE_STATES[line.state]
    return [
        line.reference,
        line.key,
        line.payee,
        line.account,
        str(line.fen),
        line.purpose,
        word,
        line.reason,
    ]


def _totals(named: Iterable[tuple[str, Total]]) -> list[list[str]]:
    return [[name, str(each.count), str(each.total)] for name, each in named]


def _people(report: BatchReport) -> tuple[str, str, str]:
    return report.people.made, report.people.checked, report.people.released
