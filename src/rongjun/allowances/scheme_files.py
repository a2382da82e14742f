"""One scheme, one file: who, from when, until when, by which rates, what follows a death."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import cast

from rongjun.allowances.grounds import CAUSES, SLUG, inner_ground, read_ground
from rongjun.allowances.logic.rates import Key
from rongjun.allowances.logic.schemes import (
    START_RULES,
    AfterDeath,
    Check,
    Judge,
    Scheme,
    Start,
    StartRule,
    WageShare,
)
from rongjun.rules.api import (
    Between,
    Compare,
    Condition,
    ConditionError,
    Fields,
    OneOf,
    Vocabulary,
    compile_python,
    leaves,
    parse_condition,
    stored_facts,
)


@dataclass(frozen=True, slots=True)
class SchemeReader:
    """Reads schemes; `vocabulary` holds the facts their conditions may speak of."""

    vocabulary: Vocabulary

    def read(self, opened: Fields, name: str) -> Scheme:
        """The scheme of one file."""
        code = opened.matching("code", SLUG, "disability-pension")
        if f"/{code}.yaml" not in name:
            opened.fault("code", "代码与文件名不一致", "让两者一致")
        priced = opened.map("rates", "标准怎么查")
        keys = priced.texts("keys", required=False)
        for key in keys:
            if key not in Key._fields:
                priced.fault("keys", f"没有“{key}”这个维度", f"从这些里选：{'、'.join(Key._fields)}")
        series, wage_series = priced.text("series"), priced.text_or_none("wage_series")
        per = priced.one_of("per", ["person", "service-year"]) if priced.has("per") else "person"
        priced.done()
        categories, category_rates = self._categories(opened)
        requires = tuple(self._check(e) for e in opened.maps("requires", "逐月条件", required=False))
        scheme = Scheme(
            code=code,
            title=opened.text("title"),
            file=f"policy/{name}",
            evidence=opened.text("evidence"),
            categories=categories,
            awards_of=opened.text_or_none("awards_of") or code,
            series=series,
            keys=keys,
            category_rates=category_rates,
            tiers=self._tiers(opened),
            per_service_year=per == "service-year",
            is_regular=opened.truth("regular"),
            transfers_next_january=True,
            transfer_ground=inner_ground(opened, "transfer"),
            min_months_between_ratings=(
                opened.number("min_months_between_ratings") if opened.has("min_months_between_ratings") else 0
            ),
            starts=tuple(_start(e) for e in opened.maps("starts", "起发规则")),
            stop_ground=inner_ground(opened, "stop"),
            refusals=tuple(self._check(e) for e in opened.maps("refusals", "不予认定", required=False)),
            requires=requires,
            deaths=tuple(self._death(e) for e in opened.maps("deaths", "去世后", required=False)),
            wage_shares=tuple(self._share(e) for e in opened.maps("wage_shares", "工资比例", required=False)),
            wage_series=wage_series,
        )
        opened.text_or_none("note")
        opened.done()
        if scheme.starts and min(start.start for start in scheme.starts) > date(1950, 1, 1):
            opened.fault("starts", "最早的起发规则没有覆盖过去", "第一条的 from 写 1949-10-01")
        return scheme

    def _categories(self, opened: Fields) -> tuple[dict[str, str], dict[str, str | None]]:
        titles: dict[str, str] = {}
        rates: dict[str, str | None] = {}
        for entry in opened.maps("categories", "类别"):
            code = entry.matching("code", SLUG, "martyr-kin")
            titles[code] = entry.text("title")
            rates[code] = entry.text_or_none("rate") or code
            entry.done()
        return titles, rates

    def _tiers(self, opened: Fields) -> dict[str, tuple[int, int]]:
        found = {}
        for entry in opened.maps("tiers", "等级范围", required=False):
            found[entry.one_of("cause", CAUSES)] = (entry.number("heaviest"), entry.number("lightest"))
            entry.done()
        return found

    def _check(self, entry: Fields) -> Check:
        judge, condition = self._judge(entry)
        if condition is None:
            entry.fault("when", "缺少条件", "写 when")
        check = Check(
            start=entry.day("from"),
            until=entry.day_or_none("until"),
            judge=judge,
            say=entry.text("say"),
            ground=read_ground(entry),
            facts=stored_facts(condition, vocabulary=self.vocabulary) if condition else (),
            ages=self._ages(condition) if condition else (),
        )
        entry.done()
        return check

    def _ages(self, condition: Condition) -> tuple[tuple[str, str, int], ...]:
        """Dates behind ages and spans, with every amount at which the answer may change."""
        found = []
        for leaf in leaves(condition):
            fact = self.vocabulary[leaf.fact]
            if not fact.of:
                continue
            amounts: tuple[object, ...] = ()
            if isinstance(leaf, Compare):
                amounts = (leaf.value,)
            elif isinstance(leaf, Between):
                amounts = (leaf.low, leaf.high)
            elif isinstance(leaf, OneOf):
                amounts = leaf.values
            for amount in amounts:
                assert isinstance(amount, int)
                found += [(fact.of, fact.kind, amount), (fact.of, fact.kind, amount + 1)]
        return tuple(found)

    def _death(self, entry: Fields) -> AfterDeath:
        judge, _ = self._judge(entry)
        death = AfterDeath(
            start=entry.day("from"),
            until=entry.day_or_none("until"),
            judge=judge,
            months=entry.number("months"),
            title=entry.text("title"),
            say=entry.text("say"),
            ground=read_ground(entry),
            follow_up=entry.text_or_none("follow_up"),
            by_hand=entry.has("by_hand") and entry.truth("by_hand"),
        )
        entry.done()
        return death

    def _share(self, entry: Fields) -> WageShare:
        judge, _ = self._judge(entry)
        share = WageShare(
            entry.day("from"), entry.day_or_none("until"), judge, entry.number("percent"), read_ground(entry)
        )
        entry.done()
        return share

    def _judge(self, fields: Fields, key: str = "when") -> tuple[Judge, Condition | None]:
        """A condition as a function of facts and a day; without the key it always holds."""
        if not fields.has(key):
            return _always, None
        text = fields.text(key)
        try:
            condition = parse_condition(text, vocabulary=self.vocabulary)
        except ConditionError as error:
            for fault in error.faults:
                fields.fault(key, f"条件第 {fault.column} 个字：{fault.what}", fault.fix)
            return _always, None
        program = compile_python([condition], vocabulary=self.vocabulary)
        return lambda facts, on: program(facts, on=on)[0], condition


def _always(_facts: Mapping[str, object], _on: date) -> bool | None:
    return True


def _start(entry: Fields) -> Start:
    start = Start(
        entry.day("from"),
        entry.day_or_none("until"),
        cast(StartRule, entry.one_of("rule", list(START_RULES))),
        read_ground(entry),
    )
    entry.done()
    return start
