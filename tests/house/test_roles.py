"""Every role, at every address, from every place: let in exactly where permission and scope say so.

The table of `test_addresses.py` is reviewed by eye for a small cast; this one is worked out from the rules,
so that no pair is missed when a role, an address or a level of division is added.
"""

from __future__ import annotations

import re

import pytest
from django.test import Client

from rongjun.access.api import ROLES, scope_of
from tests.house.addresses import Address, addresses
from tests.house.scene import Scene, hire, visitor
from tests.house.test_addresses import rows, url_of

pytestmark = pytest.mark.django_db
# What an address names that lies in the station's division, its county's or the city's; all else it names is
# everybody's, or there is no such thing in the scene: then nobody finds it.
OWNED = frozenset(
    {"person", "assertion", "roster", "upload", "proposal", "number", "merge", "mandate", "reference"}
)
OF_THE_CITY = frozenset({"handed_in"})
OF_THE_COUNTY = frozenset({"task", "ledger_account", "transfer"})
NOWHERE = frozenset(
    {
        "candidate",
        "batch",
        "line",
        "sentence_id",
        "export",
        "request_id",
        "offer",
        "enrolment",
        "message",
        "statement",
        "award",
        "simulation",
        "campaign",
        "run",
        "receivable",
        "takeover",
        "settlement",
        "signal",
        "entry",
        "benefit",
        "group",
    }
)
# What only whoever handed it in gets back.
ONLY_ONES_OWN = frozenset({"registry:refused-rows", "registry:cutover-refused"})
# Where one may stand, from where the scene's person is served: (name, division by the station's own code).
STATION = "station"
NEXT_STATION = "next-station"
COUNTY = "county"
NEXT_COUNTY = "next-county"
CITY = "city"
PLACES = (STATION, NEXT_STATION, COUNTY, NEXT_COUNTY, CITY)


def division_at(place: str, station: int) -> int:
    """A division that holds the station, or lies beside it."""
    return {
        STATION: station,
        NEXT_STATION: station + 1000,
        COUNTY: station // 10**6 * 10**6,
        NEXT_COUNTY: (station // 10**6 + 1) * 10**6,
        CITY: station // 10**8 * 10**8,
    }[place]


def is_there(address: Address, *, division: int, station: int) -> bool:
    """Whether somebody who stands in a division finds what the address names."""
    named, scope = set(re.findall(r"<\w+:(\w+)>", address.written)), scope_of(division)
    if named & NOWHERE:
        return False
    if named & OF_THE_CITY:
        return scope.contains(division_at(CITY, station))
    if named & OF_THE_COUNTY:
        return scope.contains(division_at(COUNTY, station))
    return not named & OWNED or scope.contains(station)


def expected(address: Address, *, role: str, division: int, station: int) -> str:
    """What the rules promise: turned away, nothing there, or let in."""
    assert address.rule
    if address.rule.permission not in ROLES[role].permissions:
        return "turned away"
    if not is_there(address, division=division, station=station):
        return "nothing there"
    return "turned away" if address.name in ONLY_ONES_OWN else "let in"


def answered(client: Client, method: str, url: str) -> str:
    """The answer as one of the three."""
    response = client.post(url, {}) if method == "POST" else client.get(url)
    if response.status_code == 403:
        return "turned away"
    return "nothing there" if response.status_code in {400, 404, 422} else "let in"


@pytest.mark.parametrize("role", sorted(ROLES))
def test_permission_and_scope_decide_at_every_address(scene: Scene, role: str) -> None:
    methods = {name: method for method, name, _ in rows()}
    guarded = [address for address in addresses() if address.rule and address.rule.who == "staff"]
    assert len(guarded) >= 15
    promised, got = {}, {}
    for place in PLACES:
        division = division_at(place, scene.division)
        hire(f"at-{place}", name="测试某人", role=role, division=division)
        client = visitor(f"at-{place}")
        for address in guarded:
            pair = place, address.name
            promised[pair] = expected(address, role=role, division=division, station=scene.division)
            got[pair] = answered(client, methods[address.name], url_of(address, scene))
            # A form handed in empty is refused by its own sentence: the visitor was let in.
            if methods[address.name] == "POST" and (promised[pair], got[pair]) == ("let in", "nothing there"):
                got[pair] = "let in"
    assert got == promised
