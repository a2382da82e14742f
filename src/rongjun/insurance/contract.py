"""What we promise about cases and settlements, made from the same table that reads them.

`python -m rongjun.insurance.contract contracts` writes the two schemas and the page of the daily file anew.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import click

from rongjun.insurance.cases import MAX_ARRIVALS
from rongjun.insurance.logic.bills import PAYERS
from rongjun.insurance.national import AMOUNTS, IS_REFUND, OUTSIDE, REFUND, SETTLEMENT, FieldUse
from rongjun.kernel.crypto import sm3

Schema = dict[str, object]
_TEXT: Final[Schema] = {"type": "string", "minLength": 1}
_DAY: Final[Schema] = {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}"}
_COUNT: Final[Schema] = {"type": "integer", "minimum": 1}


def case_schema() -> Schema:
    """The schema (draft 2020-12) of what `rongjun insurance quote` reads."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:rongjun:insurance-case",
        "title": "荣军保试算 · a case for `rongjun insurance quote`",
        "description": "一个人、一个方案，依次到达的结算、退费和经办人决定。金额以元为单位，写成文字。",
        **_object(
            {
                "city": {**_TEXT, "description": "policy/cities 里的文件夹名；不写就是本机的城市"},
                "plan": {**_TEXT, "description": "方案代码；不写就是 rongjunbao"},
                "note": _TEXT,
                "person": _ref("person"),
                "institutions": {
                    "type": "array",
                    "items": _TEXT,
                    "description": "已知的定点医药机构编号；不写就不核对",
                },
                "arrivals": {"type": "array", "maxItems": MAX_ARRIVALS, "items": _ref("arrival")},
            },
            required=["person", "arrivals"],
        ),
        "$defs": _parts(),
    }


def _parts() -> Schema:
    kinds = ("settlement", "refund", "ruling")
    return {
        "amount": {"type": ["string", "number"], "pattern": r"^-?[0-9]{1,15}(\.[0-9]{1,2})?$"},
        "facts": {
            "type": "object",
            "description": "事实名见 policy/facts.yaml；地区可写 this_city",
            "additionalProperties": {"type": ["boolean", "integer", "string", "null"]},
        },
        "person": _person(),
        "arrival": {"oneOf": [_object({kind: _ref(kind)}, required=[kind]) for kind in kinds]},
        "settlement": _record(SETTLEMENT, extra=_ours()),
        "refund": _refund(),
        "ruling": _ruling(),
    }


def _person() -> Schema:
    change = _object({"from": _DAY, "facts": _ref("facts")}, required=["from", "facts"])
    return _object(
        {
            "facts": _ref("facts"),
            "changes": {"type": "array", "items": change, "description": "从某天起变了的事实"},
            "relations": {"type": "array", "items": _ref("facts")},
            "died_on": {**_DAY, "type": ["string", "null"]},
        },
        required=["facts"],
    )


def _ours() -> Schema:
    payers = {code: {**_ref("amount"), "description": PAYERS[code]} for code in OUTSIDE}
    return {
        "version": {**_COUNT, "description": "同一结算单的第几版；更正后的版本号更大"},
        "causes": {"type": "array", "items": _TEXT, "description": "免责情形的代码"},
        "also_paid": {**_object(payers, required=[]), "description": "结算单以外各方已付"},
    }


def _record(table: Mapping[str, FieldUse], *, extra: Schema) -> Schema:
    fields = {name: {**_type(name, use), "description": use.title} for name, use in table.items()}
    return _object({**fields, **extra}, required=[name for name, use in table.items() if use.required])


def _refund() -> Schema:
    """A refund may bring every field of its settlement; only some are read."""
    flag = {"const": IS_REFUND, "description": REFUND["refd_setl_flag"].title}
    found = _record({**SETTLEMENT, **REFUND}, extra={"refd_setl_flag": flag})
    return {**found, "required": [name for name, use in REFUND.items() if use.required]}


def _ruling() -> Schema:
    return _object(
        {
            "fixmedins_code": _TEXT,
            "setl_id": _TEXT,
            "version": _COUNT,
            "decision": {"enum": ["admit", "refuse"]},
            "by": {**_TEXT, "description": "决定人姓名"},
            "why": {**_TEXT, "description": "理由"},
        },
        required=["fixmedins_code", "setl_id", "decision", "by", "why"],
    )


def _type(name: str, use: FieldUse) -> Schema:
    if use.use in AMOUNTS:
        return _ref("amount")
    return _DAY if name in {"begndate", "enddate"} else _TEXT


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _object(fields: Mapping[str, object], *, required: list[str]) -> Schema:
    return {
        "type": "object",
        "properties": dict(fields),
        "required": required,
        "additionalProperties": False,
    }


def message_schema() -> Schema:
    """The schema (draft 2020-12) of one call to /insurance/settlements."""
    keys: Schema = {
        "msgid": {
            "type": "string",
            "pattern": "^[A-Z0-9]{12}[0-9]{18}$",
            "description": "发送方报文ID：机构编号 12 位、时间 14 位、序号 4 位；同号同内容，答复不变",
        },
        "certno": {**_TEXT, "description": "公民身份号码"},
        "setl_time": {
            "type": "string",
            "description": "医院自己的结算时间，带时区，如 2024-03-20T10:30:00+08:00；只作参考",
        },
    }
    kinds = ("settlement", "refund")
    required = ["msgid", "certno"]
    record = {kind: _object({**keys, kind: _ref(kind)}, required=[*required, kind]) for kind in kinds}
    parts = _parts()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:rongjun:settlements",
        "title": "医院结算单 · one settlement or refund",
        "description": "POST /insurance/settlements，签名见 docs/explanation/partner-intake.md。一次一张。"
        "字段名见于公开程序的国家医保接口，待局方确认。",
        "oneOf": list(record.values()),
        "$defs": {name: parts[name] for name in ("amount", *kinds)},
    }


def file_columns() -> list[tuple[str, str, bool]]:
    """(name, Chinese, required) of each column of the daily file."""
    found = [("certno", "公民身份号码", True), ("setl_time", "结算时间", False)]
    fields = {**SETTLEMENT, "init_setl_id": REFUND["init_setl_id"]}
    always = {"fixmedins_code", "setl_id", "medfee_sumamt", "psn_cash_pay"}
    found += [(name, use.title, name in always) for name, use in fields.items()]
    found.append(("version", "第几版", False))
    found += [(payer, f"{PAYERS[payer]}（结算单以外）", False) for payer in OUTSIDE]
    return [*found, ("day", "哪一天结算", True)]


_PAGE_HEAD = """\
# 结算单日报：医院（或医保经办）每天一件，一行是一张结算单或一张退费单，和接口 /insurance/settlements 一样办。
# 由 national.py 生成（python -m rongjun.insurance.contract contracts），不要手改。
# 字段名见于公开程序的国家医保接口，与对方约定后以约定为准。信封的写法见 README.md。
# 金额是元，两位小数，没有的留空；退费的金额是负数。
format: settlements/1
title: 结算单日报
sender: 定点医药机构或医保经办机构
partner: hospital
confidence: 待局方确认
control: day
key: 发送方报文ID（msgid），30 位；同一报文号、同一内容，答复不变
columns:
"""


def file_page() -> str:
    """contracts/files/settlements.yaml: columns as we read them, and an example that would be accepted."""
    lines = [
        f"  - {{name: {name}, label: {title}, kind: {_kind(name)}, required: {str(required).lower()}}}"
        for name, title, required in file_columns()
    ]
    example = "".join(f"  {line}\n" for line in _example().splitlines())
    return f"{_PAGE_HEAD}{chr(10).join(lines)}\nexample: |\n{example}"


def _kind(name: str) -> str:
    return {"day": "date", "certno": "number"}.get(name, "text")


_EXAMPLE: Final[Mapping[str, str]] = {
    "certno": "990001194105060119",
    "setl_time": "2026-11-28T10:30:00+08:00",
    "fixmedins_code": "H99000000001",
    "setl_id": "S0001",
    "med_type": "21",
    "begndate": "2026-11-20",
    "enddate": "2026-11-28",
    "medfee_sumamt": "80000.00",
    "inscp_scp_amt": "80000.00",
    "hifp_pay": "40000.00",
    "fund_pay_sumamt": "40000.00",
    "psn_cash_pay": "40000.00",
    "day": "2026-11-28",
}


def _example() -> str:
    row = ["H99000000001202611281030000001"]
    row += [_EXAMPLE.get(name, "") for name, _title, _required in file_columns()]
    total = _EXAMPLE["day"].replace("-", "")
    content = f"H,settlements/1,hospital,2026-11-29,1,1,{total},UTF-8\n1,{','.join(row)}\n"
    return f"{content}T,1,{total},{sm3(content.encode()).hex()}\n"


def text_of(schema: Schema) -> str:
    """A schema as its file holds it."""
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"


def schema_text() -> str:
    """The schema of a case as the file holds it."""
    return text_of(case_schema())


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
def write(folder: Path) -> None:
    """Write all three into the contracts folder."""
    (folder / "insurance-case.schema.json").write_text(schema_text(), "utf-8")
    (folder / "settlements.schema.json").write_text(text_of(message_schema()), "utf-8")
    (folder / "files" / "settlements.yaml").write_text(file_page(), "utf-8")


if __name__ == "__main__":
    write()
