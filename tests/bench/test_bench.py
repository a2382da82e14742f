import ast
import json
from functools import cache

import polars as pl
import pytest

from bench import openfisca, results
from bench.__main__ import main
from bench.by_hand import conditions, write
from bench.population import GROUPS, Population, invent
from bench.results import Bar
from bench.setting import ON, POLICY, ROOT, one_by_one
from rongjun.rules.api import PERSON, Book, load_book, verdicts


@cache
def book() -> Book:
    return load_book(POLICY, city="qingdao")


def people(count=1_000, *, seed=1, complete=False) -> Population:
    return invent(book().vocabulary, regions=book().regions, count=count, on=ON, seed=seed, complete=complete)


def test_the_same_seed_makes_the_same_people_and_another_makes_others() -> None:
    one, again, other = people(), people(), people(seed=2)
    assert one.people.equals(again.people)
    assert one.relations.equals(again.relations)
    assert not one.people.equals(other.people)


def test_every_fact_of_the_vocabulary_is_there_with_values_it_accepts() -> None:
    made = people(complete=True)
    for frame, of_relation in ((made.people, False), (made.relations, True)):
        facts = [fact for fact in book().vocabulary.stored() if fact.per_relation is of_relation]
        assert frame.columns == [PERSON, *(fact.name for fact in facts)]
        for fact in facts:
            assert all(fact.accepts(value) for value in frame[fact.name].unique()), fact.name


def test_people_of_whom_everything_is_known_get_no_unknown_verdict() -> None:
    made = people(50, complete=True)
    assert made.people.null_count().sum_horizontal()[0] == 0
    for facts, relations in one_by_one(made, 50):
        assert len(relations) == 1
        assert "unknown" not in verdicts(book(), facts=facts, on=ON, relations=relations).values()


def test_the_shares_are_those_of_a_registry_of_veterans() -> None:
    made = people(20_000)
    frame = made.people
    assert sum(GROUPS.values()) == pytest.approx(1)
    assert frame["is_veteran"].mean() == pytest.approx(0.81, abs=0.02)
    assert frame["is_disabled_soldier"].mean() == pytest.approx(0.03, abs=0.01)
    assert (
        frame.filter(~pl.col("is_disabled_soldier"))["disability_grade"].null_count()
        == frame.filter(~pl.col("is_disabled_soldier")).height
    )
    assert made.relations.group_by(PERSON).len()["len"].max() == 2


def test_the_hand_written_program_and_openfiscas_text_are_python_with_every_rule() -> None:
    rules = conditions(book(), on=ON)
    ast.parse(write("people", list(rules.values()), vocabulary=book().vocabulary, on=ON))
    classes = [
        node.name
        for node in ast.walk(ast.parse(openfisca.write_system(book(), on=ON)))
        if isinstance(node, ast.ClassDef)
    ]
    assert sum(name.startswith("rule_") for name in classes) == len(rules)


def test_nothing_of_ours_imports_openfisca() -> None:
    for path in [*(ROOT / "bench").glob("*.py"), *(ROOT / "src").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not any(name.startswith("openfisca") for name in names), path


def test_a_bar_is_met_at_its_very_edge_and_missed_beyond() -> None:
    titles = ("甲", "a")
    assert Bar(0.5, " s").row("x", titles, 0.5).outcome == "pass"
    assert Bar(0.5, " s").row("x", titles, 0.51).outcome == "fail"
    assert Bar(100, "×", at_least=True).row("x", titles, 99).outcome == "fail"
    assert Bar(None, " s").row("x", titles, 99).outcome == "reported"


def test_a_comparison_with_other_answers_is_void() -> None:
    found = {"by_hand": {"different_cells": 1}, "openfisca": "no index", "one_person": {}}
    hand, apart = results.rows(found, wanted=["by-hand", "openfisca"])[::-1]
    assert (hand.outcome, apart.outcome) == ("fail", "not run")


def test_kept_figures_have_no_more_digits_than_a_clock_knows(tmp_path) -> None:
    results.write([], {"one": {"wall": 0.000051234567890123}}, {"date": "2026-12-01"}, folder=tmp_path)
    assert json.loads((tmp_path / "policy-book.json").read_text())["raw"] == {"one": {"wall": 5.123e-05}}


def test_only_a_whole_run_is_kept(capsys) -> None:
    with pytest.raises(SystemExit):
        main(["--size", "small", "--write"])
    assert "whole run" in capsys.readouterr().err
