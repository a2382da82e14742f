"""What follows a death: months of the standard of its month, and things for the kin to apply for."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Final

from rongjun.allowances.logic.cells import Cell, facts_of, picked_of, said
from rongjun.allowances.logic.history import Death, Past
from rongjun.allowances.logic.lines import Line, Reason, State
from rongjun.allowances.logic.months import first_day, month_of
from rongjun.allowances.logic.pricing import Pricer
from rongjun.allowances.logic.rates import Rate, steps_of
from rongjun.allowances.logic.schemes import AfterDeath, AllowanceBook, Scheme, in_force

AFTER_DEATH: Final = "after-death"


@dataclass(slots=True)
class Aftermath:
    """One death worked out: `follow_ups` gathers what people have to do."""

    book: AllowanceBook
    past: Past
    pricer: Pricer
    death: Death
    follow_ups: list[Reason] = field(default_factory=list)

    def lines(self, cells: Mapping[str, Cell]) -> list[Line]:
        """The lines after the death, from the cells of its month; several at once wait for a ruling."""
        month = month_of(self.death.died_on)
        lines = []
        for code, cell in cells.items():
            if cell.state in {"owed", "gap", "held"}:
                lines += self._death_lines(self.book.schemes[code], cell, month)
        paying = [line for line in lines if line.state == "owed" and line.times]
        if len(paying) > 1:
            clash = Reason(
                "同时符合几项丧葬补助，能否都发没有规定，需人工裁定", "待局方确认", is_stated=False
            )
            lines = [replace(line, state="held", reasons=(*line.reasons, clash)) for line in lines]
        return lines

    def _death_lines(self, scheme: Scheme, cell: Cell, month: int) -> list[Line]:
        death = self.death
        facts = dict(facts_of(self.book, self.past, cell.award, on=death.died_on)) | {
            "death_cause": death.cause.replace("-", "_")
        }
        rules = [
            rule for rule in in_force(scheme.deaths, on=death.died_on) if rule.judge(facts, death.died_on)
        ]
        for rule in rules:
            if rule.follow_up:
                self.follow_ups.append(said(rule.say, rule.ground))
        paid = [rule for rule in rules if not rule.follow_up]
        if not rules and scheme.is_regular:
            # No rule speaks of this scheme: nothing is owed, and the page says which rule is silent.
            self.follow_ups.append(
                Reason(
                    f"“{scheme.title}”对象去世（{death.died_on}），没有查到丧葬补助规定，不发",
                    "待局方确认",
                    False,
                )
            )
        return [self._death_line(scheme, cell, month, rule) for rule in paid]

    def _death_line(self, scheme: Scheme, cell: Cell, month: int, rule: AfterDeath) -> Line:
        monthly, rate, told, obstacles = self._death_price(scheme, cell, month)
        state: State = "held" if rule.by_hand else cell.state if rate is None else "owed"
        return Line(
            code=f"{scheme.code}.{AFTER_DEATH}",
            title=rule.title,
            award=cell.award.ref,
            category=cell.award.category,
            first=month,
            last=month,
            state=state,
            monthly=monthly,
            lead=0,
            rate=rate,
            payer=cell.payer,
            reasons=(said(rule.say, rule.ground), *told),
            obstacles=obstacles,
            times=rule.months,
            is_once=True,
            gap=cell.gap,
            picked=picked_of(scheme, cell),
        )

    def _death_price(
        self, scheme: Scheme, cell: Cell, month: int
    ) -> tuple[Fraction, Rate | None, tuple[Reason, ...], tuple[str, ...]]:
        """The standard of the month of death; by setting, as known on that day or as known now."""
        death = self.death
        setting = self.book.setting("funeral-follows-late-rate", on=death.died_on)
        if setting.value is True or cell.rate is None:
            return cell.monthly, cell.rate, cell.reasons[1:], cell.obstacles
        region = self.book.region_of(scheme.code, division=cell.payer, on=first_day(month))
        steps = steps_of(
            self.book.rates,
            scheme.series,
            scheme.key_of(cell.award),
            region=region,
            known_on=death.died_on,
            household=None,
        )
        known = [step.rate for step in steps if step.first <= month]
        if not known or known[-1] == cell.rate:
            return cell.monthly, cell.rate, cell.reasons[1:], cell.obstacles
        monthly = cell.monthly / cell.rate.monthly * known[-1].monthly
        text = f"按去世时已公布的标准 {known[-1].text}，之后公布的提标不重算"
        return monthly, known[-1], (said(text, setting.ground),), self.pricer.obstacles(known[-1])
