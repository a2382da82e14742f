"""The pages by which things are told, corrected, proposed and decided: who may, what happens."""

from __future__ import annotations

import html
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from rongjun.access.api import acting_as
from rongjun.audit import api as audit
from rongjun.desk.forms import PROPOSED, TOLD
from rongjun.registry import api as registry
from rongjun.registry.tests import scene
from rongjun.registry.tests.scene import CARD, SAID, actor, open_file, visitor
from rongjun.registry.tests.strategies import NEXT_DOOR, cells

pytestmark = pytest.mark.django_db
COMMON = {"valid_from": "2024-05-01", "source": "窗口申报", "evidence": "测试材料"}
DECIDED = {"valid_from": "2024-05-01", "authority": "province", "document": "虚构字〔2024〕1号"}


@pytest.fixture(autouse=True)
def _city(db: None, settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    Path(settings.STATIC_ROOT).mkdir(exist_ok=True)  # where nothing is collected, WhiteNoise warns
    scene.add_places()


@pytest.fixture
def person() -> UUID:
    return open_file(row=cells(1, 服役身份="义务兵"))


def seen(response: Any) -> str:
    return html.unescape(response.content.decode())


def post(person: UUID, kind: str, said: dict[str, Any], *, by: str = "clerk") -> Any:
    return visitor(by).post(f"/desk/people/{person}/changes/{kind}/", said)


def page(person: UUID, about: str = "", *, by: str = "clerk") -> str:
    return seen(visitor(by).get(f"/desk/people/{person}/changes/", {"about": about} if about else {}))


def held(person: UUID, kind: str) -> list[registry.HeldAssertion]:
    now = timezone.localtime()
    with acting_as(actor("city")):
        said = registry.assertions_held(person, on=timezone.localtime().date(), known_at=now)
    return [each for each in said if each.kind == kind]


def waiting() -> list[registry.HeldProposal]:
    with acting_as(actor("city")):
        return registry.proposals()


def typed(person: UUID, kind: str) -> dict[str, Any]:
    """What a clerk types for each kind."""
    if kind == "death":
        return COMMON
    return {**COMMON, **SAID[kind], **({"belongs_to": str(person)} if kind == "account" else {})}


# --- telling ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", TOLD)
def test_everything_is_told_on_the_page_and_shown_covered(person: UUID, kind: str) -> None:
    before = {each.id for each in held(person, kind)}
    assert post(person, kind, typed(person, kind)).status_code == 302
    (told,) = [each for each in held(person, kind) if each.id not in before]
    assert (told.source, told.evidence) == ("窗口申报", "测试材料")
    shown = page(person)
    assert told.what in shown
    assert CARD not in shown
    assert str(SAID.get("document", {})["number"]) not in shown


@pytest.mark.parametrize("kind", sorted(set(TOLD) - {"document", "contact"}))
def test_everything_is_corrected_from_what_is_there(person: UUID, kind: str) -> None:
    post(person, kind, typed(person, kind))
    told = held(person, kind)[-1]
    key = f"{kind}-{told.id}"
    assert str(registry.LABELS[kind]) in page(person, key)
    said = {**COMMON, **told.fields, "valid_from": "2024-06-01", "source": "来函更正", "assertion": key}
    assert post(person, kind, said).status_code == 302
    assert ("来函更正", "2024-06-01") in {
        (each.source, each.since.isoformat()) for each in held(person, kind)
    }


def test_something_is_ended_on_the_page(person: UUID) -> None:
    post(person, "contact", typed(person, "contact"))
    told = held(person, "contact")[-1]
    until = timezone.localtime().date() + timedelta(days=30)
    said = {"assertion": f"contact-{told.id}", "valid_to": until.isoformat(), "source": "停机"}
    assert post(person, "end", said).status_code == 302
    assert held(person, "contact")[-1].until == until


def test_what_does_not_fit_comes_back_with_its_sentence_and_nothing_lost(person: UUID) -> None:
    response = post(person, "account", {**typed(person, "account"), "number": "9999990000000000015"})
    assert response.status_code == 422
    shown = seen(response)
    assert "卡号校验不通过" in shown
    assert "测试银行" in shown
    assert held(person, "account") == []


def test_an_empty_form_comes_back(person: UUID) -> None:
    assert post(person, "payee", {}).status_code == 422


def test_a_kind_that_is_none_is_not_found(person: UUID) -> None:
    assert post(person, "secrets", COMMON).status_code == 404


def test_a_death_shows_on_the_file_and_is_taken_back(person: UUID) -> None:
    post(person, "death", COMMON)
    assert "已去世 2024-05-01" in seen(visitor("clerk").get(f"/desk/people/{person}/"))
    assert post(person, "retract-death", {"source": "认错了人"}).status_code == 302
    assert "已去世" not in seen(visitor("clerk").get(f"/desk/people/{person}/"))


def test_a_file_is_moved_by_who_is_over_both_stations(person: UUID) -> None:
    said = {**COMMON, "station": str(NEXT_DOOR)}
    assert post(person, "move", said).status_code == 422
    assert post(person, "move", said, by="district").status_code == 302
    assert visitor("clerk").get(f"/desk/people/{person}/changes/").status_code == 404
    assert visitor("next-door").get(f"/desk/people/{person}/changes/").status_code == 200


# --- proposing and deciding ---------------------------------------------------------------------------------

PROPOSALS: dict[str, dict[str, str]] = {
    "status": {"category": "martyr-kin"},
    "rating": {"category": "disabled-soldier", "grade": "7", "cause": "war"},
    "rights": {"what": "suspension imprisonment"},
}


@pytest.mark.parametrize("kind", PROPOSED)
def test_what_is_proposed_waits_and_is_decided_by_another(person: UUID, kind: str) -> None:
    assert post(person, kind, {**DECIDED, **PROPOSALS[kind]}).status_code == 302
    (proposal,) = waiting()
    officer = visitor("district")
    listed = seen(officer.get("/desk/proposals/"))
    assert proposal.what in listed
    assert "虚构字〔2024〕1号" in listed
    done = officer.post(f"/desk/proposals/{proposal.id}/", {"decision": "approve"})
    assert done.status_code == 302
    assert waiting() == []
    assert "审过了" in page(person)


def test_a_rejection_needs_a_reason_and_the_maker_reads_it(person: UUID) -> None:
    post(person, "status", {**DECIDED, **PROPOSALS["status"]})
    (proposal,) = waiting()
    url = f"/desk/proposals/{proposal.id}/"
    without = visitor("district").post(url, {"decision": "reject"})
    assert without.status_code == 422
    assert "没有写退回的理由" in seen(without)
    visitor("district").post(url, {"decision": "reject", "reason": "证明看不清"})
    assert "证明看不清" in page(person)


def test_who_proposed_is_told_to_wait_for_another(person: UUID) -> None:
    post(person, "status", {**DECIDED, **PROPOSALS["status"]}, by="district")
    (proposal,) = waiting()
    officer = visitor("district")
    assert "要等别人审" in seen(officer.get("/desk/proposals/"))
    refused = officer.post(f"/desk/proposals/{proposal.id}/", {"decision": "approve"})
    assert refused.status_code == 422
    assert "自己提的事要由别人审" in seen(refused)


def test_a_refused_rating_names_the_clause_on_the_page(person: UUID) -> None:
    said = {**DECIDED, "category": "disabled-soldier", "grade": "8", "cause": "illness"}
    shown = seen(post(person, "rating", said))
    assert "第二十七条" in shown
    assert waiting() == []


@pytest.mark.parametrize("kind", ["correction", "ending"])
def test_a_category_is_corrected_and_ended_by_proposal(person: UUID, kind: str) -> None:
    (veteran,) = held(person, "status")
    key = f"status-{veteran.id}"
    assert "更正" in page(person, key)
    corrected = {"category": "combat-veteran"} if kind == "correction" else {}
    said = {**DECIDED, **corrected, "assertion": key}
    assert post(person, "status" if corrected else "end", said).status_code == 302
    assert [each.kind for each in waiting()] == [kind]


@pytest.mark.parametrize(
    ("login", "changes", "list_"),
    [
        ("clerk", 200, 403),
        ("colleague", 200, 403),
        ("next-door", 404, 403),
        ("district", 200, 200),
        ("neighbour", 404, 200),
        ("city", 200, 200),
        ("system", 403, 403),
        ("auditor", 403, 403),
    ],
)
def test_each_page_is_opened_by_whom_it_concerns(person: UUID, login: str, changes: int, list_: int) -> None:
    post(person, "status", {**DECIDED, **PROPOSALS["status"]})
    client = visitor(login)
    assert client.get(f"/desk/people/{person}/changes/").status_code == changes
    listed = client.get("/desk/proposals/")
    assert listed.status_code == list_
    assert ("烈士遗属" in seen(listed)) == (login in {"district", "city"})


def test_opening_and_listing_are_read(person: UUID) -> None:
    post(person, "status", {**DECIDED, **PROPOSALS["status"]})
    page(person)
    visitor("district").get("/desk/proposals/")
    with acting_as(actor("auditor")):
        read = audit.events(audit.Filter(event="registry.person-read"))
        listed = audit.events(audit.Filter(event="registry.people-listed"))
    assert "登记和更正" in {record.purpose for record in read}
    assert [(record.actor, record.purpose) for record in listed] == [("staff:district", "待审列表")]
