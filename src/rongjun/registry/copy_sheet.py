"""A person's copy as sheets to read: one line a thing said, with both of its times."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rongjun.registry.copies import PersonCopy

KINDS = {
    "Particulars": "基本信息",
    "IdentityDocument": "身份证件",
    "Contact": "联系电话",
    "Service": "服役经历",
    "Status": "人员类别",
    "DisabilityRating": "残疾评定",
    "Household": "户籍",
    "Statement": "补充情况",
    "Relation": "与军人的关系",
    "NoticeReceipt": "告知记录",
    "Consent": "同意与撤回",
    "RightsRequest": "行权申请",
    "Restriction": "限制处理",
    "CitizenLink": "网上账户",
    "Mandate": "代办授权",
}
_TIMES = ("valid_from", "valid_to", "recorded_at", "superseded_at", "source")
_HEADS = ("类别", "内容", "何时起", "何时止", "何时记下", "何时更正", "来源")
_VERDICTS = {"granted": "能享受", "unknown": "差情况", "not-granted": "不能享受"}
Sheets = dict[str, tuple[Sequence[str], Sequence[Sequence[str]]]]


def sheets_of(copied: PersonCopy) -> Sheets:
    """Everything of the copy: what is on file, what was decided, offered and had, who looked."""
    return {
        "档案记载": (_HEADS, [_said(record.kind, dict(record.said)) for record in copied.records]),
        "记下的判定": (
            ("项目", "按哪天", "结果", "何时判定", "谁记下"),
            [
                [
                    str(each["code"]),
                    str(each["on"]),
                    _VERDICTS.get(str(each["verdict"]), str(each["verdict"])),
                    str(each["decided_at"]),
                    str(each["decided_by"]),
                ]
                for each in copied.decisions
            ],
        ),
        "主动提供": (
            ("项目", "何时提供", "答复期限", "答复", "何时答复", "谁记下", "怎么说的", "原话"),
            _rows(
                copied.offers,
                "code",
                "made_at",
                "answer_by",
                "state",
                "answered_at",
                "answered_by",
                "channel",
                "words",
            ),
        ),
        "登记享受": (
            ("项目", "从哪天起", "谁登记", "何时结束", "谁结束", "理由"),
            _rows(copied.enrolments, "code", "since", "enrolled_by", "ended_at", "ended_by", "end_reason"),
        ),
        "消息": (
            ("什么时候", "消息", "说了什么", "结果", "本人何时看的"),
            _rows(copied.messages, "told_at", "title", "body", "state", "read_at"),
        ),
        "谁看过": (
            ("时间", "谁", "岗位", "在哪儿", "做了什么", "为什么"),
            _rows(copied.reads, "at", "who", "role", "place", "what", "purpose"),
        ),
    }


def _rows(told: Iterable[Mapping[str, Any]], *names: str) -> list[list[str]]:
    return [[str(each[name]) for name in names] for each in told]


def _said(kind: str, said: dict[str, Any]) -> list[str]:
    times = [str(said.get(name) or "") for name in _TIMES]
    rest = {name: value for name, value in said.items() if name not in _TIMES and name != "division"}
    content = "；".join(f"{name}={value}" for name, value in rest.items() if value not in (None, ""))
    return [KINDS.get(kind, kind), content, *times]
