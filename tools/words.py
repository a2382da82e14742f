"""The catalogue of what people read: Chinese is written in the sources, English in one file, `django.po`.

`python -m tools.words` brings the catalogue up to date with the sources and builds it; `make words` calls it.
`tools/bootstrap.py` builds what is loaded at run time (`django.mo`) as it builds the pages.
"""

from __future__ import annotations

import ast
import hashlib
import io
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tools.steps import run, say

if TYPE_CHECKING:
    from babel.messages import Catalog

ROOT = Path(__file__).resolve().parent.parent
CATALOGUE = Path("src/rongjun/locale/en/LC_MESSAGES/django.po")
# A sheet for engineers, which no address shows.
_SAMPLES = "ui/components.html"
_STAMP = ".uv/words"
_HAN = re.compile(r"[\u3400-\u9fff]")
# What marks a text: being given first to one of these, or to one of those that take words among other things,
# standing in a table of the type `Words`, or being a purpose.
_FIRST = {"_", "gettext", "gettext_lazy", "translatable", "worded"}
_AMONG = {"translatable", "Category", "Moment", "Objection", "Reason", "Sharing", "Unfit", "_role"}
_IN_TEMPLATES = re.compile(r"""_\(\s*(?:"([^"]*)"|'([^']*)')\s*\)""")


@dataclass(frozen=True, slots=True)
class Message:
    """One text of the sources, and the file it stands in."""

    text: str
    file: str


def is_ready(root: Path) -> bool:
    """Whether the built catalogue is that of the sources."""
    built = (root / CATALOGUE).with_suffix(".mo")
    return built.exists() and _read(root / _STAMP) == _digest(root)


def ensure(root: Path, env: Mapping[str, str]) -> None:
    """Build the catalogue with the Python in .venv. Raises SetupError."""
    say("生成英文词句", "building the English words")
    what = ("生成英文词句", "building the English words")
    run([root / ".venv/bin/python", "-E", "-m", "tools.words", "--build"], what=what, cwd=root, env=env)


def build(root: Path) -> None:
    """Write `django.mo` beside the catalogue; a doubtful (fuzzy) entry stays out."""
    from babel.messages import mofile

    written = io.BytesIO()
    mofile.write_mo(written, read_catalogue(root))
    (root / CATALOGUE).with_suffix(".mo").write_bytes(written.getvalue())
    stamp = root / _STAMP
    stamp.parent.mkdir(exist_ok=True)
    stamp.write_text(_digest(root), "utf-8")


def read_catalogue(root: Path) -> Catalog:
    """The catalogue as it is written."""
    from babel.messages import pofile

    with (root / CATALOGUE).open("rb") as file:
        return pofile.read_po(file, locale="en")


def updated(root: Path) -> bytes:
    """The catalogue as it should be written: every message of the sources in their order, none besides."""
    from babel.messages import Catalog, pofile

    old, new = read_catalogue(root), Catalog(locale="en")
    for message in messages(root):
        known = old.get(message.text)
        there = new.get(message.text)
        files = [name for name, _ in there.locations] if there else []
        translation = known.string if known else ""
        if message.file not in files:
            new.add(message.text, translation, locations=[(message.file, 0)], flags=_flags(message))
    written = io.BytesIO()
    pofile.write_po(written, new, width=0, omit_header=True, include_lineno=False)
    return _HEADER.encode() + written.getvalue()


_HEADER = """\
# What people read, in English. The Chinese stands in the sources: `make words` brings this file up to date.
msgid ""
msgstr ""
"Language: en\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

"""


def _flags(message: Message) -> set[str]:
    """Which signs stand for values: `%(name)s` of Django or `{name}` of a refusal."""
    if re.search(r"%\(\w+\)s", message.text):
        return {"python-format"}
    return {"python-brace-format"} if re.search(r"\{\w+\}", message.text) else set()


# --- finding ------------------------------------------------------------------------------------------------


def messages(root: Path) -> Iterator[Message]:
    """Every text that is translated: of code, of templates, of refusals."""
    package = root / "src/rongjun"
    for path in sorted(package.rglob("*")):
        name = path.relative_to(root).as_posix()
        if "tests" in path.parts or "migrations" in path.parts:
            continue
        if path.suffix == ".py":
            yield from (Message(text, name) for text in in_python(path.read_text("utf-8")))
        elif path.suffix == ".html" and not name.endswith(_SAMPLES):
            yield from (Message(text, name) for text in in_template(path.read_text("utf-8")))
    yield from (Message(text, "contracts/errors.yaml") for text in _in_refusals(root))


def in_python(source: str) -> Iterator[str]:
    """The messages of a Python file, in the order in which they stand."""
    found: dict[tuple[int, int], str] = {}
    for node in ast.walk(ast.parse(source)):
        for text in _marked(node):
            if isinstance(text, ast.Constant) and isinstance(text.value, str) and text.value:
                found[text.lineno, text.col_offset] = text.value
    yield from (found[place] for place in sorted(found) if not found[place].isascii() or "{" in found[place])


def _marked(node: ast.AST) -> Iterator[ast.AST]:
    """The texts this piece of syntax marks."""
    if isinstance(node, ast.AnnAssign) and node.value and "Words[" in ast.unparse(node.annotation):
        yield from _texts(node.value)
    if isinstance(node, ast.keyword) and node.arg == "purpose":
        yield node.value
    if isinstance(node, ast.Call):
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if name in _FIRST:
            yield from node.args[:1]
        if name in _AMONG:
            yield from (text for each in node.args for text in _texts(each))


def _texts(node: ast.AST) -> Iterator[ast.AST]:
    """All of it but what is put together: the pieces of a sentence are none."""
    if not isinstance(node, ast.JoinedStr):
        yield node
        for inner in ast.iter_child_nodes(node):
            yield from _texts(inner)


def in_template(source: str) -> Iterator[str]:
    """The messages of a template: `{% translate %}`, `{% blocktranslate %}` and `_("…")` in a tag."""
    from django.template.base import Lexer, TokenType

    tokens = iter(Lexer(source).tokenize())
    for token in tokens:
        if token.token_type not in {TokenType.BLOCK, TokenType.VAR}:
            continue
        words = token.split_contents()
        if words[0] == "translate":
            yield words[1][1:-1].replace("%", "%%")  # as Django looks it up
        elif words[0] == "blocktranslate":
            block = []
            for each in tokens:
                if each.contents.startswith("endblocktranslate"):
                    break
                assert each.token_type != TokenType.BLOCK, f"a block inside a sentence: {each.contents}"
                is_value = each.token_type == TokenType.VAR
                block.append(f"%({each.contents})s" if is_value else each.contents.replace("%", "%%"))
            yield "".join(block)
        else:
            yield from (
                (one or other).replace("%", "%%") for one, other in _IN_TEMPLATES.findall(token.contents)
            )


def _in_refusals(root: Path) -> Iterator[str]:
    import yaml

    refusals = yaml.safe_load((root / "contracts/errors.yaml").read_text("utf-8"))
    for parts in refusals.values():
        yield from (parts[part] for part in ("what", "why", "todo", "who"))


def _digest(root: Path) -> str:
    return hashlib.sha256((root / CATALOGUE).read_bytes()).hexdigest()


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except OSError:
        return ""


def main(arguments: list[str]) -> int:
    """Bring the catalogue up to date (unless `--build`), build it, say what still lacks its English."""
    if arguments != ["--build"]:
        (ROOT / CATALOGUE).write_bytes(updated(ROOT))
    build(ROOT)
    missing = [message.id for message in read_catalogue(ROOT) if message.id and not message.string]
    for text in missing:
        print(text)
    print(f"缺英文 {len(missing)} 条 · {len(missing)} without English: {CATALOGUE}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
