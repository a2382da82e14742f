"""JSON checked against a schema of ours: the part of JSON Schema our contracts use, faults in Chinese.

The schema stays the one place that says what a case may hold; what passes here can be read without doubt.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

_NAMES: Final[Mapping[str, str]] = {
    "object": "一组“键: 值”",
    "array": "列表",
    "string": "文字",
    "integer": "整数",
    "boolean": "true 或 false",
    "null": "null",
}
KEYWORDS: Final = frozenset(
    {"$schema", "$id", "$defs", "$ref", "title", "description", "type", "additionalProperties", "required"}
    | {"properties", "items", "minItems", "maxItems", "oneOf", "const", "enum", "pattern", "minLength"}
    | {"minimum", "maximum"}
)


def faults_of(value: object, *, schema: Mapping[str, Any]) -> list[str]:
    """Every fault with its place (`history[2].approved_on`); empty when the value fits."""
    return list(_faults(value, schema, schema, ""))


def _faults(value: object, part: Mapping[str, Any], whole: Mapping[str, Any], place: str) -> Iterator[str]:
    if "$ref" in part:
        yield from _faults(value, whole["$defs"][part["$ref"].rsplit("/", 1)[1]], whole, place)
        return
    if "oneOf" in part:
        yield from _chosen(value, part["oneOf"], whole, place)
        return
    wanted = part.get("type")
    if wanted and not any(_is(value, name) for name in ([wanted] if isinstance(wanted, str) else wanted)):
        names = [wanted] if isinstance(wanted, str) else wanted
        yield f"{place or '最外层'}：应是{'、'.join(_NAMES[name] for name in names)}"
        return
    yield from _plain_faults(value, part, place)
    if isinstance(value, dict):
        yield from _object_faults(value, part, whole, place)
    if isinstance(value, list):
        yield from _list_faults(value, part, whole, place)


def _is(value: object, name: str) -> bool:
    kinds = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool}
    if name == "null":
        return value is None
    if isinstance(value, bool):
        return name == "boolean"
    return isinstance(value, kinds[name])


def _plain_faults(value: object, part: Mapping[str, Any], place: str) -> Iterator[str]:
    if "const" in part and value != part["const"]:
        yield f"{place}：应是 {part['const']}"
    if "enum" in part and value not in part["enum"]:
        yield f"{place}：从这些里选：{'、'.join(part['enum'])}"
    if isinstance(value, str):
        if "pattern" in part and not re.search(part["pattern"], value):
            yield f"{place}：写法不对"
        if len(value) < part.get("minLength", 0):
            yield f"{place}：是空的"
    if isinstance(value, int) and not part.get("minimum", value) <= value <= part.get("maximum", value):
        yield f"{place}：数字超出范围"


def _object_faults(
    value: Mapping[str, object], part: Mapping[str, Any], whole: Mapping[str, Any], place: str
) -> Iterator[str]:
    known = part.get("properties", {})
    for key in part.get("required", ()):
        if key not in value:
            yield f"{place or '最外层'}：缺少 {key}"
    others = part.get("additionalProperties", True)
    for key, inner in value.items():
        where = f"{place}.{key}" if place else key
        if key in known:
            yield from _faults(inner, known[key], whole, where)
        elif others is False:
            yield f"{where}：没有这个键"
        elif isinstance(others, dict):
            yield from _faults(inner, others, whole, where)


def _list_faults(
    value: list[object], part: Mapping[str, Any], whole: Mapping[str, Any], place: str
) -> Iterator[str]:
    if not part.get("minItems", 0) <= len(value) <= part.get("maxItems", len(value)):
        yield f"{place}：项数不对"
    for number, inner in enumerate(value):
        yield from _faults(inner, part.get("items", {}), whole, f"{place}[{number}]")


def _chosen(
    value: object, shapes: list[Mapping[str, Any]], whole: Mapping[str, Any], place: str
) -> Iterator[str]:
    """The shape whose `kind` the value names: then its faults are told, not those of all shapes."""
    kinds = {shape["properties"]["kind"]["const"]: shape for shape in shapes}
    kind = value.get("kind") if isinstance(value, dict) else None
    if not isinstance(kind, str) or kind not in kinds:
        yield f"{place}.kind：从这些里选：{'、'.join(kinds)}"
        return
    yield from _faults(value, kinds[kind], whole, place)
