"""Nobody in this project exists, and nothing people open comes from anywhere but here."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rongjun.kernel.identifiers import BankCard, IdentityNumber, Phone
from tests import strategies
from tests.house.numbers import could_be_somebodys, hosts_in, identity_check_sign, luhn_holds
from tests.house.tree import code_files, is_test, project_files, text_of

# Files that may hold such a number, each with its reason. None does.
EXCUSED: dict[str, str] = {}
OUR_HOSTS = {"localhost", "127.0.0.1"}
# Of SVG, of schemas and of FHIR codes: nobody goes there.
NAMES_NOT_PLACES = {"www.w3.org", "json-schema.org", "terminology.hl7.org"}
STATION = 990001901000


@pytest.mark.parametrize("path", [path for path in project_files() if str(path) not in EXCUSED], ids=str)
def test_no_number_in_a_file_could_be_somebodys(path: Path) -> None:
    assert list(could_be_somebodys(text_of(path))) == []


def test_every_excused_file_still_needs_its_excuse() -> None:
    assert [name for name in EXCUSED if not list(could_be_somebodys(text_of(Path(name))))] == []


def test_what_the_browser_and_the_server_open_is_ours() -> None:
    opened = [path for path in project_files() if _is_opened(path)]
    assert len(opened) > 100
    foreign = {str(path): hosts_in(text_of(path)) - OUR_HOSTS - NAMES_NOT_PLACES for path in opened}
    assert {path: hosts for path, hosts in foreign.items() if hosts} == {}


digits = st.integers(0, 10**9 - 1).map(lambda number: f"{number:09d}")


@given(first=st.sampled_from("12345678"), a=digits, b=digits)
def test_an_identity_number_that_could_be_real_is_caught(first: str, a: str, b: str) -> None:
    front = (first + a + b)[:17]
    number = front + identity_check_sign(front)
    assert any("identity" in said for said in could_be_somebodys(f"证件号码：{number}，"))
    assert any("identity" in said for said in could_be_somebodys(f'"{number.lower()}"'))


@given(second=st.sampled_from("3456789"), rest=digits)
def test_a_phone_number_that_could_be_real_is_caught(second: str, rest: str) -> None:
    number = "1" + second + rest
    spaced = f"{number[:3]} {number[3:7]} {number[7:]}"
    for text in (number, f"+86{number}", f"({number})", spaced, spaced.replace(" ", "-")):
        assert any("phone" in said for said in could_be_somebodys(text))


@given(front=st.sampled_from(["62", "4", "5"]), rest=digits, more=digits)
def test_a_bank_card_that_could_be_real_is_caught(front: str, rest: str, more: str) -> None:
    number = next(n for last in "0123456789" if luhn_holds(n := (front + rest + more)[:15] + last))
    spaced = " ".join(number[place : place + 4] for place in range(0, 16, 4))
    assert any("card" in said for said in could_be_somebodys(number))
    assert any("card" in said for said in could_be_somebodys(spaced))


@pytest.mark.parametrize("scheme", ["https", "http", "wss"])
def test_a_foreign_host_is_caught(scheme: str) -> None:
    assert hosts_in(f'<script src="{scheme}://cdn.example.net/x.js">') == {"cdn.example.net"}


@example(
    IdentityNumber.invented(born=date(1962, 9, 21), sequence=604, address="991018"),
    "10000000000",
    "9999990000000006",
)
@settings(max_examples=50)
@given(strategies.identity_numbers, strategies.phones, strategies.bank_cards)
def test_the_shared_generators_make_nobody_who_could_exist(
    identity: IdentityNumber, phone: str, card: str
) -> None:
    assert identity.is_synthetic
    assert Phone.from_text(phone).is_synthetic
    assert BankCard.from_text(card).is_synthetic
    assert list(could_be_somebodys(f"{identity.number}\n{phone}\n{card}")) == []


@settings(max_examples=50)
@given(strategies.roster_rows(station=STATION))
def test_an_invented_row_is_free_of_real_numbers(row: dict[str, str]) -> None:
    assert list(could_be_somebodys("\n".join(row.values()))) == []


def _is_opened(path: Path) -> bool:
    web = path.parts[0] == "web" and path.suffix in {".ts", ".css", ".html", ".json"}
    pages = path.suffix in {".html", ".txt"} and path.parts[0] == "src"
    return not is_test(path) and path.name != "package-lock.json" and (web or pages or path in _CODE)


_CODE = frozenset(code_files(tests=False))
