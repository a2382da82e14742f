"""(a person's history, months, known at, book) → what is owed, month by month, with reasons."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Final

from rongjun.allowances.logic.cells import Cell, Track, facts_of, picked_of
from rongjun.allowances.logic.cells import said as told
from rongjun.allowances.logic.dying import Aftermath
from rongjun.allowances.logic.history import Asserted, Award, Past, known_past
from rongjun.allowances.logic.lines import Line, Owed, Reason, RefusedAward, State
from rongjun.allowances.logic.meeting import Meeting
from rongjun.allowances.logic.months import (
    after_months,
    first_day,
    last_day,
    month_of,
    months_in_chinese,
    next_january,
)
from rongjun.allowances.logic.pricing import Pricer
from rongjun.allowances.logic.rates import Gap, Key, steps_of
from rongjun.allowances.logic.schemes import AllowanceBook, Check, Scheme, in_force, requires_in
from rongjun.kernel.worktime import china_day
from rongjun.rules.api import Value

_NEVER: Final = 10**9


def months_owed(
    history: Iterable[Asserted], *, first: int, last: int, known_at: datetime, book: AllowanceBook
) -> Owed:
    """What is owed to one person for the months `first` to `last`, as it was known at a moment.

    Lines never cross a calendar year; each is rounded once. The order of `history` does not matter.
    Raises `ValueError` when `last` lies before `first`.
    """
    if last < first:
        raise ValueError("the last month is not before the first")
    past = known_past(history, at=known_at)
    desk = _Desk(book, past, known_on=china_day(known_at), first=first, last=last)
    tracks = [
        track for scheme in book.schemes.values() if (track := desk.track(scheme)).steps or track.refused
    ]
    lines = [*desk.monthly(tracks), *desk.after_death(tracks)]
    lines.sort(key=lambda line: (line.first, line.code, line.is_once))
    return Owed(
        first=first,
        last=last,
        known_on=desk.known_on,
        book=book.digest,
        lines=tuple(lines),
        refused=tuple(refusal for track in tracks for refusal in track.refused),
        gaps=_gaps(lines),
        follow_ups=tuple(dict.fromkeys((*desk.reminders(), *desk.follow_ups))),
    )


@dataclass(slots=True)
class _Desk:
    """One person and one question on the desk; worked through scheme by scheme."""

    book: AllowanceBook
    past: Past
    known_on: date
    first: int
    last: int
    follow_ups: list[Reason] = field(default_factory=list)
    payers: list[tuple[int, int]] = field(init=False)
    pauses: list[tuple[int, int, Reason]] = field(init=False)
    households: set[str | None] = field(init=False)
    pricer: Pricer = field(init=False)
    meeting: Meeting = field(init=False)

    def __post_init__(self) -> None:
        self.payers = self._payers()
        self.pauses = self._find_pauses()
        self.households = self._find_households()
        self.pricer = Pricer(self.book, self.past, self.known_on)
        self.meeting = Meeting(self.book, self.past.rulings)

    @property
    def begin(self) -> int:
        """January of the first year asked for: lines begin no earlier."""
        return self.first - self.first % 12

    # awards

    def track(self, scheme: Scheme) -> Track:
        """The awards a scheme lives on, refused ones apart, each with its first month."""
        track = Track(scheme)
        before: Award | None = None
        for award in self.past.awards:
            if award.scheme != scheme.awards_of or award.category not in scheme.categories:
                continue
            refused = self._refusals(scheme, award, before)
            if refused:
                if scheme.awards_of == scheme.code:
                    track.refused.append(RefusedAward(award.ref, scheme.code, refused))
                continue
            before = award
            month, reason = self._start(scheme, award)
            track.steps.append((month, award, reason))
        track.steps.sort(key=lambda step: step[0])
        return track

    def _refusals(self, scheme: Scheme, award: Award, before: Award | None) -> tuple[Reason, ...]:
        found = []
        if scheme.min_months_between_ratings and before and award.applied_on:
            earliest = after_months(before.approved_on, scheme.min_months_between_ratings)
            if award.applied_on < earliest and award.approved_on != before.approved_on:
                found.append(
                    Reason(
                        f"距上次评定（{before.approved_on}）不满 {scheme.min_months_between_ratings} 个月，"
                        f"不受理；最早 {earliest} 可以申请",
                        scheme.stop_ground.clause
                        if not scheme.refusals
                        else scheme.refusals[0].ground.clause,
                    )
                )
        facts = facts_of(self.book, self.past, award, on=award.approved_on)
        checks = in_force(scheme.refusals, on=award.approved_on)
        found += [told(check.say, check.ground) for check in checks if check.judge(facts, award.approved_on)]
        return tuple(found)

    def _start(self, scheme: Scheme, award: Award) -> tuple[int, Reason]:
        found = in_force(scheme.starts, on=award.approved_on)
        assert found, f"{scheme.code} has no rule for {award.approved_on}; the loader sees to it"
        rule, ground = found[-1].rule, found[-1].ground
        if rule == "unstated":
            setting = self.book.setting("start-unstated", on=award.approved_on)
            rule, ground = setting.value, setting.ground  # type: ignore[assignment]
        month = month_of(award.approved_on) + (rule == "month-after")
        when = "次月" if rule == "month-after" else "当月"
        said = f"{award.approved_on} 批准，自{when}（{months_in_chinese(month, month)}）起发"
        return month, told(said, ground)

    # one stretch after another

    def monthly(self, tracks: list[Track]) -> Iterator[Line]:
        """Lines of all schemes: cut where anything changes, judge each stretch once, join what is alike."""
        live = [track for track in tracks if track.steps]
        if not live:
            return
        shared = self._shared_cuts()
        own = {track.scheme.code: self._own_cuts(track) for track in live}
        cuts = sorted(shared.union(*own.values()))
        cells: dict[str, Cell] = {}
        runs: dict[str, list[tuple[int, int, Cell]]] = {}
        for begin, end in pairwise(cuts):
            for track in live:
                code = track.scheme.code
                if (begin in shared or begin in own[code]) and (cell := self._cell(track, begin)):
                    cells[code] = cell
            for code, cell in self.meeting.resolved(cells, begin).items():
                stretch = runs.setdefault(code, [])
                if stretch and stretch[-1][1] == begin and (stretch[-1][2] is cell or stretch[-1][2] == cell):
                    stretch[-1] = (stretch[-1][0], end, cell)
                else:
                    stretch.append((begin, end, cell))
        for track in live:
            for begin, end, cell in runs.get(track.scheme.code, ()):
                for first, last in _years(begin, end - 1):
                    if last >= self.first:
                        yield self._line(track.scheme, first, last, cell)

    def _line(self, scheme: Scheme, begin: int, last: int, cell: Cell) -> Line:
        first = max(begin, self.first)
        return Line(
            code=scheme.code,
            title=scheme.title,
            award=cell.award.ref,
            category=cell.award.category,
            first=first,
            last=last,
            state=cell.state,
            monthly=cell.monthly,
            lead=first - begin,
            rate=cell.rate,
            payer=cell.payer,
            reasons=cell.reasons,
            obstacles=cell.obstacles,
            gap=cell.gap,
            picked=picked_of(scheme, cell),
        )

    def _own_cuts(self, track: Track) -> set[int]:
        """Every month in which something of one scheme may change."""
        cuts = self._rule_cuts(track.scheme)
        for month, award, _ in track.steps:
            cuts |= {month, month + 1}
            cuts |= self._rate_cuts(track.scheme, award)
        return self._asked(cuts)

    def _shared_cuts(self) -> set[int]:
        """Every month in which something of the person or the book may change, and the ends."""
        past = self.past
        cuts = {self.begin, self.last + 1, *self.book.change_months, *(month for month, _ in self.payers)}
        days = [day for periods in past.facts.values() for f in periods for day in (f.since, f.until) if day]
        days += [past.death.died_on] if past.death else []
        days += [c.on for c in past.cancellations] + [r.since for r in past.rulings]
        for day in days:
            cuts |= {month_of(day), month_of(day) + 1}
        cuts |= {next_january(past.handover.on)} if past.handover else set()
        for low, high, _ in self.pauses:
            cuts |= {low, high + 1}
        return self._asked(cuts)

    def _asked(self, cuts: set[int]) -> set[int]:
        return {cut for cut in cuts if self.begin <= cut <= self.last + 1}

    def _rate_cuts(self, scheme: Scheme, award: Award) -> set[int]:
        """Where the rate changes, for every table that may count."""
        cuts: set[int] = set()
        wanted = [(scheme.series, scheme.key_of(award))]
        if scheme.wage_series:
            wanted.append((scheme.wage_series, Key()))
        divisions = {division for _, division in self.payers}
        regions = {region for d in divisions for region in self.book.regions_of(scheme.code, division=d)}
        for region in regions:
            for household in self.households:
                for series, key in wanted:
                    steps = steps_of(
                        self.book.rates,
                        series,
                        key,
                        region=region,
                        known_on=self.known_on,
                        household=household,
                    )
                    for step in steps:
                        cuts |= {step.first, step.last + 1}
        return cuts

    def _find_households(self) -> set[str | None]:
        kinds: set[str | None] = {str(f.value) for f in self.past.facts.get("household_kind", ())}
        return kinds | {None}

    def _rule_cuts(self, scheme: Scheme) -> set[int]:
        cuts: set[int] = set()
        for check in scheme.requires:
            cuts |= {month_of(check.start)} if check.start > date.min else set()
            cuts |= {month_of(check.until) + 1} if check.until else set()
            for fact, kind, amount in check.ages:
                for period in self.past.facts.get(fact, ()):
                    if isinstance(period.value, date):
                        reached = _reached(period.value, kind, amount)
                        cuts |= {month_of(reached), month_of(reached) + 1}
        return cuts

    # one cell

    def _cell(self, track: Track, month: int) -> Cell | None:
        found = track.award_at(month)
        if found is None:
            return None
        start, award, started = found
        scheme, payer = track.scheme, self._payer(month)
        monthly, rate, gap, priced, obstacles = self.pricer.price(scheme, award, month=month, payer=payer)
        stopped = self._stopped(scheme, month)
        if stopped:
            return Cell("stopped", award, Fraction(0), None, None, payer, (stopped,), ())
        reasons = (started, *priced)
        withheld = self._withheld(scheme, award, month, start=start, payer=payer)
        if withheld:
            state, why = withheld
            return Cell(state, award, monthly, rate, gap, payer, (*reasons, *why), obstacles)
        if gap:
            return Cell("gap", award, Fraction(0), None, gap, payer, reasons, ())
        return Cell("owed" if rate else "held", award, monthly, rate, None, payer, reasons, obstacles)

    def _stopped(self, scheme: Scheme, month: int) -> Reason | None:
        death = self.past.death
        if death and month > month_of(death.died_on):
            return told(f"{death.died_on} 去世，自次月停发", scheme.stop_ground)
        for each in self.past.cancellations:
            if each.scheme in {None, scheme.code, scheme.awards_of} and month > month_of(each.on):
                return told(f"{each.on} {each.why}，自次月停发", scheme.stop_ground)
        return None

    def _withheld(
        self, scheme: Scheme, award: Award, month: int, *, start: int, payer: int
    ) -> tuple[State, tuple[Reason, ...]] | None:
        handover = self.past.handover
        if handover and month < next_january(handover.on):
            said = f"{handover.on} 退役移交，当年由部队发放，地方自次年 1 月起"
            return "withheld", (told(said, scheme.transfer_ground),)
        if not self.book.pays(payer):
            said = f"关系在 {payer}，由该地发放"
            return "withheld", (told(said, scheme.transfer_ground),)
        for low, high, reason in self.pauses:
            if low <= month <= high:
                return "withheld", (reason,)
        failed, missing = self._required(scheme, award, month, start=start)
        if failed:
            return "withheld", failed
        return ("held", missing) if missing else None

    def _required(
        self, scheme: Scheme, award: Award, month: int, *, start: int
    ) -> tuple[tuple[Reason, ...], tuple[Reason, ...]]:
        """Conditions that fail, and those that cannot be judged yet.

        A condition lost in a month stops the next one; one gained counts in its month or the next by setting,
        in the first month of an award at once.
        """
        checks = requires_in(scheme, month)
        if not checks:
            return (), ()
        at_once = month == start or (
            self.book.setting("condition-gained", on=first_day(month)).value == "same-month"
        )
        days = [first_day(month), last_day(month)] if at_once else [first_day(month)]
        seen = [(facts_of(self.book, self.past, award, on=day), day) for day in days]
        failed, missing = [], []
        for check in checks:
            answers = {check.judge(facts, day) for facts, day in seen}
            if True in answers:
                continue
            if None in answers:
                missing.append(self._missing(check, seen[-1][0]))
            else:
                failed.append(told(check.say, check.ground))
        return tuple(failed), tuple(missing)

    def _missing(self, check: Check, facts: Mapping[str, Value]) -> Reason:
        wanted = [self.book.vocabulary[name] for name in check.facts if facts.get(name) is None]
        asked = "；".join(fact.question or fact.label for fact in wanted)
        return Reason(f"差情况，先问清楚：{asked}", check.ground.clause, check.ground.is_stated)

    def _find_pauses(self) -> list[tuple[int, int, Reason]]:
        """Stretches of months in which nothing is paid and nothing is made up afterwards."""
        found = []
        for each in self.past.suspensions:
            if each.document is None:
                self.follow_ups.append(
                    Reason(
                        f"{each.event_on} {each.why}：没有省级决定文号，不能中止", "军人抚恤优待条例第59条"
                    )
                )
                continue
            setting = self.book.setting("suspension-start", on=each.event_on)
            low = month_of(each.event_on) + (setting.value == "month-after")
            high = month_of(each.restored_on) if each.restored_on else _NEVER
            said = f"{each.event_on} {each.why}（{each.document}），待遇中止，停发部分不补"
            found.append((low, high, told(said, setting.ground)))
        for confirmation in self.past.confirmations:
            setting = self.book.setting("confirmation-days", on=confirmation.notified_on)
            deadline = confirmation.notified_on + timedelta(days=int(setting.value))
            done = confirmation.confirmed_on
            if deadline >= self.known_on or (done and done <= deadline):
                continue
            said = f"{confirmation.notified_on} 通知后 {setting.value} 日（{deadline}）内未确认，停发不补"
            high = month_of(done) if done else _NEVER
            found.append((month_of(deadline) + 1, high, told(said, setting.ground)))
        return found

    # who pays

    def _payers(self) -> list[tuple[int, int]]:
        """From which month which division pays: the old one until December of the year of a move."""
        if not self.past.residences:
            return [(0, self.book.division)]
        first, *moves = self.past.residences
        return [(0, first.division), *((int(next_january(move.since)), move.division) for move in moves)]

    def _payer(self, month: int) -> int:
        return next(division for start, division in reversed(self.payers) if start <= month)

    def after_death(self, tracks: list[Track]) -> list[Line]:
        """What follows a death in the months asked for."""
        death = self.past.death
        if death is None or not self.first <= month_of(death.died_on) <= self.last:
            return []
        month = month_of(death.died_on)
        live = [track for track in tracks if track.steps]
        cells = {track.scheme.code: cell for track in live if (cell := self._cell(track, month))}
        aftermath = Aftermath(self.book, self.past, self.pricer, death)
        lines = aftermath.lines(self.meeting.resolved(cells, month))
        self.follow_ups += aftermath.follow_ups
        return lines

    def reminders(self) -> Iterator[Reason]:
        """Sixty days to apply for the transfer after a handover (A24 第30条)."""
        handover = self.past.handover
        if handover is None:
            return
        setting = self.book.setting("transfer-days", on=handover.on)
        deadline = handover.on + timedelta(days=int(setting.value))
        if (handover.applied_on or self.known_on) > deadline:
            yield told(
                f"退役移交（{handover.on}）后 {setting.value} 日内（{deadline} 前）没有申请转入，已逾期",
                setting.ground,
            )


def _years(first: int, last: int) -> Iterator[tuple[int, int]]:
    """A stretch of months year by year."""
    while first <= last:
        end = min(last, first - first % 12 + 11)
        yield first, end
        first = end + 1


def _reached(day: date, kind: str, amount: int) -> date:
    if kind == "days_since":
        return day + timedelta(days=amount)
    return after_months(day, amount if kind == "months_since" else amount * 12)


def _gaps(lines: list[Line]) -> tuple[Gap, ...]:
    """The gaps of all lines, neighbouring months of one series as one."""
    found: list[Gap] = []
    for line in lines:
        if line.gap is None or line.state != "gap":
            continue
        gap = replace(line.gap, first=line.first, last=line.last)
        last = found[-1] if found else None
        if last and (last.series, last.key_title, last.last + 1) == (gap.series, gap.key_title, gap.first):
            found[-1] = replace(last, last=gap.last)
        else:
            found.append(gap)
    return tuple(found)
