"""What was recorded of a person is listed, newest first, for those who may see the person."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from rongjun.access.api import acting_as
from rongjun.benefits import api as benefits
from rongjun.benefits.tests.test_queries import NOW, TODAY, officer, people

pytestmark = pytest.mark.django_db


def test_each_recording_is_one_line_with_its_figures() -> None:
    (person,) = people(1)
    later = NOW + timedelta(hours=1)
    with acting_as(officer()):
        book = benefits.book()
        for at in (NOW, later):
            benefits.record_decisions(person, on=TODAY, by=officer(), now=at, by_book=book)
        told = Counter(d.verdict for d in benefits.decisions_for(person, on=TODAY, known_at=later))
        listed = benefits.recordings([person])
    assert [each.at for each in listed] == [later, NOW]
    newest = listed[0]
    assert (newest.on, newest.book, newest.by) == (TODAY, book.digest, officer().text)
    figures = (newest.granted, newest.unknown, newest.refused)
    assert figures == (told["granted"], told["unknown"], told["not-granted"])


def test_only_the_newest_few_are_listed() -> None:
    (person,) = people(1)
    with acting_as(officer()):
        for hours in range(4):
            benefits.record_decisions(person, on=TODAY, by=officer(), now=NOW + timedelta(hours=hours))
        assert len(benefits.recordings([person], limit=3)) == 3


def test_outside_the_scope_nothing_was_recorded() -> None:
    (person,) = people(1)
    with acting_as(officer()):
        benefits.record_decisions(person, on=TODAY, by=officer(), now=NOW)
    with acting_as(officer("district-officer", 370203000000)):
        assert benefits.recordings([person]) == []
