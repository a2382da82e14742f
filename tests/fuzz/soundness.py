"""What a file may hold, written down apart from the loader: the judge of whatever the loader accepts."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import yaml

Shape = Mapping[str, Any]

BASIS = dict.fromkeys(["document", "clause", "effective_from"])
FIGURE = dict.fromkeys(["label", "value", "unit", "of"])
AMOUNTS = ["way", "settle", "percent_off", "covers", "cap_fen", "own_max_fen", "formula"]
GRANT = dict.fromkeys(AMOUNTS) | {"figures": FIGURE}
# "*" stands for any key: names are data there.
ANY = {"*": None}
EXAMPLE = dict.fromkeys(["name", "date"]) | {
    "given": ANY,
    "relations": ANY,
    "expect": dict.fromkeys(["verdict", "because"]),
}
ENROLMENT = dict.fromkeys(["from", "gives", "answer_days", "note"]) | {"basis": BASIS}
VERSION = dict.fromkeys(["from", "since", "until", "announced", "when", "what", "venues", "note"]) | {
    "basis": BASIS,
    "grant": GRANT,
    "enrolment": ENROLMENT,
    "examples": EXAMPLE,
}
BENEFIT = {
    **dict.fromkeys(
        ["code", "source_id", "title", "title_en", "area", "kind", "classes", "provider", "owner"]
    ),
    **dict.fromkeys(["evidence", "checked", "confidence", "source_grade", "public_links"]),
    "versions": VERSION,
}
GUARD = dict.fromkeys(["code", "title", "note"]) | {
    "versions": {"from": None, "kinds": None, "when": None, "basis": BASIS}
}
FACT = {
    **dict.fromkeys(
        ["name", "type", "label", "owner", "absent", "question", "known_by", "meaningful_when", "derived_as"]
    ),
    **dict.fromkeys(["says", "says_not", "level", "min", "max", "unit", "of", "per", "titles_relation"]),
    "compare": dict.fromkeys(["at_least", "above", "below", "at_most"]),
    "values": ANY,
}
DIVISION = dict.fromkeys(["name", "title", "level", "code"])
PLACES = dict.fromkeys(["code", "title", "note", "places"])
FARE_VERSION = {
    **dict.fromkeys(["from", "since", "until", "announced", "confidence", "source_grade"]),
    **dict.fromkeys(["payer", "payer_note", "note"]),
    "basis": BASIS,
    "bands": dict.fromkeys(["band", "title", "up_to_metres", "fen"]),
    "examples": dict.fromkeys(["name", "date", "band", "metres", "fen"]),
}
FARE = dict.fromkeys(["code", "title", "title_en", "unit", "benefits", "owner", "checked"]) | {
    "versions": FARE_VERSION
}
SHAPES: Mapping[str, Shape] = {
    "facts.yaml": {"facts": FACT},
    "guard.yaml": {"guards": GUARD},
    "province.yaml": dict.fromkeys(["title", "code"]),
    "city.yaml": dict.fromkeys(["title", "title_en", "province", "code"]) | {"divisions": DIVISION},
    "venues.yaml": {"lists": PLACES},
}


def unsound(file: str, raw: bytes) -> Iterator[str]:
    """Everything in an accepted file that should have been refused."""
    text = raw.decode("utf-8")
    if len(raw) > 200_000:
        yield "too big"
    yield from _marks(text)
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(root, yaml.MappingNode):
        yield "not a mapping"
        return
    shape = FARE if "/fares/" in file else SHAPES.get(file.rpartition("/")[2], BENEFIT)
    yield from _node(root, shape)


def _marks(text: str) -> Iterator[str]:
    documents = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):  # type: ignore[no-untyped-call,unused-ignore]
        documents += isinstance(event, yaml.DocumentStartEvent)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            yield "an anchor or an alias"
        if getattr(event, "tag", None):
            yield "a tag"
    if documents != 1:
        yield f"{documents} documents"


def _node(node: yaml.Node, shape: Shape | None) -> Iterator[str]:
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _node(item, shape)
    elif isinstance(node, yaml.MappingNode):
        yield from _mapping(node, shape)
    else:
        yield from _scalar(node)


def _mapping(node: yaml.MappingNode, shape: Shape | None) -> Iterator[str]:
    if shape is None:
        yield "a mapping where a value belongs"
        return
    keys = [key.value for key, _ in node.value]
    for key in keys:
        if not isinstance(key, str) or (key not in shape and "*" not in shape):
            yield f"the unknown key {key!r}"
        elif keys.count(key) > 1:
            yield f"the key {key!r} twice"
    for key, value in node.value:
        yield from _node(value, shape.get(key.value))


def _scalar(node: yaml.Node) -> Iterator[str]:
    if any(ord(letter) < 32 and letter not in "\n\t" for letter in node.value):
        yield f"a control character in {node.value!r}"
    if node.tag.endswith(":float"):
        yield f"the fraction {node.value!r}"
    if node.tag.endswith(":int") and str(int(node.value.replace("_", "x"), 10)) != node.value.replace(
        "-0", "0"
    ):
        yield f"the odd number {node.value!r}"


def same_content(raw: bytes, read: object) -> bool:
    """Whether a second reader of YAML finds what ours found."""
    root = yaml.compose(raw.decode("utf-8"), Loader=yaml.SafeLoader)
    return root is not None and _plain(root) == read


def _plain(node: yaml.Node) -> object:
    if isinstance(node, yaml.MappingNode):
        return {key.value: _plain(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item) for item in node.value]
    text = str(node.value)
    if node.style:  # type: ignore[attr-defined]
        return text
    if text in {"true", "false", "null"}:
        return {"true": True, "false": False, "null": None}[text]
    if text.removeprefix("-").isdecimal() and text.isascii():
        return int(text)
    return date.fromisoformat(text).isoformat() if _is_day(text) else text


def _is_day(text: str) -> bool:
    return len(text) == 10 and [len(part) for part in text.split("-")] == [4, 2, 2] and text.isascii()
