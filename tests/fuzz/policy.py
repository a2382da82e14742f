"""Throw inputs at the loader and the parser: `python -m tests.fuzz.policy --inputs 100000 --seed 1`.

Every input is made from the seed, its kind and its number alone, so a finding names what makes it again:
`--seed 1 --only conditions --at 4711`. Prints progress, then counts; ends with 1 when something was found.
"""

import argparse
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from random import Random

from rongjun.rules.check import check_book, explain_benefit
from rongjun.rules.conditions import parse_condition
from rongjun.rules.deciding import decide_all
from rongjun.rules.errors import ConditionError, PolicyError, Problem
from rongjun.rules.loading import load_book
from rongjun.rules.reading import Sheet, plain, read_sheet
from rongjun.rules.tree import Region
from rongjun.rules.vocabulary import Fact, Vocabulary
from tests.fuzz import files, recogniser, soundness
from tests.fuzz.texts import Texts

POLICY = Path(__file__).parents[2] / "policy"
SHARE_OF_FILES = 0.25
SLOW_SECONDS = 5.0  # of the processor: a busy machine is no finding
NOBODY: Mapping[str, None] = {}


class Subject:
    """One thing under test: makes an input from a number and says what is wrong with how it was taken."""

    def judge(self, random: Random) -> tuple[str, object, list[str]]:
        """The kind of input with how it was taken, the input, and every fault found."""
        raise NotImplementedError


class Conditions(Subject):
    """The parser against the recogniser."""

    def __init__(self) -> None:
        book = load_book(POLICY, city=files.CITY)
        # One fact and one region of the kinds the shipped book has none of.
        self.facts = {**book.vocabulary.facts, "plate": Fact("plate", "text", "车牌")}
        self.regions = {**book.regions, "huangdao": Region("huangdao", "黄岛区", 370211000000, "county")}
        self.vocabulary = Vocabulary(self.facts)
        written = [version.when_text for b in book.benefits.values() for version in b.versions]
        self.kinds = Texts(self.facts, self.regions, written).kinds()

    def judge(self, random: Random) -> tuple[str, object, list[str]]:
        kind = random.choices(list(self.kinds), [share for share, _ in self.kinds.values()])[0]
        text = self.kinds[kind][1](random)
        accepted, faults = self.faults(text)
        if not accepted and kind.startswith(("inside", "real")):
            faults.append("refused, though it was made inside the grammar")
        return f"{kind} {'accepted' if accepted else 'refused'}", text, faults

    def faults(self, text: str) -> tuple[bool, list[str]]:
        """Whether the parser took a text, and what is wrong with that."""
        wanted: recogniser.Tree | None = None
        with suppress(recogniser.RefusedError):
            wanted = recogniser.read(text, self.facts, self.regions)
        try:
            found = parse_condition(text, vocabulary=self.vocabulary, regions=self.regions)
        except ConditionError as error:
            told = list(badly_told(error, text))
            return False, [*told, "refused, though the recogniser accepts it"] if wanted else told
        if wanted is None:
            return True, ["accepted, though the recogniser refuses it"]
        same = recogniser.as_tuples(found) == wanted
        return True, [] if same else [f"read as {found}, which is not {wanted}"]


def badly_told(error: ConditionError, text: str) -> Iterator[str]:
    """Faults that are no Chinese sentence with advice, or stand outside the text."""
    if not error.faults:
        yield "refused without a fault"
    for fault in error.faults:
        if not 1 <= fault.column <= max(1, len(text)):
            yield f"column {fault.column} is outside the text"
        if not (is_sentence(fault.what) and is_sentence(fault.fix)):
            yield f"not a sentence: {fault}"


def is_sentence(text: str) -> bool:
    """Whether a clerk can read it: some Chinese, nothing that cannot be seen or written to a file."""
    has_chinese = any("一" <= letter <= "鿿" for letter in text)
    return has_chinese and all(letter.isprintable() or letter == "　" for letter in text)


class Files(Subject):
    """The loader over a small book in a folder of its own, one file spoiled at a time."""

    def __init__(self, folder: Path) -> None:
        whole = load_book(POLICY, city=files.CITY)
        benefits = [b for b in whole.benefits.values() if b.level == "city"]
        with_places = next(b for b in benefits if b.versions[-1].venues)
        over_kin = next(b for b in whole.benefits.values() if "dependant_of" in b.versions[-1].when_text)
        extra = [benefit.file.partition("/")[2] for benefit in (with_places, over_kin)]
        self.root = folder / "policy"
        self.files = files.small_book(POLICY, extra)
        for name, text in self.files.items():
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            (self.root / name).write_text(text, "utf-8")
        load_book(self.root, city=files.CITY)

    def judge(self, random: Random) -> tuple[str, object, list[str]]:
        spoiled = files.spoil(self.files, random)
        accepted, faults = self.taken(spoiled)
        name = spoiled.file.rpartition("/")[2]
        shown = name if f"/{name}" not in spoiled.file or name in soundness.SHAPES else "a benefit"
        return f"{shown} {'accepted' if accepted else 'refused'}", (spoiled.file, spoiled.raw), faults

    def taken(self, spoiled: files.Spoiled) -> tuple[bool, list[str]]:
        """Whether the loader takes the small book with one file spoiled, and what is wrong with that."""
        path = self.root / spoiled.file
        path.write_bytes(spoiled.raw)
        try:
            return self.faults(spoiled)
        finally:
            path.write_text(self.files[spoiled.file], "utf-8")

    def faults(self, spoiled: files.Spoiled) -> tuple[bool, list[str]]:
        """Whether the loader took the book, and what is wrong with that."""
        try:
            book = load_book(self.root, city=files.CITY)
        except PolicyError as error:
            return False, list(self.badly_told(error, spoiled))
        faults = [f"accepted with {what}" for what in soundness.unsound(spoiled.file, spoiled.raw)]
        if spoiled.must_refuse and not faults:
            faults.append("accepted, though it was spoiled for certain")
        node = read_sheet(self.root / spoiled.file, sheet=Sheet(spoiled.file, []))
        if node is None or not soundness.same_content(spoiled.raw, plain(node)):
            faults.append("read otherwise by a second reader of YAML")
        # Whatever was accepted must also work.
        report = check_book(self.root, city=files.CITY)
        faults += [f"not a sentence: {p}" for p in (*report.problems, *report.remarks) if not well_said(p)]
        for on in (date(1900, 1, 1), date(2026, 11, 23), date(2999, 12, 31)):
            decide_all(book, facts=NOBODY, on=on)
            for code in book.benefits:
                explain_benefit(book, code=code, on=on)
        return True, faults

    def has(self, file: str) -> bool:
        """Whether the small book has this file or folder."""
        return any(name == file or name.startswith(f"{file}/") for name in self.files)

    def badly_told(self, error: PolicyError, spoiled: files.Spoiled) -> Iterator[str]:
        """Problems without a place, a sentence or an advice."""
        lines = spoiled.raw.decode("utf-8", "replace").splitlines()
        if not error.problems:
            yield "refused without a problem"
        for problem in error.problems:
            folder, _, file = problem.file.partition("/")
            if folder != "policy" or not self.has(file):
                if problem.what not in {"缺少这个文件", "文件打不开或不是 UTF-8 编码"}:
                    yield f"no such file: {problem}"
            elif file == spoiled.file and not 1 <= problem.line <= len(lines) + 1:
                yield f"no such line: {problem}"
            if not well_said(problem):
                yield f"not a sentence: {problem!r}"


def well_said(problem: Problem) -> bool:
    """Whether what is wrong and what to do are both said."""
    return is_sentence(problem.what) and is_sentence(problem.fix)


@dataclass
class Finding:
    """An input that was taken wrongly, and how to make it again."""

    again: str
    given: object
    faults: list[str]

    def __str__(self) -> str:
        return "\n".join(
            [f"{self.again}", f"  input  {shortened(self.given)}", *map("  {}".format, self.faults)]
        )


def shortened(given: object) -> str:
    """An input in letters any terminal can show."""
    text = ascii(given)
    return text if len(text) <= 2_000 else f"{text[:1_900]} … {len(text)} letters"


@dataclass
class Run:
    """Counts and findings of one subject."""

    name: str
    counts: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)
    seconds: float = 0.0
    slowest: tuple[float, str] = (0.0, "none")

    def one(self, subject: Subject, *, seed: int, at: int) -> None:
        """Make the input with this number and judge how it was taken."""
        again = f"--seed {seed} --only {self.name} --at {at}"
        begun = time.process_time()
        try:
            kind, given, faults = subject.judge(Random(f"{seed} {self.name} {at}"))
        except Exception as error:  # noqa: BLE001  (whatever comes out is the finding)
            kind, given, faults = (
                "crashed",
                "made by the command above",
                traceback.format_exception(error)[-3:],
            )
        taken = time.process_time() - begun
        self.slowest = max(self.slowest, (taken, again))
        if taken > SLOW_SECONDS:
            faults = [*faults, f"took {taken:.1f} s"]
        self.seconds += taken
        self.counts[kind] += 1
        if faults:
            self.findings.append(Finding(again, given, faults))
            print(self.findings[-1], file=sys.stderr, flush=True)

    def __str__(self) -> str:
        total = sum(self.counts.values())
        lines = [f"{self.name}: {total} inputs, {self.seconds:.1f} s, {len(self.findings)} findings"]
        lines += [f"  {count:>8}  {kind}" for kind, count in sorted(self.counts.items())]
        return "\n".join([*lines, f"  slowest {self.slowest[0]:.2f} s: {self.slowest[1]}"])


def fuzz(name: str, subject: Subject, numbers: range, *, seed: int, progress: bool = False) -> Run:
    """Judge the inputs with these numbers."""
    run, told = Run(name), time.monotonic()
    for done, at in enumerate(numbers, start=1):
        run.one(subject, seed=seed, at=at)
        if progress and time.monotonic() - told > 5:
            told = time.monotonic()
            print(
                f"{name}: {done} of {len(numbers)}, {len(run.findings)} findings", file=sys.stderr, flush=True
            )
    return run


def main(arguments: list[str] | None = None) -> int:
    """Run as many inputs as asked for; 0 when nothing was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.policy", description=__doc__)
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=("conditions", "files"))
    parser.add_argument("--at", type=int, help="this one input only")
    asked = parser.parse_args(arguments)
    shares = {"files": round(asked.inputs * SHARE_OF_FILES)}
    shares["conditions"] = asked.inputs - shares["files"]
    found = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, share in shares.items():
            if asked.only not in (None, name):
                continue
            count = asked.inputs if asked.only else share
            numbers = range(count) if asked.at is None else range(asked.at, asked.at + 1)
            subject = Conditions() if name == "conditions" else Files(Path(folder))
            run = fuzz(name, subject, numbers, seed=asked.seed, progress=True)
            print(run, flush=True)
            found += len(run.findings)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
