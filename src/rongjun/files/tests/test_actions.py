"""Uploads from the counter to their end: nothing unscanned is read, nothing is lost, each has an owner."""

from __future__ import annotations

import os
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from rongjun.access.api import acting_as, acting_as_job
from rongjun.audit import api as audit
from rongjun.files import actions, queries, sealing
from rongjun.files.actions.handling import Paper
from rongjun.files.logic import DESTROY_AFTER, MISSING, QUARANTINED, STORED, WAITING_FOR_SCAN
from rongjun.files.models import Upload
from rongjun.files.queries import storage
from rongjun.files.scanner_simulator import FOUND, simulate
from rongjun.files.scanning import Scanner
from rongjun.files.tests import papers
from rongjun.files.tests.scene import NEXT_DOOR, NOW, PERSON, actor, hand_in, scan, sweep
from rongjun.kernel.balance import Balance
from rongjun.kernel.errors import Refused
from tests.cluster import as_owner

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 24)
NOBODY = Scanner("unix:/tmp/rongjun-there-is-none.sock", seconds=1)


def row_of(upload: UUID) -> Upload:
    with as_owner():
        return Upload.objects.get(pk=upload)


def opened(upload: UUID, *, by: str = "clerk") -> Paper:
    officer = actor(by)
    with acting_as(officer):
        return actions.open_upload(upload, purpose="核对证件", by=officer, now=NOW)


def code_of(act: Any, *args: Any, **kept: Any) -> str:
    with pytest.raises(Refused) as refused:
        act(*args, **kept)
    return refused.value.code


def link(upload: UUID, about: str = PERSON, *, by: str = "clerk") -> None:
    officer = actor(by)
    with acting_as(officer):
        actions.link_upload(upload, about=about, by=officer, now=NOW)


def discard(upload: UUID, reason: str = "重复上传", *, by: str = "clerk") -> None:
    officer = actor(by)
    with acting_as(officer):
        actions.discard_upload(upload, reason=reason, by=officer, now=NOW)


def to_do(*, by: str = "clerk") -> list[UUID]:
    with acting_as(actor(by)):
        return [line.id for line in queries.work_list(now=NOW)[0]]


def balance() -> Balance:
    with acting_as(actor("city")):
        (day,) = queries.balance(since=DAY, until=DAY)
    assert day.gap == 0
    return day


def events(upload: UUID) -> list[str]:
    with as_owner():
        found = audit.events(audit.Filter(), limit=100)
    return sorted(event.event for event in found if f"upload:{upload}" in event.about)


# --- in, scanned, on file -----------------------------------------------------------------------------------


def test_an_upload_is_sealed_scanned_put_on_file_and_opened(scanner: Scanner, shelves: Path) -> None:
    content = papers.pdf()
    upload = hand_in(content, name="../户口簿.exe")
    assert to_do() == [upload]
    assert scan(scanner) == actions.Scanned(clean=1)
    link(upload)
    assert opened(upload) == Paper(content, "application/pdf", "户口簿.pdf")
    assert to_do() == []
    assert balance() == Balance(DAY, "files.upload", 1, 1, 0, 0)
    assert events(upload) == [
        "files.scan-clean",
        "files.upload-linked",
        "files.upload-read",
        "files.upload-stored",
    ]
    (file,) = shelves.rglob("*.sealed")
    assert content[:64] not in file.read_bytes()
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_read_names_the_person_and_the_purpose(scanner: Scanner) -> None:
    upload = hand_in()
    scan(scanner)
    link(upload)
    opened(upload)
    with as_owner():
        (read,) = [e for e in audit.events(audit.Filter(), limit=20) if e.event == "files.upload-read"]
    assert (PERSON in read.about, read.purpose, read.actor) == (True, "核对证件", "staff:clerk")


def test_before_the_scan_nobody_opens_it_and_the_database_would_not_say_otherwise() -> None:
    upload = hand_in()
    assert code_of(opened, upload) == "files.waiting-for-scan"
    assert code_of(opened, upload, by="city") == "files.waiting-for-scan"
    with pytest.raises(IntegrityError), acting_as_job("test.cheat"):
        Upload.objects.filter(pk=upload).update(state=STORED)


def test_a_virus_is_quarantined_on_the_work_list_and_nobody_opens_it(scanner: Scanner) -> None:
    upload = hand_in(papers.infected_jpeg(), name="照片.jpg")
    assert scan(scanner) == actions.Scanned(infected=1)
    assert (row_of(upload).state, row_of(upload).found) == (QUARANTINED, FOUND)
    assert code_of(opened, upload) == "files.quarantined"
    assert code_of(link, upload) == "files.not-linkable"
    assert to_do() == [upload]
    assert balance() == Balance(DAY, "files.upload", 1, 0, 1, 0)
    discard(upload, "带有病毒，请来人重新提供")
    assert to_do() == []


@pytest.mark.parametrize("way", ["garbage", "hang-up", "hang-up-midway", "refuse", "too-large"])
def test_while_the_scanner_misbehaves_uploads_wait_and_are_scanned_later(scanner: Scanner, way: str) -> None:
    simulate(scanner.address, way)
    first, second = hand_in(), hand_in(papers.infected_jpeg(), name="照片.jpg")
    assert scan(scanner) == actions.Scanned(answered=False)
    assert {row_of(each).state for each in (first, second)} == {WAITING_FOR_SCAN}
    assert code_of(opened, first) == "files.waiting-for-scan"
    assert balance() == Balance(DAY, "files.upload", 2, 0, 0, 2)
    simulate(scanner.address, "well")
    assert scan(scanner, now=NOW + timedelta(minutes=1)) == actions.Scanned(clean=1, infected=1)


def test_without_a_scanner_the_wait_grows_and_is_told_once() -> None:
    upload = hand_in()
    for minutes in (0, 20, 40):
        scan(NOBODY, now=NOW + timedelta(minutes=minutes))
    row = row_of(upload)
    assert (row.state, row.scan_tries) == (WAITING_FOR_SCAN, 3)
    assert row.scan_after == NOW + timedelta(minutes=40, seconds=20)
    assert events(upload).count("files.scan-postponed") == 1


def test_what_is_refused_is_counted_and_not_kept(shelves: Path) -> None:
    officer = actor()
    with acting_as(officer):
        code = code_of(
            actions.store_upload,
            papers.pdf(papers.with_script),
            file_name="表 990101196001010017.pdf",
            kind="application",
            about=PERSON,
            division=officer.division,
            by=officer,
            now=NOW,
        )
        row = Upload.objects.get()
    assert code == "files.pdf-active"
    assert (row.state, row.refusal, row.file_name) == ("refused", "files.pdf-active", "表 99…17.pdf")
    assert not list(shelves.rglob("*.sealed"))
    assert to_do() == []
    assert balance() == Balance(DAY, "files.upload", 1, 0, 1, 0)


def test_a_file_too_large_is_refused_unread(settings: Any) -> None:
    settings.LARGEST_UPLOAD = 1000
    assert code_of(hand_in, papers.png() + bytes(2000)) == "files.upload-too-large"
    assert code_of(hand_in, b"") == "files.upload-missing"


# --- linking and discarding ---------------------------------------------------------------------------------


def test_on_file_for_one_person_it_is_not_put_on_file_for_another() -> None:
    upload = hand_in()
    link(upload)
    link(upload)
    assert code_of(link, upload, "person:somebody-else") == "files.already-linked"
    assert events(upload).count("files.upload-linked") == 1


def test_a_discarded_paper_is_sealed_for_thirty_days_and_then_destroyed(
    scanner: Scanner, shelves: Path
) -> None:
    upload = hand_in()
    scan(scanner)
    assert code_of(discard, upload, "错") == "files.reason-missing"
    discard(upload, "传错了人，号码 990101196001010017")
    assert row_of(upload).discard_reason == "传错了人，号码 99…17"
    assert code_of(opened, upload) == "files.discarded"
    assert code_of(discard, upload) == "files.already-discarded"
    assert code_of(link, upload) == "files.not-linkable"
    with acting_as_job("files.destroy-discarded"):
        assert actions.destroy_discarded(by="job:x", now=NOW + DESTROY_AFTER - timedelta(seconds=1)) == 0
        assert list(shelves.rglob("*.sealed"))
        assert actions.destroy_discarded(by="job:x", now=NOW + DESTROY_AFTER) == 1
        assert actions.destroy_discarded(by="job:x", now=NOW + DESTROY_AFTER) == 0
    assert not list(shelves.rglob("*.sealed"))
    assert row_of(upload).destroyed_at == NOW + DESTROY_AFTER
    assert sweep() == actions.Swept()
    assert balance() == Balance(DAY, "files.upload", 1, 1, 0, 0)


def test_when_a_person_moves_the_papers_go_along(scanner: Scanner) -> None:
    upload = hand_in()
    scan(scanner)
    link(upload)
    officer = actor()
    with acting_as(officer):
        assert actions.move_uploads(PERSON, division=NEXT_DOOR, by=officer, now=NOW) == 1
    assert code_of(opened, upload) == "files.not-found"
    assert opened(upload, by="next-door").media_type == "image/png"


# --- shelves and rows ---------------------------------------------------------------------------------------


def orphan(content: bytes | None = None) -> UUID:
    """A file whose transaction was rolled back after it was written, as when a process is killed."""

    with transaction.atomic():
        upload = hand_in(content, about=PERSON)
        transaction.set_rollback(True)
    return upload


def test_a_file_without_a_row_is_put_on_its_divisions_work_list(scanner: Scanner) -> None:
    content = papers.pdf()
    upload = orphan(content)
    assert to_do() == []
    assert sweep(grace=timedelta(hours=1)) == actions.Swept()  # it might still be written down
    assert sweep() == actions.Swept(recovered=1)
    assert to_do() == [upload]
    assert to_do(by="next-door") == []
    row = row_of(upload)
    assert (row.about, row.uploaded_by, row.recovered_at) == (PERSON, "staff:clerk", NOW)
    scan(scanner)
    link(upload)
    assert opened(upload).content == content
    assert sweep() == actions.Swept()


def test_a_row_without_its_file_is_missing_until_the_file_is_back(scanner: Scanner, shelves: Path) -> None:
    upload = hand_in()
    scan(scanner)
    link(upload)
    (file,) = shelves.rglob("*.sealed")
    kept = file.read_bytes()
    file.unlink()
    assert code_of(opened, upload) == "files.content-missing"
    assert sweep() == actions.Swept(missing=1)
    assert (row_of(upload).state, to_do()) == (MISSING, [upload])
    assert balance().waiting == 1
    file.write_bytes(kept)
    assert sweep() == actions.Swept(returned=1)
    scan(scanner)
    assert opened(upload).content == papers.png()


def test_a_damaged_file_is_said_to_be_damaged_and_never_shown(scanner: Scanner, shelves: Path) -> None:
    upload = hand_in()
    scan(scanner)
    (file,) = shelves.rglob("*.sealed")
    spoilt = bytearray(file.read_bytes())
    spoilt[-20] ^= 1
    file.write_bytes(bytes(spoilt))
    assert code_of(opened, upload) == "files.content-damaged"


def test_the_file_of_another_upload_in_its_place_is_noticed(scanner: Scanner, shelves: Path) -> None:
    first, second = hand_in(), hand_in(papers.pdf())
    scan(scanner)
    paths = {file.stem: file for file in shelves.rglob("*.sealed")}
    paths[str(first)].write_bytes(paths[str(second)].read_bytes())
    assert code_of(opened, first) == "files.content-damaged"


def test_what_no_key_opens_is_set_aside_once(shelves: Path) -> None:
    stranger = uuid4()
    storage().put(stranger, b"RJF1 of another house")
    assert sweep() == actions.Swept(set_aside=1)
    assert sweep() == actions.Swept()
    assert [file.name for file in (shelves / "aside").iterdir()] == [f"{stranger}.sealed"]


def test_what_was_never_finished_is_removed_after_an_hour(shelves: Path) -> None:
    storage().incoming.mkdir(parents=True)
    part = storage().incoming / "x.part"
    part.write_bytes(b"half")
    assert sweep(grace=timedelta(hours=1)).unfinished == 0
    os.utime(part, (part.stat().st_mtime - 7200,) * 2)
    assert sweep(grace=timedelta(hours=1)).unfinished == 1
    assert not part.exists()


def test_the_head_of_a_file_says_whose_it_is(shelves: Path) -> None:
    upload = hand_in(about=PERSON)
    (file,) = shelves.rglob("*.sealed")
    said = sealing.particulars_of(file.read_bytes(), upload=upload, keys=audit.keys())
    assert (said["about"], said["by"], said["division"]) == (PERSON, "staff:clerk", actor().division)


# --- who sees what ------------------------------------------------------------------------------------------


def test_uploads_are_seen_by_division(scanner: Scanner) -> None:
    upload = hand_in(about=PERSON)
    scan(scanner)
    link(upload)
    for who in ("colleague", "district", "city"):
        assert opened(upload, by=who).file_name == "户口簿.png"
    for who in ("next-door", "neighbour"):
        assert code_of(opened, upload, by=who) == "files.not-found"
        assert code_of(discard, upload, by=who) == "files.not-found"
        with acting_as(actor(who)):
            assert queries.uploads_about([PERSON], now=NOW) == []
            assert queries.balance(since=DAY, until=DAY) == []


def test_staff_cannot_write_what_only_a_scan_may_say() -> None:
    upload = hand_in()
    with pytest.raises(DatabaseError), acting_as(actor()):
        Upload.objects.filter(pk=upload).update(scanned_at=NOW)


def test_nothing_is_taken_in_for_a_division_elsewhere() -> None:
    officer = actor()
    with pytest.raises(AssertionError), acting_as(officer):
        actions.store_upload(
            papers.png(), file_name="x", kind="other", about="", division=NEXT_DOOR, by=officer, now=NOW
        )
