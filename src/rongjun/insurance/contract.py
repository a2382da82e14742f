"""The JSON Schema of a case, made from the same table that reads it.

`python -m rongjun.insurance.contract > contracts/insurance-case.schema.json` writes it anew.
"""

import json
from collections.abc import Mapping
from typing import Final

import click

from rongjun.insurance.cases import MAX_ARRIVALS
from rongjun.insurance.logic.bills import PAYERS
from rongjun.insurance.national import AMOUNTS, IS_REFUND, OUTSIDE, REFUND, SETTLEMENT, FieldUse

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


def schema_text() -> str:
    """The schema as the file holds it."""
    return json.dumps(case_schema(), ensure_ascii=False, indent=2) + "\n"


if __name__ == "__main__":
    click.echo(schema_text(), nl=False)
