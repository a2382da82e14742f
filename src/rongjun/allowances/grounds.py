"""Parts every policy file of allowances shares: grounds, numbers, codes."""

import re
from typing import Final

from rongjun.allowances.logic.schemes import Ground
from rongjun.rules.api import Basis, Fields, Node

SLUG: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
CAUSES: Final = ("war", "duty", "illness")


def read_numbers(fields: Fields, key: str, what: str) -> dict[str, int]:
    """An open mapping of names to whole numbers."""

    def read(name: str, node: Node) -> tuple[str, int]:
        if isinstance(node.value, bool) or not isinstance(node.value, int):
            fields.sheet.fault(node.line, f"“{name}”应是整数", "改成整数")
            return name, 0
        return name, node.value

    return dict(fields.map(key, what).each(read))


def read_ground(fields: Fields) -> Ground:
    """The clause, or a note what the bureau must confirm: one of the two."""
    if not fields.has("basis"):
        if not fields.has("unconfirmed"):
            fields.sheet.fault(
                fields.line, "既没有依据（basis），也没有写明待局方确认（unconfirmed）", "写其中一个"
            )
            return Ground((), None)
        return Ground((), fields.text("unconfirmed"))
    found = []
    for entry in fields.maps("basis", "依据"):
        found.append(
            Basis(entry.text("document"), entry.text_or_none("clause"), entry.day_or_none("effective_from"))
        )
        entry.done()
    fields.has("unconfirmed")
    return Ground(tuple(found), fields.text_or_none("unconfirmed"))


def inner_ground(fields: Fields, key: str) -> Ground:
    """The ground written under a key of its own."""
    inner = fields.map(key, key)
    ground = read_ground(inner)
    inner.done()
    return ground
