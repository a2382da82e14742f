"""What is wrong with a policy file, said so that a clerk can mend it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One fault: where it stands, what is wrong, what to do. Texts are Chinese."""

    file: str
    line: int
    what: str
    fix: str = ""

    def __str__(self) -> str:
        fix = f"请{self.fix}。" if self.fix else ""
        return f"{self.file} 第 {self.line} 行：{self.what}。{fix}"


class PolicyError(ValueError):
    """The book cannot be used; `problems` holds every fault of every file, sorted by place."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(str(problem) for problem in self.problems))


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault inside a condition; `column` counts characters from 1 in the text as it was written."""

    column: int
    what: str
    fix: str


class ConditionError(ValueError):
    """A condition that is not in our grammar; `faults` holds all of them in order."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("；".join(f"第 {f.column} 个字：{f.what}，请{f.fix}" for f in faults))
