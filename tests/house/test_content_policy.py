"""Whatever is answered, to whom and how: nothing may run or be loaded but what is ours."""

from __future__ import annotations

import pytest

from tests.house.addresses import addresses
from tests.house.scene import CITIZEN, STRANGER, Scene, visitor
from tests.house.test_addresses import SAID, rows, url_of

LOOSE = ("unsafe-inline", "unsafe-eval", "wasm-unsafe-eval", "unsafe-hashes", "*", "http:", "https:", "blob:")


@pytest.mark.django_db
@pytest.mark.parametrize("who", [STRANGER, "clerk", "city", "auditor", CITIZEN])
def test_every_answer_carries_a_content_policy_without_eval_or_inline(scene: Scene, who: str) -> None:
    places = {address.name: url_of(address, scene) for address in addresses()}
    client, loose = visitor(who), {}
    for method, name, _ in rows():
        said = SAID.get(name, {})
        response = client.post(places[name], said) if method == "POST" else client.get(places[name])
        policy = dict(part.strip().split(" ", 1) for part in response["Content-Security-Policy"].split(";"))
        words = {
            word.strip("'")
            for kind, said_of in policy.items()
            if kind.endswith("-src")
            for word in said_of.split()
        }
        scripts = policy.get("script-src", policy["default-src"])
        if {policy["default-src"], scripts} - {"'self'", "'none'"} or words & set(LOOSE):
            loose[name] = policy
    assert loose == {}
