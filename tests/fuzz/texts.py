"""Texts for the parser: inside the grammar, just outside, and far outside."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from rongjun.rules.tree import Region
from rongjun.rules.vocabulary import Fact

Made = Callable[[Random], str]

FULL_WIDTH = {ord(c): ord(c) + 0xFEE0 for c in map(chr, range(0x21, 0x7F))} | {0x20: 0x3000}
SPACES = [" ", " ", "  ", "\n", "\t", "\r\n", "　", "\xa0", "\u2003", "\x0b", "\x1c", "\u2028"]
CHINESE = {"AND": "且", "OR": "或", "NOT": "非", ">=": "≥", "<=": "≤", "<>": "≠", ",": "、"}
NASTY = [
    *["--", "/*", "*/", "/* x */", "-- x\n", "#", ";", "; DROP TABLE x", "::int", "::", "CAST(age AS text)"],
    *["pg_sleep(1)", "count(*)", "coalesce(age, 1)", "(SELECT 1)", "SELECT", "EXISTS (SELECT 1)", "UNION"],
    *[
        "'",
        '"',
        "`",
        "\\",
        "\\'",
        "''",
        "'a''b'",
        "E'a'",
        "x'1f'",
        "N'a'",
        "$$a$$",
        "$1",
        "%s",
        "{{x}}",
        "@x",
    ],
    *[
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "（",
        "）",
        "((",
        "))",
        "()",
        "( )",
        ",",
        ",,",
        "、",
        ".",
        "..",
        "age.age",
    ],
    *["=", "==", "!=", "<>", "=>", "=<", "<=>", "<", ">", "> =", "< >", "!", "~", "^", "|", "||", "&&", "+"],
    *[
        "-",
        "-1",
        "+1",
        "1.5",
        "1e9",
        "0x1F",
        "0777",
        "00",
        "1_000",
        "1,000",
        "99999999999999999999",
        "1" * 400,
    ],
    *["AND", "OR", "NOT", "IN", "BETWEEN", "IS", "NULL", "and", "Or", "nOt", "in", "between", "is", "null"],
    *[
        "ıs",
        "ıN",
        "ſ",
        "TRUE",
        "false",
        "LIKE",
        "ILIKE",
        "ANY",
        "ALL",
        "CASE",
        "WHEN",
        "END",
        "DATE",
        "date '",
    ],
    *["INTERVAL", "current_date", "current_user", "XOR", "DIV", "ISNULL", "NOTNULL", "COLLATE", "ESCAPE"],
    *["IS NOT DISTINCT FROM", "IS TRUE", "IS UNKNOWN", "BETWEEN SYMMETRIC", "SIMILAR TO", "OVERLAPS", "AS x"],
    *["\x00", "\x01", "\x1b", "\x7f", "\u200b", "\u200d", "\u00ad", "\u202e", "\u2060", "\ufeff", "\ufffe"],
    *[
        "\ud800",
        "\udfff",
        "\U000e0001",
        "\U0001f600",
        "\u0301",
        "\u20dd",
        "ﬁ",
        "㊿",
        "①",
        "²",
        "½",
        "Ⅳ",
        "𝐚𝐠𝐞",
    ],
    *[
        "٣",
        "६",
        "６",
        "０",
        "６０",
        "ａｇｅ",
        "ＡＮＤ",
        "＇",
        "＂",
        "；",
        "－",
        "。",
        "，",
        "《",
        "「",
        "〝",
        "＜",
        "＞",
    ],
    *["且", "或", "非", "≥", "≤", "≠", "≯", "＝", "‘", "’", "“", "”", "且且", "年龄", "今天", "真", "空"],
    *[
        "'2024-02-30'",
        "'2024-2-3'",
        "'0000-00-00'",
        "'9999-12-31'",
        "'２０２４-01-01'",
        "'٢٠٢٤-01-01'",
        "2024-01-01",
    ],
]


@dataclass(frozen=True)
class Texts:
    """Makers of texts over one vocabulary; `real` are conditions somebody wrote."""

    facts: Mapping[str, Fact]
    regions: Mapping[str, Region]
    real: Sequence[str]

    def kinds(self) -> dict[str, tuple[int, Made]]:
        """Every kind of text with its share in a run."""
        return {
            "inside": (30, self.inside),
            "inside-dressed": (15, self.dressed),
            "real-dressed": (3, lambda random: dress(random.choice(self.real), random)),
            "words-changed": (20, self.words_changed),
            "letters-changed": (15, self.letters_changed),
            "word-soup": (10, self.soup),
            "letter-soup": (4, letters),
            "long-or-deep": (3, self.huge),
        }

    # inside the grammar

    def inside(self, random: Random) -> str:
        """A condition the grammar allows."""
        return self._condition(random, depth=random.choice([0, 1, 1, 2, 3, 4]))

    def dressed(self, random: Random) -> str:
        """The same in full width, Chinese connectors, odd spaces and small letters."""
        return dress(self.inside(random), random)

    def _condition(self, random: Random, *, depth: int) -> str:
        if depth == 0 or random.random() < 0.2:
            return self._leaf(random)
        shape = random.choice(["AND", "OR", "NOT", "()", "AND", "OR"])
        if shape == "NOT":
            return f"NOT {random.choice(['{}', '( {} )'])}".format(self._closed(random, depth=depth - 1))
        if shape == "()":
            return f"( {self._condition(random, depth=depth - 1)} )"
        parts = [self._condition(random, depth=depth - 1) for _ in range(random.randint(2, 4))]
        return f" {shape} ".join(parts)

    def _closed(self, random: Random, *, depth: int) -> str:
        inner = self._condition(random, depth=depth)
        return inner if random.random() < 0.5 else f"( {inner} )"

    def _leaf(self, random: Random) -> str:
        fact = random.choice(list(self.facts.values()))
        if fact.kind == "bool":
            may_lack = fact.is_stored and fact.absent is None
            return fact.name + (random.choice(["", "", " IS NULL", " IS NOT NULL"]) if may_lack else "")
        shapes = ["= {}", "<> {}", "IN ( {*} )", "NOT IN ( {*} )"]
        if fact.kind not in {"enum", "division", "text"}:
            shapes += ["< {}", "<= {}", "> {}", ">= {}", "BETWEEN {<}", "NOT BETWEEN {<}"]
        if fact.absent is None:
            shapes += ["IS NULL", "IS NOT NULL"]
        return f"{fact.name} {self._filled(random.choice(shapes), fact, random)}"

    def _filled(self, shape: str, fact: Fact, random: Random) -> str:
        values = [self._constant(fact, random) for _ in range(random.choice([1, 2, 2, 3, 9]))]
        ends = sorted(values[:2] * 2, key=lambda value: (len(value), value))
        listed = " , ".join(dict.fromkeys(values))
        between = f"{ends[0]} AND {ends[-1]}"
        return shape.replace("{*}", listed).replace("{<}", between).replace("{}", values[0])

    def _constant(self, fact: Fact, random: Random) -> str:
        if fact.kind == "division":
            return random.choice([r.name for r in self.regions.values() if r.level == fact.level])
        if fact.kind == "enum":
            return f"'{random.choice(list(fact.values))}'"
        if fact.kind == "text":
            return random.choice(
                ["'鲁B'", "'it''s'", "'且'", "'、'", "'·'", "'--'", "'/*'", "';'", "'NULL'", "'≥'"]
            )
        if fact.kind == "date":
            day = f"{random.randint(1, 9999):04}-{random.randint(1, 12):02}-{random.randint(1, 28):02}"
            return f"'{day}'"
        near = [fact.lowest, fact.highest, random.randint(fact.lowest, fact.highest)]
        return str(random.choice(near))

    # outside, or on the edge

    def words_changed(self, random: Random) -> str:
        """Words of a good condition dropped, doubled, swapped or replaced."""
        words = self._start(random).split(" ")
        for _ in range(random.choice([1, 1, 1, 2, 3])):
            change(words, random, self._any_word(random))
        return " ".join(words)

    def letters_changed(self, random: Random) -> str:
        """The same with letters."""
        found = list(self._start(random))
        for _ in range(random.choice([1, 1, 2, 4])):
            change(found, random, random.choice([*NASTY, *"()',= <>aA1且（’　"]))
        return "".join(found)

    def soup(self, random: Random) -> str:
        """Any words in any order."""
        return random.choice([" ", ""]).join(self._any_word(random) for _ in range(random.randint(0, 9)))

    def huge(self, random: Random) -> str:
        """Around and beyond what is allowed in length, depth, words and lists."""
        leaf = self._leaf(random)
        count = random.choice([1, 5, 11, 12, 13, 14, 40, 400, 3000])
        numbers = " , ".join(map(str, range(random.choice([59, 60, 61, 120]))))
        shapes = [
            "( " * count + leaf + " )" * count,
            "NOT " * count + leaf,
            "NOT ( " * count + leaf + " )" * count,
            f" {random.choice(['AND', 'OR'])} ".join([leaf] * count),
            f"age IN ( {numbers} )",
            random.choice(["a", "_", "1", "'", "(", ")", "年", "\u200b", "=", ",", "NOT", "x "]) * count,
            leaf + " " * count,
            f"sex = '{'x' * count}'",
        ]
        return random.choice(shapes)

    def _start(self, random: Random) -> str:
        return random.choice(self.real) if random.random() < 0.2 else self.inside(random)

    def _any_word(self, random: Random) -> str:
        chance = random.random()
        if chance < 0.4:
            return random.choice(NASTY)
        if chance < 0.6:
            return random.choice(
                ["AND", "OR", "NOT", "IN", "BETWEEN", "IS", "NULL", "(", ")", ",", "=", ">="]
            )
        if chance < 0.8:
            return random.choice([*self.facts, *self.regions])
        fact = random.choice(list(self.facts.values()))
        return "is_veteran" if fact.kind == "bool" else self._constant(fact, random)


def letters(random: Random) -> str:
    """Any letters at all, most of them from the lower planes."""
    ends = [0x7F, 0x7F, 0x2FF, 0x30FF, 0xFFFF, 0x10FFFF]
    return "".join(chr(random.randint(0, random.choice(ends))) for _ in range(random.randint(0, 60)))


def change(found: list[str], random: Random, new: str) -> None:
    """One change to a list of words or letters, in place."""
    at = random.randrange(len(found) + 1)
    how = random.choice(["insert", "replace", "drop", "double", "swap", "move", "cut"])
    if how == "insert" or at == len(found):
        found.insert(at, new)
    elif how == "replace":
        found[at] = new
    elif how == "drop":
        del found[at]
    elif how == "double":
        found.insert(at, found[at])
    elif how == "swap":
        other = random.randrange(len(found))
        found[at], found[other] = found[other], found[at]
    elif how == "move":
        found.insert(random.randrange(len(found)), found.pop(at))
    else:
        del found[at:]


def dress(text: str, random: Random) -> str:
    """A condition as somebody might type it who never leaves the Chinese keyboard."""
    words = []
    for word in text.split(" "):
        chance = random.random()
        if word.startswith("'") or word.endswith("'"):
            words.append(word.replace("'", random.choice("'＇‘’“”")) if word.count("'") == 2 else word)
        elif chance < 0.3:
            words.append(CHINESE.get(word, word))
        elif chance < 0.5:
            words.append(word.translate(FULL_WIDTH))
        elif chance < 0.6 and word.isupper():
            words.append(word.lower())
        else:
            words.append(word)
    return "".join(word + random.choice(SPACES) for word in words)
