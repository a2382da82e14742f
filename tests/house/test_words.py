"""Chinese complete, English complete: no sentence without its English, none that cannot be translated."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from tests.house.addresses import addresses
from tests.house.scene import STRANGER, Scene, visitor
from tests.house.test_addresses import rows, url_of
from tests.house.tree import ROOT, code_files, project_files
from tools import words

HAN = re.compile(r"[\u3400-\u9fff]")
SIGNS = re.compile(r"[\u3001-\u301f\uff01-\uff65]")  # Chinese stops and brackets
PLACEHOLDER = re.compile(r"%\(\w+\)s|%%|\{\w*\}")
MARKUP = re.compile(r"<[^>]+>")
TRANSLATED = re.compile(
    r"{%\s*blocktranslate.*?{%\s*endblocktranslate\s*%}|{%\s*translate .*?%}|_\(\"[^\"]*\"\)"
    r"|{%\s*comment.*?{%\s*endcomment\s*%}|{#.*?#}|cut:\"[^\"]*\"|listed:\"[^\"]*\"",
    re.DOTALL,
)
# What is not for a reader in another language.
CHINESE_FILES = {
    "src/rongjun/ui/sheet.py": "a sheet for engineers",
    "src/rongjun/desk/operator_statements.py": "papers leave in Chinese, whoever takes them",
    "src/rongjun/ui/templates/ui/components.html": "a sheet for engineers",
}
# What is written down in Chinese stays as it was written.
WRITTEN_DOWN = {"answer", "purpose", "source"}
NAMES_A_FILE = re.compile(r"\.(xlsx|json)$")


def page_code() -> list[Path]:
    """The Python files in which pages are put together."""
    return [
        path
        for path in code_files(tests=False)
        if (path.parts[2] in {"desk", "citizen", "insight", "ui"} or "http" in path.as_posix())
        and path.as_posix() not in CHINESE_FILES
    ]


def untranslated(source: str, *, known: set[str]) -> list[str]:
    """Chinese in a file of page code that no reader gets in another language."""
    tree = ast.parse(source)
    skipped = {id(part) for node in ast.walk(tree) for part in _not_shown(node)}
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in skipped:
            text = node.value
            if HAN.search(text) and text not in known and not NAMES_A_FILE.search(text):
                found.append(f"{node.lineno}: {text}")
    return found


def _not_shown(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Expr):
        yield node.value  # a docstring
    if isinstance(node, ast.keyword) and node.arg in WRITTEN_DOWN:
        yield from ast.walk(node.value)
    if isinstance(node, ast.JoinedStr) and NAMES_A_FILE.search(ast.unparse(node).strip("'\"")):
        yield from ast.walk(node)


@pytest.fixture(scope="module")
def english() -> dict[str, str]:
    """The catalogue: Chinese to English."""
    return {str(each.id): str(each.string) for each in words.read_catalogue(ROOT) if each.id}


def test_the_catalogue_is_that_of_the_sources() -> None:
    assert words.updated(ROOT) == (ROOT / words.CATALOGUE).read_bytes(), "make words"
    assert words.is_ready(ROOT), "make words"


def test_every_sentence_has_its_english(english: dict[str, str]) -> None:
    assert len(english) > 1000
    assert [chinese for chinese, text in english.items() if not text] == []
    assert [text for text in english.values() if HAN.search(MARKUP.sub("", _without_quotations(text)))] == []
    assert [each.id for each in words.read_catalogue(ROOT) if each.fuzzy] == []


def _without_quotations(text: str) -> str:
    # A heading of a Chinese workbook is named as it stands there.
    return re.sub(r"“[^”]*”", "", text)


def test_a_translation_keeps_the_values_and_the_markup(english: dict[str, str]) -> None:
    for pattern in (PLACEHOLDER, MARKUP):
        assert [
            chinese
            for chinese, text in english.items()
            if sorted(set(pattern.findall(chinese))) != sorted(set(pattern.findall(text)))
        ] == []


@pytest.mark.parametrize("path", page_code(), ids=str)
def test_no_page_has_a_sentence_written_into_its_code(path: Path, english: dict[str, str]) -> None:
    assert untranslated((ROOT / path).read_text("utf-8"), known=set(english)) == []


def test_a_sentence_written_into_code_is_caught() -> None:
    assert untranslated('x = {"label": "写死的"}', known=set()) == ["1: 写死的"]
    assert untranslated('x = f"共 {n} 人"', known=set()) == ["1: 共 ", "1:  人"]
    assert untranslated('"""说明"""\nnote(purpose="查看", x="姓名")', known={"姓名"}) == []


@pytest.mark.parametrize(
    "path", [path for path in project_files() if path.suffix == ".html" and path.parts[0] == "src"], ids=str
)
def test_no_template_has_a_word_outside_a_tag(path: Path) -> None:
    if path.as_posix() in CHINESE_FILES:
        return
    rest = TRANSLATED.sub("", (ROOT / path).read_text("utf-8"))
    assert HAN.findall(rest) + SIGNS.findall(rest) == []


# --- a walk in English --------------------------------------------------------------------------------------


class Reader(HTMLParser):
    """What a reader sees in Chinese on a page without its being marked, and every text as a whole."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.plain: list[str] = []
        self.whole: list[str] = []
        self.language = ""
        self._piece = ""
        self._open: list[tuple[str, bool]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        is_chinese = given.get("lang") == "zh-Hans"
        self._end_piece(goes_on=is_chinese and tag == "span")
        if tag == "html":
            self.language = given.get("lang") or ""
        if tag not in {"input", "link", "meta", "br", "hr", "img", "use", "path", "source", "wbr", "col"}:
            self._open.append((tag, is_chinese))

    def handle_endtag(self, tag: str) -> None:
        while self._open:
            opened, is_chinese = self._open.pop()
            self._end_piece(goes_on=is_chinese and opened == "span")
            if opened == tag:
                return

    def handle_data(self, data: str) -> None:
        self._piece += data
        if HAN.search(data):
            inside = {tag for tag, _ in self._open}
            # These take no markup inside: whatever Chinese they have is somebody's or a policy's own words.
            is_marked = any(here for _, here in self._open) or inside & {"title", "option", "textarea"}
            if not is_marked:
                self.plain.append(data.strip())

    def _end_piece(self, *, goes_on: bool) -> None:
        # A text is marked in pieces: only as a whole can it be one that the catalogue has.
        if not goes_on:
            self.whole.append(self._piece.strip())
            self._piece = ""


def faults_of(page: str, *, english: dict[str, str]) -> list[str]:
    """Chinese on an English page that is not marked, or that the catalogue could have said in English."""
    reader = Reader(page)
    assert reader.language == "en"
    return [
        *reader.plain,
        *(text for text in reader.whole if HAN.search(text) and english.get(text, text) != text),
    ]


@pytest.mark.django_db
@pytest.mark.parametrize("who", [STRANGER, "clerk", "city", "auditor"])
def test_an_english_page_says_in_english_what_can_be_said(
    scene: Scene, english: dict[str, str], who: str
) -> None:
    client = visitor(who)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    places = {address.name: url_of(address, scene) for address in addresses()}
    seen, faults = 0, []
    for method, name, answers in rows():
        if method == "GET" and answers[who] == "200":
            response = client.get(places[name])
            if response.headers["Content-Type"].startswith("text/html") and not response.streaming:
                seen += 1
                found = set(faults_of(response.content.decode(), english=english))
                faults += [f"{name}: {text}" for text in sorted(found)]
    assert seen >= 2
    assert not faults, "\n".join(faults)


def test_unmarked_chinese_is_caught_and_so_is_a_word_that_has_its_english() -> None:
    page = (
        '<html lang="en"><p>没译</p><p lang="zh-Hans">姓名</p>'
        '<b><span lang="zh-Hans">姓名</span> 1</b></html>'
    )
    assert faults_of(page, english={"姓名": "Name"}) == ["没译", "姓名"]


# --- choosing -----------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_reader_chooses_the_language_and_it_is_remembered() -> None:
    client = Client()
    shown = client.get("/accounts/login/")
    assert 'lang="zh-Hans"' in shown.content.decode()
    assert client.post("/language/", {"language": "en", "next": "/accounts/login/"}).status_code == 302
    shown = client.get("/accounts/login/")
    assert shown.headers["Content-Language"] == "en"
    assert "Use the account your office gave you." in shown.content.decode()
    client.post("/language/", {"language": "zh-hans"})
    assert client.get("/accounts/login/").headers["Content-Language"] == "zh-hans"


@pytest.mark.django_db
def test_what_the_browser_would_like_is_not_asked() -> None:
    shown = Client(headers={"accept-language": "en-GB,en"}).get("/accounts/login/")
    assert shown.headers["Content-Language"] == "zh-hans"


@pytest.mark.django_db
def test_a_language_there_is_not_changes_nothing() -> None:
    client = Client()
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "../../etc"
    assert client.get("/accounts/login/").headers["Content-Language"] == "zh-hans"
    response = client.post("/language/", {"language": "en", "next": "https://elsewhere.invalid/"})
    assert response.headers["Location"] == "/"
