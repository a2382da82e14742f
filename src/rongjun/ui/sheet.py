"""Invented values for the component sheet `ui/components.html`, one of every part and every state."""

from __future__ import annotations

from datetime import date
from typing import Any

PURPOSES = [{"value": "payee", "label": "核对银行户名"}, {"value": "call", "label": "电话联系本人"}]
COVERED = {
    "id": "identity",
    "label": "证号",
    "text": "990001********0016",
    "url": "/unmask/",
    "purposes": PURPOSES,
}
PERSON = {
    "name": "测试张三",
    "chips": [{"word": "在册", "tone": "ok"}, {"word": "带病回乡退役军人", "tone": "gold"}],
    "facts": [
        {"label": "证号", "masked": COVERED},
        {"label": "年龄", "value": "71 岁，男"},
        {"label": "电话", "value": "100****0001"},
        {"label": "户籍", "value": "即墨区潮海街道"},
    ],
    "actions": [
        {"label": "打电话", "url": "tel:10000000001", "icon": "phone"},
        {"label": "受理新件", "url": "#", "primary": True},
    ],
}
GRANTED = {
    "verdict": "granted",
    "title": "免费乘公交、地铁",
    "amount": "本月 38 次",
    "sentence": "持有效荣军卡，户籍在本市，退役军人。",
    "reasons": [
        {"state": "met", "text": "持有有效的荣军卡", "source": "荣军卡系统，今天核对"},
        {"state": "met", "text": "户口在本市", "source": "公安共享，2023-11-01", "url": "#"},
    ],
    "basis": [{"text": "示例文号〔2023〕1 号 第一、二条", "url": "#"}],
}
UNKNOWN = {
    "verdict": "unknown",
    "title": "荣军居 房屋修缮",
    "sentence": "差 1 个情况，问清就能算。",
    "reasons": [{"state": "unknown", "text": "家庭是否住房困难", "source": "还没有登记"}],
    "question": {
        "text": "老人家里的房子漏雨，或是危房吗？",
        "why": "这一项只给住房困难的家庭。",
        "url": "/answer/",
        "name": "in_hardship",
        "answers": [
            {"label": "是", "value": "yes"},
            {"label": "不是", "value": "no"},
            {"label": "约上门看房", "url": "#"},
        ],
    },
    "basis": [{"text": "荣军居维修工程"}],
    "unconfirmed": True,
    "grade": "报刊转载",
}
ASKS_A_NUMBER = {
    "verdict": "unknown",
    "title": "残疾军人优先就诊",
    "sentence": "差 1 个情况，问清就能算。",
    "question": {
        "text": "残疾军人证上的残疾等级是几级？",
        "url": "/answer/",
        "name": "disability_grade",
        "field": {"type": "number", "min": "1", "max": "10", "unit": "级", "limits": "1 到 10 的整数"},
    },
}
REFUSED = {
    "verdict": "not-granted",
    "title": "残疾抚恤金",
    "sentence": "现在不能享受：档案里没有残疾等级。",
    "reasons": [
        {"state": "unmet", "text": "有残疾等级", "source": "档案，2023-10-26 核对"},
        {"state": "met", "text": "是退役军人", "source": "档案，1976-03 退伍"},
    ],
    "basis": [{"text": "《军人抚恤优待条例》"}],
    "links": [{"label": "给老兵的说法", "url": "#"}],
}
FOLDED = {**GRANTED, "title": "免首道门票", "fold": True, "relation": "烈士的子女"}
WORDING: dict[str, Any] = {
    "sentence": "是退役军人，并且持有优待证",
    "parts": [
        {"sentence": "是退役军人", "any_of": []},
        {"sentence": "", "any_of": ["持有优待证", "持有荣军卡"]},
    ],
    "guards": ["不在待遇中止期间"],
    "classes": ["退役军人"],
    "expression": "is_veteran AND holds_pref_card",
    "what": "本人免费乘坐市内公共汽电车。",
    "figures": ["全免", "最高 300,000 元"],
    "covers": ["公共汽电车"],
    "venues": [("首批", ["示范公园", "示范博物馆"])],
    "way": "出示证件或卡，当场享受",
    "evidence": "优待证",
    "provider": "示范公交公司",
    "basis": [{"document": "示例文号〔2023〕1 号", "clause": "第一条"}],
    "start": date(2023, 4, 21),
    "is_observed": True,
    "confidence": "已读到来源",
    "grade": "转载",
    "note": "起算日没有查到。",
    "links": ["/document/"],
}
TIMELINE = [
    {"date": "2023-11-20", "text": "补助到账 900.00 元", "note": "含 8 至 10 月补发 112.50", "key": True},
    {"date": "2023-11-18", "text": "反映公交刷卡不成功", "note": "在办，还剩 31 小时", "url": "#"},
    {"date": "1970-12", "text": "入伍", "note": "义务兵，档案原件扫描"},
]
COLUMNS = [
    {"label": "类别"},
    {"label": "状态"},
    {"label": "人数", "number": True},
    {"label": "小计", "number": True},
]
ROWS: list[dict[str, Any]] = [
    {
        "cells": [
            {"text": "带病回乡退役军人", "url": "#a", "note": "年标准 9450 元"},
            {"text": "", "chip": {"word": "已核", "tone": "ok"}},
            "6,917",
            "6,225,300.00",
        ]
    },
    {
        "cells": [
            {"text": "参战退役军人", "url": "#b", "conf": True},
            {"text": "", "chip": {"word": "待补件", "tone": "warn"}},
            "4,208",
            "4,039,680.00",
        ]
    },
]
SHARES = [("已享受", 120, "d3"), ("等答复", 40, "d1"), ("没送到", 8, "d4")]
FOOT = ["合计", "", "11,125", "10,264,980.00"]
FILTERS = [
    {
        "name": "verdict",
        "label": "判定",
        "options": [
            {"value": "", "label": "全部", "selected": True},
            {"value": "granted", "label": "能享受"},
        ],
    },
    {"name": "q", "label": "名称", "value": ""},
]
CHIPS = [
    {"word": "已到账", "tone": "ok"},
    {"word": "在办", "tone": "info"},
    {"word": "待补件", "tone": "warn"},
    {"word": "不能享受", "tone": "no"},
    {"word": "已超时", "tone": "late"},
    {"word": "已暂停", "tone": "pause"},
    {"word": "烈士遗属", "tone": "gold"},
    {"word": "草稿", "tone": ""},
]


def sheet() -> dict[str, Any]:
    """The context of `ui/components.html`."""
    return {
        "person": PERSON,
        "decisions": [GRANTED, FOLDED, UNKNOWN, ASKS_A_NUMBER, REFUSED],
        "wording": WORDING,
        "entries": TIMELINE,
        "columns": COLUMNS,
        "rows": ROWS,
        "shares": SHARES,
        "foot": FOOT,
        "filters": FILTERS,
        "chips": CHIPS,
        "shown": {**COVERED, "id": "identity-shown", "full": "990001195209010016"},
        "unanswered": {**COVERED, "id": "identity-again", "error": "先选一个用途，再看全号。"},
    }
