"""The same rules in OpenFisca-Core, kept apart: its licence is the AGPL.

Nothing of ours imports it. What stands here is text: a description of our facts and rules in the way
OpenFisca wants them, and a small runner. Both are written to a temporary folder and run by the Python of
an environment made for this, as a process of its own, which gives back timings and verdicts as JSON.

OpenFisca knows no null, so only people of whom everything is known are asked about. They have one relation
each (which may be none), so that its facts can stand beside the person's own.
"""

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, Final, cast

from bench.by_hand import conditions
from bench.measuring import timing
from bench.setting import ON, Setting, flat, one_by_one
from rongjun.rules.api import (
    All,
    Between,
    Book,
    Compare,
    Condition,
    Constant,
    Either,
    Fact,
    Holds,
    Leaf,
    Missing,
    Not,
    Value,
    Vocabulary,
    bare,
    fold,
    leaves,
    verdicts,
)

_SECONDS: Final = 900
_SIGNS: Final = {"=": "==", "<>": "!="}
# A division has twelve digits, the last six are zero for a county, and OpenFisca's integers have 32 bits.
_DIVISION: Final = 10**6
_HEAD: Final = '''"""Generated: the facts and rules of the policy book for OpenFisca-Core."""

from datetime import date

import numpy
from openfisca_core.entities import build_entity
from openfisca_core.indexed_enums import Enum
from openfisca_core.periods import DateUnit
from openfisca_core.taxbenefitsystems import TaxBenefitSystem
from openfisca_core.variables import Variable

Person = build_entity(key="person", plural="persons", label="a person", is_person=True)
'''
_TAIL: Final = """

def system():
    made = TaxBenefitSystem([Person])
    made.add_variables(*(thing for thing in list(globals().values()) if is_ours(thing)))
    return made


def is_ours(thing):
    return isinstance(thing, type) and issubclass(thing, Variable) and thing is not Variable
"""
_RUNNER: Final = '''"""Generated: times the rules for one person after another and for all at once."""

import json
import sys
import time
from importlib.metadata import version

import numpy
import rules
from openfisca_core import periods
from openfisca_core.simulations import SimulationBuilder

ALWAYS = periods.period("eternity")


def simulation_of(made, columns, count):
    simulation = SimulationBuilder().build_default_simulation(made, count)
    for name, values in columns.items():
        simulation.set_input(name, ALWAYS, numpy.array(values, dtype=TYPES.get(name)))
    return simulation


def judged(simulation, names, day):
    return [simulation.calculate(name, day) for name in names]


def clock():
    return time.perf_counter(), time.process_time()


def since(start):
    return tuple(now - then for now, then in zip(clock(), start))


with open(sys.argv[1], encoding="utf-8") as told:
    ASKED = json.load(told)
TYPES = {name: "datetime64[D]" for name in ASKED["dates"]}
NAMES, PEOPLE, DAY = ASKED["rules"], ASKED["people"], periods.period("day:" + ASKED["on"])
start = clock()
MADE = rules.system()
loading = since(start)

alone, found = [], []
for number, person in enumerate(PEOPLE[: 3 + ASKED["alone"]]):
    columns = {name: [value] for name, value in person.items()}
    start = clock()
    simulation = simulation_of(MADE, columns, 1)
    built = since(start)
    start = clock()
    results = judged(simulation, NAMES, DAY)
    if number >= 3:
        alone.append({"build": built, "calculate": since(start)})
    found.append([bool(result[0]) for result in results])

columns = {name: [person[name] for person in PEOPLE] for name in PEOPLE[0]}
start = clock()
simulation = simulation_of(MADE, columns, len(PEOPLE))
results = judged(simulation, NAMES, DAY)
together = since(start)
answer = {
    "version": version("openfisca-core"),
    "numpy": numpy.__version__,
    "load": loading,
    "alone": alone,
    "found": found,
    "together": together,
    "found_together": numpy.array(results).T.tolist(),
}
with open(sys.argv[2], "w", encoding="utf-8") as out:
    json.dump(answer, out)
'''


def write_system(book: Book, *, on: date) -> str:
    """The facts as input variables, derived facts and rules as formulas: `rule_0`, `rule_1`, … by code."""
    vocabulary, rules = book.vocabulary, conditions(book, on=on)
    facts = [_input(fact) for fact in vocabulary.stored()]
    derived = [
        _formula(fact.name, fact.label, fact.derived, vocabulary, on=on)
        for fact in vocabulary.facts.values()
        if fact.derived
    ]
    formulas = [
        _formula(f"rule_{number}", code, condition, vocabulary, on=on)
        for number, (code, condition) in enumerate(rules.items())
    ]
    return "\n\n".join([_HEAD, *facts, *derived, *formulas, _TAIL])


def _input(fact: Fact) -> str:
    body = ["entity = Person", "definition_period = DateUnit.ETERNITY", f"label = {fact.label!r}"]
    before = ""
    if fact.kind == "enum":
        members = "".join(f"    {name} = {label!r}\n" for name, label in fact.values.items())
        before = f"class {fact.name}_values(Enum):\n{members}\n\n"
        first = next(iter(fact.values))
        body += [
            "value_type = Enum",
            f"possible_values = {fact.name}_values",
            f"default_value = {fact.name}_values.{first}",
        ]
    else:
        kind = {"bool": "bool", "date": "date"}.get(fact.kind, "int")
        body.append(f"value_type = {kind}")
    return before + f"class {fact.name}(Variable):\n" + "".join(f"    {line}\n" for line in body)


def _formula(name: str, label: str, condition: Condition, vocabulary: Vocabulary, *, on: date) -> str:
    folded = _folded(condition, vocabulary, on=on)
    read = dict.fromkeys(leaf.fact for leaf in leaves(folded))
    lines = [
        f"class {name}(Variable):",
        "    value_type = bool",
        "    entity = Person",
        "    definition_period = DateUnit.DAY",
        f"    label = {label!r}",
        "",
        "    def formula(person, period):",
        *(f"        {fact} = person('{fact}', period)" for fact in read),
        f"        return {_say(folded, vocabulary)}",
    ]
    return "\n".join(lines) + "\n"


def _folded(node: Condition, vocabulary: Vocabulary, *, on: date) -> Condition:
    """Spans as dates; derived facts stay, for OpenFisca works a variable out once."""
    if isinstance(node, Not):
        return Not(_folded(node.part, vocabulary, on=on))
    if isinstance(node, All):
        return All(tuple(_folded(part, vocabulary, on=on) for part in node.parts))
    if isinstance(node, Either):
        return Either(tuple(_folded(part, vocabulary, on=on) for part in node.parts))
    return fold(node, vocabulary=vocabulary, on=on) if vocabulary[node.fact].of else node


def _say(node: Condition, vocabulary: Vocabulary) -> str:
    """The condition with two values: nothing is null, so a missing fact never is."""
    if isinstance(node, Not):
        return f"~{_say(node.part, vocabulary)}"
    if isinstance(node, All | Either):
        sign = " & " if isinstance(node, All) else " | "
        return "(" + sign.join(_say(part, vocabulary) for part in node.parts) + ")"
    return _say_leaf(node, vocabulary[node.fact])


def _say_leaf(node: Leaf, fact: Fact) -> str:
    name, constant = fact.name, partial(_constant, fact)
    if isinstance(node, Holds):
        return name
    if isinstance(node, Missing):
        return f"numpy.full({name}.shape, {node.negated})"
    if isinstance(node, Compare):
        return f"({name} {_SIGNS.get(node.op, node.op)} {constant(node.value)})"
    if isinstance(node, Between):
        inside = f"(({name} >= {constant(node.low)}) & ({name} <= {constant(node.high)}))"
    else:
        inside = "(" + " | ".join(f"({name} == {constant(value)})" for value in node.values) + ")"
    return f"~{inside}" if node.negated else inside


def _constant(fact: Fact, constant: Constant) -> str:
    plain = bare(constant)
    if isinstance(plain, date):
        return f"numpy.datetime64('{plain.isoformat()}')"
    if isinstance(plain, str):
        return f"{fact.name}_values.{plain}"
    return str(plain // _DIVISION if fact.kind == "division" else plain)


def as_told(vocabulary: Vocabulary, facts: Mapping[str, Value]) -> dict[str, Any]:
    """One person of whom everything is known, as plain JSON."""
    return {fact.name: _plain(fact, facts[fact.name]) for fact in vocabulary.stored()}


def _plain(fact: Fact, value: Value) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return cast(int, value) // _DIVISION if fact.kind == "division" else value


def measure(setting: Setting, *, python: Path) -> dict[str, Any]:
    """Seconds a person in OpenFisca, and in how many verdicts it differs from ours (none, or it is void)."""
    book = setting.book()
    people = flat(one_by_one(setting.population("known"), setting.size.known))
    asked = {
        "on": ON.isoformat(),
        "alone": setting.size.alone,
        "rules": [f"rule_{number}" for number in range(len(conditions(book, on=ON)))],
        "dates": [fact.name for fact in book.vocabulary.stored() if fact.kind == "date"],
        "people": [as_told(book.vocabulary, facts) for facts in people],
    }
    answer = _asked(setting.folder / "openfisca", write_system(book, on=ON), asked, python=python)
    alone = [(one["build"], one["calculate"]) for one in answer["alone"]]
    return {
        "version": answer["version"],
        "numpy": answer["numpy"],
        "load": answer["load"][0],
        "calculate": timing([calculated for _, calculated in alone]).plain(),
        "new_simulation": timing([(b[0] + c[0], b[1] + c[1]) for b, c in alone]).plain(),
        "together": answer["together"][0],
        "people": len(people),
        "different": _different(book, people, answer),
    }


def _asked(folder: Path, system: str, asked: Mapping[str, Any], *, python: Path) -> Any:
    folder.mkdir(exist_ok=True)
    (folder / "rules.py").write_text(system, "utf-8")
    (folder / "runner.py").write_text(_RUNNER, "utf-8")
    (folder / "asked.json").write_text(json.dumps(asked), "utf-8")
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    command = [str(python), "runner.py", "asked.json", "answer.json"]
    subprocess.run(command, cwd=folder, env=env, check=True, timeout=_SECONDS)
    return json.loads((folder / "answer.json").read_text("utf-8"))


def _different(book: Book, people: Sequence[Mapping[str, Value]], answer: Mapping[str, Any]) -> int:
    different = 0
    for number, facts in enumerate(people):
        ours = [
            {"granted": True, "not-granted": False}[v] for v in verdicts(book, facts=facts, on=ON).values()
        ]
        for theirs in (answer["found"][number : number + 1], answer["found_together"][number : number + 1]):
            different += sum(a != b for found in theirs for a, b in zip(ours, found, strict=True))
    return different
