"""As much of JSON Schema as our contract uses; a word it does not know is an error of the test."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

_TYPES = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "null": type(None),
    "integer": int,
    "number": (int, float),
}
_TOLD = {"$schema", "$id", "$defs", "title", "description"}
_KNOWN = {
    "$ref", "oneOf", "const", "enum", "type", "properties", "required", "additionalProperties", "items",
    "maxItems", "minimum", "minLength", "pattern",
}  # fmt: skip


def faults(value: Any, schema: Mapping[str, Any], root: Mapping[str, Any], at: str = "$") -> Iterator[str]:
    """Where a value does not fit a schema."""
    assert set(schema) <= _KNOWN | _TOLD, set(schema) - _KNOWN - _TOLD
    if "$ref" in schema:
        yield from faults(value, root["$defs"][schema["$ref"].removeprefix("#/$defs/")], root, at)
    if "oneOf" in schema and sum(not list(faults(value, each, root)) for each in schema["oneOf"]) != 1:
        yield f"{at}: not one of the kinds"
    if "const" in schema and value != schema["const"]:
        yield f"{at}: not {schema['const']}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{at}: not in {schema['enum']}"
    if "type" in schema and not _is(value, schema["type"]):
        yield f"{at}: not {schema['type']}"
        return
    if isinstance(value, str):
        yield from _text_faults(value, schema, at)
    if isinstance(value, int) and value < schema.get("minimum", value):
        yield f"{at}: too small"
    if isinstance(value, list):
        if len(value) > schema.get("maxItems", len(value)):
            yield f"{at}: too many"
        for number, each in enumerate(value):
            yield from faults(each, schema.get("items", {}), root, f"{at}[{number}]")
    if isinstance(value, dict):
        yield from _object_faults(value, schema, root, at)


def _is(value: Any, wanted: str | list[str]) -> bool:
    names = [wanted] if isinstance(wanted, str) else wanted
    if isinstance(value, bool):
        return "boolean" in names
    return any(isinstance(value, _TYPES[name]) for name in names)  # type: ignore[arg-type]


def _text_faults(value: str, schema: Mapping[str, Any], at: str) -> Iterator[str]:
    if len(value) < schema.get("minLength", 0):
        yield f"{at}: too short"
    if "pattern" in schema and not re.search(schema["pattern"], value):
        yield f"{at}: not like {schema['pattern']}"


def _object_faults(
    value: dict[str, Any], schema: Mapping[str, Any], root: Mapping[str, Any], at: str
) -> Iterator[str]:
    fields, more = schema.get("properties", {}), schema.get("additionalProperties", True)
    for key in schema.get("required", []):
        if key not in value:
            yield f"{at}.{key}: missing"
    for key, each in value.items():
        if key in fields:
            yield from faults(each, fields[key], root, f"{at}.{key}")
        elif more is False:
            yield f"{at}.{key}: unknown"
        elif isinstance(more, Mapping):
            yield from faults(each, more, root, f"{at}.{key}")
