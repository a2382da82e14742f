"""Many files at once: all or nothing, twice is once, and nothing is lost unseen."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest

from rongjun.access.api import acting_as
from rongjun.audit import api as audit
from rongjun.kernel.errors import Refused, Unfit
from rongjun.kernel.identifiers import DocumentType, IdentityNumber, LegacyIdentityNumber, Passport, Phone
from rongjun.registry import api as registry
from rongjun.registry.api import DocumentRecord, FileRecord, Opened, SaidRecord
from rongjun.registry.models import Contact, DisabilityRating, IdentityDocument, Person, Relation
from rongjun.registry.tests.scene import NOW, actor
from rongjun.registry.tests.strategies import ELSEWHERE, HOME, TODAY
from tests.cluster import as_owner

pytestmark = pytest.mark.django_db
BORN = date(1960, 1, 1)


def record(sequence: int = 1, **kept: object) -> FileRecord:
    """A file with one assertion of most kinds."""
    number = IdentityNumber.invented(born=BORN, sequence=sequence, address="990888")
    made = FileRecord(
        id=UUID(int=sequence),
        division=HOME,
        name=f"测试成批{sequence:03d}",
        opened_at=NOW - timedelta(days=400),
        documents=(DocumentRecord(str(DocumentType.RESIDENT_ID), number),),
        phones=(Phone.from_text(f"100{sequence:08d}"),),
        said=(
            SaidRecord("particulars", BORN, {"name": "测试成批", "sex": "male", "birth_date": BORN}),
            SaidRecord("status", date(1990, 1, 1), {"category": "veteran"}),
            SaidRecord("rating", date(1990, 1, 1), {"grade": 6, "cause": "war"}, evidence="示例 1 号"),
            SaidRecord(
                "relation",
                date(2000, 1, 1),
                {
                    "series": uuid4(),
                    "dependant_of": "martyr",
                    "relation": "child",
                    "stated": {"was_supported_by_deceased": True},
                },
            ),
        ),
    )
    return replace(made, **kept)  # type: ignore[arg-type]


def open_all(*records: FileRecord, by: str = "clerk", synthetic: bool = True) -> Opened:
    officer = actor(by)
    with acting_as(officer):
        return registry.open_files(records, source="示例", by=officer, synthetic=synthetic, now=NOW)


def on_file() -> int:
    with as_owner():
        return Person.objects.count()


def test_records_become_files_that_say_what_the_records_say() -> None:
    assert open_all(record(1), record(2)) == Opened(2, 0, {})
    with acting_as(actor()):
        file = registry.file_of(UUID(int=1), on=TODAY, known_at=NOW)
        assert file is not None
        assert file.line.name == "测试成批001"
        assert file.line.categories == ("退役军人",)
        assert file.phone_mask == "100****0001"
        whole = registry.open_covered("document", file.documents[0][0])
        assert whole == record(1).documents[0].number.number
        found, count = registry.find_people("成批", on=TODAY, known_at=NOW)
        assert (len(found), count) == (2, 2)
        assert DisabilityRating.objects.get(person=UUID(int=1)).evidence == "示例 1 号"
        assert Relation.objects.get(person=UUID(int=1)).stated == {"was_supported_by_deceased": "true"}


def test_the_same_records_again_change_nothing() -> None:
    open_all(record(1))
    assert open_all(record(1), record(2)) == Opened(1, 1, {})
    assert on_file() == 2


def test_all_of_them_leave_one_event_without_any_number() -> None:
    open_all(record(1), record(2))
    with as_owner():
        (event,) = [e for e in audit.events(audit.Filter(), limit=9) if e.event == "registry.files-opened"]
    assert tuple(event.about) == ("records:示例",)


def test_what_has_no_table_is_counted_and_left_out() -> None:
    said = (*record().said, SaidRecord("horoscope", BORN, {"sign": "goat"}))
    assert open_all(record(said=said)) == Opened(1, 0, {"horoscope": 1})


def test_nobody_opens_a_file_outside_the_scope() -> None:
    with pytest.raises(Refused) as refused:
        open_all(record(1), record(2, division=ELSEWHERE))
    assert refused.value.code == "registry.no-such-file"
    assert on_file() == 0


def test_a_number_another_file_has_opens_nothing() -> None:
    open_all(record(1))
    twin = replace(record(3), documents=record(1).documents)
    with pytest.raises(Refused) as refused:
        open_all(record(2), twin)
    assert refused.value.code == "registry.import-collided"
    assert on_file() == 1


def test_invented_numbers_open_nothing_in_a_real_installation() -> None:
    with pytest.raises(Unfit):
        open_all(record(1), synthetic=False)
    assert on_file() == 0


def test_an_answer_nobody_may_state_opens_nothing() -> None:
    with pytest.raises(Unfit):
        open_all(record(said=(SaidRecord("statement", BORN, {"fact": "is_king", "value": "true"}),)))
    assert on_file() == 0


def test_an_old_number_and_a_passport_are_documents_of_their_own() -> None:
    documents = (
        DocumentRecord(str(DocumentType.RESIDENT_ID), LegacyIdentityNumber("990888600101001")),
        DocumentRecord(str(DocumentType.PASSPORT), Passport("EO0000001")),
    )
    open_all(record(1), record(2, documents=documents, phones=()))
    with acting_as(actor()):
        kept = IdentityDocument.objects.filter(person=UUID(int=2)).order_by("id")
        assert sorted(kept.values_list("kind", "number_mask", "number_tail")) == [
            ("111", "990888*****1001", "1001"),
            ("414", "EO*****01", ""),
        ]
        assert not Contact.objects.filter(person=UUID(int=2)).exists()


def test_what_was_corrected_long_ago_is_known_as_it_was_known_then() -> None:
    then, corrected = NOW - timedelta(days=300), NOW - timedelta(days=200)
    said = (
        SaidRecord("rating", BORN, {"grade": 6, "cause": "war"}, recorded_at=then, superseded_at=corrected),
        SaidRecord("rating", BORN, {"grade": 5, "cause": "war"}, recorded_at=corrected),
    )
    open_all(record(1, said=said))
    with acting_as(actor()):
        ratings = DisabilityRating.objects.order_by("id").values_list("grade", "superseded_at")
        assert list(ratings) == [(6, corrected), (5, None)]
