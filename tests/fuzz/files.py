"""A small book of real files, and the many ways to spoil one of them."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tests.fuzz.texts import NASTY, change

CITY = "qingdao"
ALWAYS = [
    "national/guard.yaml",
    "national/benefits/transport/half-fare-disabled.yaml",
    "provinces/shandong/province.yaml",
    "cities/qingdao/city.yaml",
    "cities/qingdao/venues.yaml",
    "cities/qingdao/benefits/transport/city-transit-pref-card.yaml",
    "cities/qingdao/benefits/medical/rongjunbao.yaml",
    "cities/qingdao/benefits/transport/free-qingdao-huangdao-fast-ferry.yaml",
    "cities/qingdao/fares/ferry.yaml",
]
DIVISION = "divisions:\n  - {name: huangdao, title: 黄岛区, level: county, code: 370211000000}\n"

VALUES = [
    *[
        "1.5",
        ".5",
        "5.",
        "1e3",
        "-1.0",
        ".inf",
        "-.inf",
        ".nan",
        "1_000",
        "0x1F",
        "0777",
        "0o17",
        "12:30",
        "1,5",
    ],
    *["0", "-1", "1", "101", "999999999999", "370200000000", "9" * 18, "9" * 19, "9" * 400, "+5", "-0", "00"],
    *[
        "true",
        "false",
        "null",
        "True",
        "NULL",
        "yes",
        "no",
        "on",
        "~",
        "",
        "''",
        '""',
        "' '",
        "'?'",
        "'*'",
        "'{}'",
    ],
    *["2024-10-01", "'2024-10-01'", "2024-13-01", "2024-2-3", "0001-01-01", "1850-01-01", "9999-12-31"],
    *["2024-10-01 10:00:00", "2024-10-01T10:00:00Z", "0000-00-00"],
    *[
        "[]",
        "{}",
        "[1]",
        "[a, a]",
        "{a: 1}",
        "[[a]]",
        "[{a: 1}]",
        "{a: 1, a: 2}",
        "[1.5]",
        "[null]",
        "[a, 2.0]",
    ],
    *["&x 1", "*x", "!!str 1", "!!int '1'", "!!float 1", "!!python/object:os.system x", "!x y", "&x {a: *x}"],
    *[
        "|\n      a",
        ">\n      a",
        "'a\n\n  b'",
        "a: b",
        "a #b",
        "@a",
        "`a",
        "%a",
        "- a",
        "? a",
        "a\tb",
        "\ta",
    ],
    *[
        '"\\0"',
        '"\\x07"',
        '"\\u200b"',
        '"\\ufeff"',
        '"\\ud800"',
        '"\\U0001F600"',
        '"\\q"',
        '"a\\nb"',
        "'\u202e'",
    ],
    *[
        "甲",
        "，",
        "：",
        "“a”",
        "１.５",
        "１２",
        "٣",
        "{}",
        "'{'",
        "'{x}'",
        "'{} {}'",
        "'{0}'",
        "'户籍在{}{}'",
    ],
    *[
        "/etc",
        "../..",
        "..",
        "'a\\0b'",
        '"a\\0b"',
        "'/etc/passwd'",
        "shandong/",
        "qing dao",
        "transport",
        "a.b",
    ],
    *["[" * 11 + "]" * 11, "[" * 40 + "]" * 40, "{a: " * 13 + "1" + "}" * 13, "x" * 3000],
]
KEYS = [
    "x",
    "From",
    "from ",
    "since",
    "title",
    "code",
    "<<",
    "'1.5'",
    "null",
    "true",
    "",
    "''",
    "?",
    "年龄",
    "age",
]
WHENS = [
    *[
        "is_veteran AND",
        "is_veteran;",
        "age >= 6²",
        "is_veteran NOT IS NULL",
        "age IN (1, , 2)",
        "age BETWEEN 1 6",
    ],
    *[
        "1 = 1",
        "age >= 1.5",
        "(" * 400,
        "is_veteran OR " * 400,
        "pg_sleep(10)",
        "age >= 60 -- x",
        "is_veteran",
    ],
    *["household_city = this_city", "household_county = huangdao", "household_city = this_province", "'x"],
]


@dataclass(frozen=True)
class Spoiled:
    """One file of the small book with other content; `must_refuse` when nobody may accept it."""

    file: str
    raw: bytes
    must_refuse: bool


Change = Callable[[str, Random], str]


def small_book(policy: Path, extra: Iterable[str]) -> dict[str, str]:
    """The files by their path: two levels of benefits, places, a county, and only the facts they use."""
    files = {name: (policy / name).read_text("utf-8") for name in [*ALWAYS, *extra]}
    city = files["cities/qingdao/city.yaml"]
    files["cities/qingdao/city.yaml"] = re.sub(r"divisions: \[\]\n", DIVISION, city)
    files = {name: re.sub(r"(?m)^ *#.*\n", "", text) for name, text in files.items()}
    return {"facts.yaml": _facts_used((policy / "facts.yaml").read_text("utf-8"), files)} | files


def _facts_used(text: str, files: Mapping[str, str]) -> str:
    _, *blocks = re.split(r"(?m)^(?=  - name: )", text)
    by_name = {block.split("name: ")[1].split("\n")[0]: block for block in blocks}
    used: set[str] = {"household_city", "household_county", "age", "deceased_kind", "disability_grade"}
    text = "".join(files.values())
    while True:
        found = used | {name for name in by_name if re.search(rf"\b{name}\b", text)}
        if found == used:
            return "facts:\n" + "".join(by_name[name] for name in by_name if name in used)
        used = found
        text = "".join(by_name[name].split("\n", 1)[1] for name in used)


def spoil(files: Mapping[str, str], random: Random) -> Spoiled:
    """One file, spoiled in one of many ways."""
    file = random.choice(list(files))
    text = files[file]
    if random.random() < 0.15:
        return Spoiled(file, _bytes_changed(text.encode(), random), must_refuse=False)
    changes, must_refuse = random.choices(*zip(*KINDS, strict=True))[0]
    changed = changes(text, random)
    return Spoiled(file, changed.encode("utf-8", "surrogatepass"), must_refuse and changed != text)


# values and keys

_PAIR = re.compile(r"(?m)^( *(?:- )?)([a-z_]+):(?: (.*))?$")
_INLINE = re.compile(r"([{,] *)([a-z_]+): ([^,{}\[\]]+)(?=[,}])")


def _place(text: str, random: Random, *, inline: bool = True) -> re.Match[str]:
    return random.choice([*_PAIR.finditer(text), *(_INLINE.finditer(text) if inline else [])])


def _cut_in(text: str, start: int, end: int, new: str) -> str:
    return text[:start] + new + text[end:]


def _other_value(text: str, random: Random) -> str:
    found = _place(text, random)
    new = random.choice(VALUES)
    if found[3] is None:
        return _cut_in(text, found.end(), found.end(), f" {new}")
    return _cut_in(text, found.start(3), found.end(3), new)


def _value_of_another(text: str, random: Random) -> str:
    found, other = _place(text, random), _place(text, random)
    return _cut_in(text, found.start(2), found.end(), f"{found[2]}: {other[3] or ''}")


def _other_key(text: str, random: Random) -> str:
    found = _place(text, random)
    return _cut_in(text, found.start(2), found.end(2), random.choice([*KEYS, found[2][:-1], found[2] + "s"]))


def _condition(text: str, random: Random) -> str:
    found = [match for match in _PAIR.finditer(text) if match[2] in {"when", "derived_as"}]
    if not found:
        return _other_value(text, random)
    match = random.choice(found)
    written = list(match[3] or "")
    for _ in range(random.randint(1, 3)):
        change(written, random, random.choice(NASTY))
    new = random.choice(["".join(written), random.choice(WHENS)])
    return _cut_in(text, match.end(2), match.end(), f": {random.choice([new, repr(new), json_text(new)])}")


def json_text(text: str) -> str:
    """The text in double quotes."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


# what nobody may accept


def _float(text: str, random: Random) -> str:
    found = _place(text, random)
    new = random.choice(["1.5", "0.0", "-2.5", "1e3", ".5", "5.", ".inf", ".nan", "1_000.5"])
    start = found.start(3) if found[3] is not None else found.end()
    return _cut_in(text, start, found.end() if found[3] is None else found.end(3), f" {new}")


def _key_twice(text: str, random: Random) -> str:
    found = random.choice([match for match in _PAIR.finditer(text) if match[3]])
    indent = " " * len(found[1])
    return _cut_in(
        text, found.end(), found.end(), f"\n{indent}{found[2]}: {random.choice(['x', '1', found[3]])}"
    )


def _unknown_key(text: str, random: Random) -> str:
    # Under `values` a key is data; everywhere else keys are a closed list.
    closed = [match for match in _PAIR.finditer(text) if match[3] and match[1] != " " * 6]
    found = random.choice(closed)
    name = random.choice(
        ["unknown_key", "titel", "When", f"{found[2]}x", "'1'", "on", "<<", f"' {found[2]}'"]
    )
    return _cut_in(text, found.end(), found.end(), f"\n{' ' * len(found[1])}{name}: x")


def _anchor_or_tag(text: str, random: Random) -> str:
    found = random.choice([match for match in _PAIR.finditer(text) if match[3]])
    mark = random.choice(["&x ", "!!str ", "!!map ", "!x ", "*x #", "!<tag:yaml.org,2002:str> ", "&a !!str "])
    return _cut_in(text, found.start(3), found.start(3), mark)


def _second_document(text: str, random: Random) -> str:
    return text + random.choice(["---\na: 1\n", "...\n---\na: 1\n", "---\n"])


def _too_big(text: str, random: Random) -> str:
    return random.choice([text + "#" * 250_000, "# x\n" * 60_000 + text, text + "\n" * 250_000])


def _tab(text: str, random: Random) -> str:
    indented = [match.start() for match in re.finditer(r"(?m)^ +(?=[a-z])", text)]
    at = random.choice(indented or [0])
    return text[:at] + "\t" + text[at:].lstrip(" ") if indented else "\t" + text


# what may or may not be accepted


def _lines(text: str, random: Random) -> str:
    lines = text.split("\n")
    for _ in range(random.choice([1, 1, 2])):
        change(
            lines,
            random,
            random.choice(["", "# x", "---", "...", "%YAML 1.1", "- a", "x: 1", " ", "\t", "}"]),
        )
    return "\n".join(lines)


def _indent(text: str, random: Random) -> str:
    lines = text.split("\n")
    at = random.randrange(len(lines))
    lines[at] = random.choice([" " + lines[at], "  " + lines[at], lines[at][1:], lines[at].strip()])
    return "\n".join(lines)


def _line_ends(text: str, random: Random) -> str:
    return text.replace("\n", random.choice(["\r\n", "\r", "\x85", "\u2028", "\n\n", "\n\r", " \n"]))


def _front(text: str, random: Random) -> str:
    marks = ["\ufeff", "\ufeff\ufeff", "---\n", "%YAML 1.1\n---\n", "%TAG ! x:\n---\n", "\x00", "# \n", " "]
    return random.choice(marks) + text


def _full_width(text: str, random: Random) -> str:
    pairs = [(":", "："), (",", "，"), ("-", "－"), ("[", "［"), (" ", "　"), ("'", "’"), (" ", "\xa0")]
    old, new = random.choice(pairs)
    places = [match.start() for match in re.finditer(re.escape(old), text)] or [0]
    at = random.choice(places)
    return _cut_in(text, at, at + 1, new)


def _letters(text: str, random: Random) -> str:
    at = random.randrange(len(text))
    found = list(text[at : at + 40])
    change(found, random, random.choice([*NASTY, *":-[]{}&*!|>'\"#%@,? \n"]))
    return _cut_in(text, at, at + 40, "".join(found))


def _blocks(text: str, random: Random) -> str:
    """A list entry twice, gone, or elsewhere."""
    blocks = re.split(r"(?m)^(?= *- )", text)
    change(blocks, random, random.choice(blocks))
    return "".join(blocks)


def _bytes_changed(raw: bytes, random: Random) -> bytes:
    found = bytearray(raw)
    for _ in range(random.choice([1, 1, 3, 20])):
        at = random.randrange(len(found) or 1)
        if found and random.random() < 0.5:
            found[at] = random.randrange(256)
        else:
            found[at : at + random.choice([0, 1, 1, 9])] = random.randbytes(random.choice([0, 1, 2, 8]))
    cut = found[: random.randrange(len(found) or 1)]
    in_gbk, in_utf16 = (raw.decode().encode(name) for name in ("gb18030", "utf-16"))
    return bytes(random.choice([found, found, found, cut, cut, in_gbk, in_utf16, b""]))


KINDS: list[tuple[tuple[Change, bool], float]] = [
    ((_other_value, False), 20),
    ((_value_of_another, False), 8),
    ((_other_key, False), 8),
    ((_condition, False), 10),
    ((_float, True), 8),
    ((_key_twice, True), 6),
    ((_unknown_key, True), 8),
    ((_anchor_or_tag, True), 5),
    ((_second_document, True), 1),
    ((_too_big, True), 0.5),
    ((_tab, False), 2),
    ((_lines, False), 8),
    ((_indent, False), 4),
    ((_line_ends, False), 2),
    ((_front, False), 2),
    ((_full_width, False), 3),
    ((_letters, False), 8),
    ((_blocks, False), 4),
]
