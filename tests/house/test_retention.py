"""What is past its retention goes, with one event and no content; what is kept back stays; days balance."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.utils import timezone

from rongjun.access.api import RetentionRule, acting_as, acting_as_job
from rongjun.access.terminal import load_data_map
from rongjun.audit import api as audit
from rongjun.config import retention
from rongjun.config.retention import ELSEWHERE, RULES, carry_out, look
from rongjun.files.models import Upload
from rongjun.insight.api import balances
from rongjun.partners import api as partners
from rongjun.partners.models import InboundBatch, InboundItem
from rongjun.registry import api as registry
from rongjun.registry.models import (
    Consent,
    FeedCandidate,
    ImportedRow,
    NoticeReceipt,
    RightsRequest,
    RosterImport,
)
from tests.cluster import as_owner
from tests.house.scene import Scene, actor_of, visitor

DAYS = 1096
SOON = timedelta(days=181)
DATA_MAP = load_data_map(Path(settings.CONTRACTS_ROOT) / "data-map.yaml")


# --- complete -----------------------------------------------------------------------------------------------


def test_every_table_kept_for_days_has_a_rule_or_says_who_else_sees_to_it() -> None:
    for_days = {
        table for (table, _), entry in DATA_MAP.entries.items() if entry.retention and entry.retention.days
    }
    ruled = {rule.table for rule in RULES}
    assert for_days - ruled - set(ELSEWHERE) == set()
    assert set(ELSEWHERE) - for_days == set()
    assert ruled & set(ELSEWHERE) == set()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_rule_says_how_long_in_one_place(rule: RetentionRule) -> None:
    assert bool(rule.column) != bool(rule.choice)
    assert rule.days(DATA_MAP) > 0
    assert {each.code for each in RULES if each.code == rule.code and each is not rule} == set()


# --- what goes ----------------------------------------------------------------------------------------------


def later(days: int = DAYS) -> datetime:
    return timezone.localtime() + timedelta(days=days)


def rows(code: str, *, now: datetime, do: bool = False) -> tuple[int, int]:
    """What a rule would remove, or removes, and what it keeps back."""
    with acting_as_job(retention.JOB):
        told = carry_out(by="operator:test", now=now) if do else look(now=now)
    return next((due.rows, due.kept_back) for rule, _, due in told if rule.code == code)


def events() -> list[Any]:
    with acting_as_job("test.events"):
        return [
            each for each in audit.events(audit.Filter(), limit=500) if each.event == "access.retention-ended"
        ]


def told_by_day() -> list[Any]:
    """All balances, each of which balances."""
    today = timezone.localdate()
    with acting_as_job("test.balance"):
        told = balances(since=today - timedelta(days=30), until=today + timedelta(days=1))
    assert [each.gap for each in told] == [0] * len(told)
    return told


@pytest.fixture
def feed(scene: Scene) -> UUID:
    """A death of the scene's person, compared and dismissed; the candidate."""
    known = partners.formats_in(settings.CONTRACTS_ROOT / "files")["deaths/1"]
    now, today = timezone.localtime(), timezone.localdate()
    with acting_as(actor_of("city")):
        file = registry.file_of(scene.person, on=today, known_at=now)
        assert file
        number = registry.open_covered("document", scene.document)
    assert number
    assert file.line.birth_date
    born, died = file.line.birth_date.isoformat(), (today - timedelta(days=2)).isoformat()
    row = ["LX-1", file.line.name, number, born, file.line.sex or "", died]
    division = actor_of("city").division
    with acting_as_job("test.deliver"):
        partners.add_partner(
            "civil-affairs", name="测试民政", division=division, agreed={"deaths/1": ""},
            channels=["file"], expected_since=today, by="operator:test", now=now,
        )  # fmt: skip
        content = partners.write_file(
            known, [row], partner="civil-affairs", business_date=today - timedelta(days=1), sequence=1
        )
        partners.receive_file(
            content, partner="civil-affairs", file_name="测试.csv", by="operator:test", now=now
        )
        registry.match_waiting("deaths", most=10, synthetic=True, now=now, today=today)
    district = actor_of("district")
    with acting_as(district):
        (line,) = registry.candidates(feed="deaths")[0]
        registry.dismiss_candidate(line.id, reason="问过家属", by=district, now=timezone.now())
    return line.id


@pytest.mark.django_db
def test_before_its_day_nothing_goes(scene: Scene) -> None:
    with acting_as_job(retention.JOB):
        assert {due.rows for _, _, due in look(now=timezone.localtime())} == {0}
        assert {due.rows for _, _, due in carry_out(by="operator:test", now=timezone.localtime())} == {0}
    assert events() == []


@pytest.mark.django_db
def test_rows_of_rosters_and_lines_of_feeds_go_and_every_day_still_balances(scene: Scene, feed: UUID) -> None:
    before = told_by_day()
    with acting_as_job(retention.JOB):
        promised = {rule.code: due.rows for rule, _, due in look(now=later())}
        done = {rule.code: due.rows for rule, _, due in carry_out(by="operator:test", now=later())}
        again = {rule.code: due.rows for rule, _, due in carry_out(by="operator:test", now=later())}
    assert done == promised
    gone = {"imported-rows", "rosters", "cutover-files", "feed-candidates", "lines", "batches"}
    assert gone <= {code.split(".")[1] for code, count in done.items() if count}
    assert set(again.values()) == {0}
    assert told_by_day() == before
    with acting_as_job("test.look"):
        assert not ImportedRow.objects.exists()
        assert not RosterImport.objects.exclude(file_name="（已过保存期）").exists()
        item, batch = InboundItem.objects.get(), InboundBatch.objects.get()
        assert (bytes(item.content_sealed), bytes(item.digest), item.key) == (b"", b"", "")
        assert batch.file_name == ""
        candidate = FeedCandidate.objects.get()
        assert set(candidate.said.values()) == {""}
    written = events()
    assert len(written) == sum(bool(count) for count in done.values())
    for each in written:
        assert set(each.detail) == {"removed", "kept_back", "days"}
        assert "测试" not in json.dumps(each.detail, ensure_ascii=False)


@pytest.mark.django_db
def test_a_page_of_an_old_candidate_still_opens(scene: Scene, feed: UUID) -> None:
    rows("registry.feed-candidates", now=later(), do=True)
    assert visitor("district").get(f"/registry/feeds/{feed}/").status_code == 200


# --- what is kept back --------------------------------------------------------------------------------------


def hold(scene: Scene) -> None:
    officer = actor_of("district")
    with acting_as(officer):
        registry.hold_for_law(
            scene.person, reason="涉诉", document="示例法院通知", by=officer, now=timezone.now()
        )


def ask(scene: Scene, kind: str) -> UUID:
    officer = actor_of("district")
    with acting_as(officer):
        return registry.receive_request(
            scene.person, kind=kind, asked_by="self", wish="请办", days=30, by=officer,
            now=timezone.now(), today=timezone.localdate(),
        )  # fmt: skip


def restrict(scene: Scene) -> None:
    officer = actor_of("district")
    request = ask(scene, "restrict")
    with acting_as(officer):
        registry.answer_request(request, answer="照办", by=officer, now=timezone.now())


def dispute(scene: Scene) -> None:
    ask(scene, "see")


@pytest.mark.django_db
@pytest.mark.parametrize("stands", [hold, restrict, dispute])
def test_nothing_goes_that_is_held_restricted_or_disputed(scene: Scene, feed: UUID, stands: Any) -> None:
    free = {code: rows(code, now=later()) for code in ("registry.feed-candidates", "partners.lines")}
    assert free == {"registry.feed-candidates": (1, 0), "partners.lines": (1, 0)}
    stands(scene)
    for code in free:
        assert rows(code, now=later(), do=True) == (0, 1)
    with acting_as_job("test.look"):
        assert bytes(InboundItem.objects.get().content_sealed)
        assert FeedCandidate.objects.get().said["name"]
        (kept,) = ImportedRow.objects.values_list("person_id", flat=True)
    assert kept == scene.person


@pytest.mark.django_db
def test_what_is_released_goes_the_next_night(scene: Scene, feed: UUID) -> None:
    hold(scene)
    assert rows("partners.lines", now=later(), do=True) == (0, 1)
    officer = actor_of("district")
    with acting_as(officer):
        registry.lift_legal_hold(scene.person, reason="结案", by=officer, now=timezone.now())
    assert rows("partners.lines", now=later(), do=True) == (1, 0)


@pytest.mark.django_db
def test_a_standing_consent_keeps_what_it_was_given_upon(scene: Scene) -> None:
    clerk, today = actor_of("clerk"), timezone.localdate()
    given: dict[str, Any] = {"how": "window", "by": clerk, "today": today}
    place: dict[str, Any] = {"purpose": "insure", "recipient": "insurer"}
    with acting_as(clerk):
        for minutes in (0, 1):
            now = timezone.now() + timedelta(minutes=minutes)
            registry.show_notice(scene.person, notice="sharing-with-the-insurer", now=now, **given)
        registry.answer_consent(scene.person, **place, given=True, now=timezone.now(), **given)
    assert rows("registry.notice-receipts", now=later(), do=True) == (0, 0)
    assert rows("registry.consents", now=later(), do=True) == (0, 0)
    with acting_as(clerk):
        registry.withdraw_consent(scene.person, **place, how="window", by=clerk, now=timezone.now())
    assert rows("registry.consents", now=later()) == (1, 0)
    assert rows("registry.notice-receipts", now=later(), do=True) == (1, 0)
    with acting_as_job("test.look"):
        assert (Consent.objects.count(), NoticeReceipt.objects.count()) == (0, 1)


@pytest.mark.django_db
def test_an_answered_request_goes_and_what_a_restriction_rests_on_does_not(scene: Scene) -> None:
    officer, request = actor_of("district"), ask(scene, "see")
    with acting_as(officer):
        registry.answer_request(request, answer="看过了", by=officer, now=timezone.now())
    restrict(scene)
    with acting_as(officer):
        registry.lift_restriction(scene.person, reason="本人要求", by=officer, now=timezone.now())
    assert rows("registry.rights-requests", now=later(), do=True) == (1, 0)
    with acting_as_job("test.look"):
        assert [each.kind for each in RightsRequest.objects.all()] == ["restrict"]


# --- our own choices ----------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_paper_nobody_put_on_file_is_discarded_and_a_linked_one_is_not(scene: Scene) -> None:
    with as_owner():
        Upload.objects.update(state="stored", scanned_at=timezone.now())
    assert rows("files.unlinked-papers", now=timezone.localtime() + SOON) == (1, 0)
    with as_owner():
        Upload.objects.update(linked_to=f"person:{scene.person}", linked_at=timezone.now())
    assert rows("files.unlinked-papers", now=timezone.localtime() + SOON) == (0, 0)
    with as_owner():
        Upload.objects.update(linked_to="", linked_at=None, about=f"person:{scene.person}")
    dispute(scene)
    assert rows("files.unlinked-papers", now=timezone.localtime() + SOON) == (0, 1)
    with as_owner():
        Upload.objects.update(about="")
    before = told_by_day()
    assert rows("files.unlinked-papers", now=timezone.localtime() + SOON, do=True) == (1, 0)
    with acting_as_job("test.look"):
        one = Upload.objects.get()
    assert (one.state, one.discarded_by, one.file_name) == ("discarded", "operator:test", "（已过保存期）")
    assert [each.taken_in for each in told_by_day()] == [each.taken_in for each in before]


@pytest.mark.django_db
def test_the_original_of_a_refused_row_goes_before_its_reasons(scene: Scene) -> None:
    with as_owner():
        refused = ImportedRow.objects.filter(outcome="refused").exclude(original_sealed=None).count()
    assert refused
    assert rows("registry.refused-originals", now=timezone.localtime() + SOON, do=True) == (refused, 0)
    with acting_as(actor_of("clerk")):
        done = registry.report(scene.roster)
    assert done
    assert done.refused == sum(each.outcome == "refused" for each in done.rows)


@pytest.mark.django_db
def test_by_day_the_job_does_nothing(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[str] = []
    monkeypatch.setattr(retention, "carry_out", lambda **_: ran.append("night"))
    for hour in (retention.QUIET_HOUR, retention.QUIET_HOUR + 1):
        moment = timezone.localtime().replace(hour=hour)
        monkeypatch.setattr("rongjun.config.retention.timezone.localtime", lambda moment=moment: moment)
        retention.end_retention()
    assert ran == ["night"]
