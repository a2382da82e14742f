"""Who is covered: the plan's condition judged by the rules, on the day of discharge."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache

from rongjun.insurance.logic.bills import Bill
from rongjun.insurance.logic.reasons import Cover, Standing
from rongjun.rules.api import Benefit, Book, Decision, Value, Version, decide

Facts = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Insured:
    """What is on file about one person: facts from the start, those that changed on a day, day of death.

    `relations` are the person's ties to soldiers, for a plan whose condition asks for one.
    `institutions` are the known ones; None when nobody gave a list.
    """

    facts: Facts
    changes: tuple[tuple[date, Facts], ...] = ()
    died_on: date | None = None
    relations: tuple[Facts, ...] = ()
    institutions: frozenset[str] | None = None

    def facts_on(self, day: date) -> Facts:
        """The facts of a day: a change holds from its day on."""
        found = dict(self.facts)
        for start, facts in sorted(self.changes, key=lambda change: change[0]):
            if start <= day:
                found |= facts
        return found


@dataclass(frozen=True, slots=True)
class CoverBook:
    """A book of one item: the plan's condition with all its wordings and the guards before it."""

    book: Book
    code: str

    @classmethod
    def of(cls, book: Book, benefit: Benefit, *, digest: str) -> "CoverBook":
        """The cover of a plan among the facts, regions and guards of a city's book."""
        starts = {version.start for version in benefit.versions}
        ends = {version.until + timedelta(days=1) for version in benefit.versions if version.until}
        changes = tuple(sorted({*book.changes, *starts, *ends}))
        made = replace(
            book,
            digest=f"{digest}:{book.digest}",
            benefits={benefit.code: benefit},
            references={},
            changes=changes,
        )
        return cls(made, benefit.code)

    def judge(self, facts: Facts, *, on: date, relations: Sequence[Facts] = ()) -> Decision | None:
        """The rules' own decision with every reason; None when no wording is in force."""
        return decide(self.book, code=self.code, facts=facts, on=on, relations=relations)

    def standing(self, person: Insured, bill: Bill) -> Standing:
        """What is known of person and institution for one bill."""
        day = bill.discharged_on
        cover = self.cover(person, on=day)
        if cover.verdict == "not-granted":
            cover = cover._replace(ended_on=self._last_covered(person, before=day))
        known = person.institutions is None or bill.ref.institution in person.institutions
        return Standing(cover, person.died_on, known)

    def cover(self, person: Insured, *, on: date) -> Cover:
        """Whether a person is covered on a day, and why in Chinese."""
        found = self.judge(person.facts_on(on), on=on, relations=person.relations)
        if found is None:
            return Cover("not-granted", "这一天没有施行的方案。")
        if found.verdict == "granted":
            return Cover("granted", _sentence(found, "met"))
        if found.verdict == "unknown":
            return Cover("unknown", "".join(fact.question for fact in found.missing))
        return Cover("not-granted", _sentence(found, "failed"))

    def _last_covered(self, person: Insured, *, before: date) -> date | None:
        """The last day on which the person was covered, as far as changes are on file."""
        for eve in _eves(person, before):
            if self.cover(person, on=eve).verdict == "granted":
                return eve
        return None


def _eves(person: Insured, before: date) -> Iterator[date]:
    days = sorted((start for start, _ in person.changes if start <= before), reverse=True)
    for day in days:
        yield day - timedelta(days=1)


@lru_cache(maxsize=4096)
def _said(texts: tuple[str, ...]) -> str:
    return f"{'；'.join(texts)}。" if texts else ""


def _sentence(found: Decision, state: str) -> str:
    return _said(tuple(reason.text for reason in found.reasons if reason.state == state))


def cover_benefit(
    *, code: str, title: str, versions: tuple[Version, ...], file: str, owner: str, checked: date
) -> Benefit:
    """The plan's cover as an item the rules can judge; a guard stands before it as before any payment."""
    return Benefit(
        code=code,
        source_id=None,
        title=title,
        title_en=title,
        area="medical",
        kind="cash",
        classes=(),
        provider="",
        owner=owner,
        evidence=None,
        checked=checked,
        confidence="known",
        source_grade="none",
        public_links=(),
        level="city",
        file=file,
        versions=versions,
    )
