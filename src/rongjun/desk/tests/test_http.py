"""The workbench's pages: who may, what they promise to show, what they leave out."""

from __future__ import annotations

import html
import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from rongjun.access.api import acting_as
from rongjun.benefits import api as benefits
from rongjun.rules.api import AREAS, Book, load_book, read_folder
from tests.house.scene import Scene, actor_of, hire, visitor

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("scene")]
BOOK = load_book(Path(settings.POLICY_ROOT), city=settings.CITY)
PENSION = "living.disability-pension"
ALONE = "eldercare.collective-support"
ON = date(2026, 11, 24)
ORDER = "局发〔示例〕1号"


def seen(response: Any) -> str:
    """What a person reads, without tags."""
    assert response.status_code == 200
    return html.unescape(re.sub(r"<[^>]+>", " ", response.content.decode()))


def rows_in(response: Any) -> list[str]:
    """The addresses of the benefits a list leads to, in its order."""
    return re.findall(r'<tr><td><a href="/desk/policy/([^/"]+)/"', response.content.decode())


def policy_officer() -> Client:
    """Somebody who may read everything and adopts books, and works with nobody."""
    hire("lawyer", name="测试法规", role="policy-officer", division=actor_of("city").division)
    return visitor("lawyer")


def file_of(scene: Scene, **asked: str) -> str:
    return f"/desk/people/{scene.person}/" + (f"?{urlencode(asked)}" if asked else "")


def counts_on(page: str) -> dict[str, int]:
    """The figures on the tabs of a file."""
    return {word: int(count) for word, count in re.findall(r"(不?能享受|差情况)  (\d+)", page)}


# --- who may ------------------------------------------------------------------------------------------------


def test_a_policy_officer_reads_the_book_and_its_reach_but_states_and_records_nothing(scene: Scene) -> None:
    client = policy_officer()
    for place in ("", "references/", "reach/", f"{PENSION}/"):
        assert client.get(f"/desk/policy/{place}").status_code == 200
    page = client.get(file_of(scene, show="unknown")).content.decode()
    assert "记下这次判定" not in page
    assert "记下这次判定" in visitor("clerk").get(file_of(scene)).content.decode()
    assert 'class="ask"' not in page
    for address in ("facts", "decisions"):
        assert client.post(f"{file_of(scene)}{address}/", {"is_unsupported": "true"}).status_code == 403


def test_recording_is_refused_outside_ones_own_scope(scene: Scene) -> None:
    response = visitor("neighbour").post(f"{file_of(scene)}decisions/")
    assert response.status_code == 422
    assert "怎么办" in response.content.decode()


# --- the list -----------------------------------------------------------------------------------------------


def test_the_list_holds_every_benefit_once_over_its_pages_and_no_other_citys() -> None:
    client, listed = visitor("clerk"), []
    for number in range(1, 20):
        found = rows_in(client.get("/desk/policy/", {"page": number}))
        if found and found[0] in listed:
            break
        listed += found
    assert sorted(listed) == sorted(BOOK.benefits)
    assert not set(listed) & set(BOOK.references)


def test_the_list_says_it_is_compiled_and_which_book_is_judged_by() -> None:
    page = seen(visitor("clerk").get("/desk/policy/"))
    assert f"这 {len(BOOK.benefits)} 项按公开文件整理，不是局方的" in page
    assert BOOK.digest[:12] in page
    assert "还没有正式启用" in page


def few_files() -> dict[str, bytes]:
    """The shipped policy with a single benefit, so that a book is built in no time."""
    return {
        name: raw
        for name, raw in read_folder(Path(settings.POLICY_ROOT)).items()
        if not any(part in name for part in ("/benefits/", "/fares/", "reference/"))
        or "collective-support" in name
    }


def put_in_force(files: dict[str, bytes]) -> Book:
    now = datetime(2026, 1, 2, 1, 30, tzinfo=UTC)
    return benefits.put_in_force(files, document=ORDER, by="operator:test", now=now)


def test_an_adopted_book_is_named_with_its_day_and_its_document() -> None:
    book = put_in_force(few_files())
    page = seen(visitor("clerk").get("/desk/policy/"))
    assert f"政策册 {book.digest[:12]}，2026-01-02 09:30 起在用，依据 {ORDER}" in page


@pytest.mark.parametrize("name", ["area", "level", "kind", "grade"])
def test_a_filter_lets_through_exactly_what_it_names(name: str) -> None:
    held = {"area": "area", "level": "level", "kind": "kind", "grade": "source_grade"}[name]
    value = getattr(BOOK.benefits[PENSION], held)
    wanted = {code for code, item in BOOK.benefits.items() if getattr(item, held) == value}
    found = rows_in(visitor("clerk").get("/desk/policy/", {name: value}))
    assert set(found) <= wanted
    assert len(found) == min(len(wanted), 50)


def test_those_for_a_class_of_people_and_those_confirmed_can_be_asked_for() -> None:
    client = visitor("clerk")
    found = rows_in(client.get("/desk/policy/", {"who": "R"}))
    assert sorted(found) == sorted(code for code, item in BOOK.benefits.items() if "R" in item.classes)
    assert "没有这样的优待" in seen(client.get("/desk/policy/", {"sure": "yes"}))


@pytest.mark.parametrize(
    "words",
    [
        "残疾抚恤金",
        PENSION,
        "ｌｉｖｉｎｇ．ｄｉｓａｂｉｌｉｔｙ－ｐｅｎｓｉｏｎ",
        BOOK.benefits[PENSION].source_id,
    ],
)
def test_a_benefit_is_found_by_title_code_and_number(words: str) -> None:
    assert PENSION in rows_in(visitor("clerk").get("/desk/policy/", {"q": words}))


def test_a_benefit_is_found_by_its_document_and_by_its_condition() -> None:
    client, version = visitor("clerk"), BOOK.benefits[ALONE].versions[-1]
    document = version.basis[0].document
    assert ALONE in rows_in(client.get("/desk/policy/", {"q": document, "area": "eldercare"}))
    assert rows_in(client.get("/desk/policy/", {"q": "持有优待证 免费", "area": "transport"}))


def test_the_areas_carry_their_counts_and_keep_the_other_filters() -> None:
    page = visitor("clerk").get("/desk/policy/", {"q": "优待证"}).content.decode()
    areas = dict(re.findall(r'<a href="\?q=[^"]*&amp;area=(\w+)">[^<]*<b>(\d+)</b>', page))
    assert areas
    assert set(areas) <= set(AREAS)
    total = int(re.findall(r"共 (\d+) 项", page)[0])
    assert sum(map(int, areas.values())) == total


@pytest.mark.parametrize(
    "asked", [{"page": "0"}, {"page": "-1"}, {"page": "９９"}, {"area": "nowhere"}, {"q": "%"}]
)
def test_an_address_nobody_would_type_is_still_a_page(asked: dict[str, str]) -> None:
    assert visitor("clerk").get("/desk/policy/", asked).status_code == 200


# --- one benefit --------------------------------------------------------------------------------------------


def test_a_benefit_shows_its_words_its_examples_and_whom_it_reaches() -> None:
    item = BOOK.benefits[ALONE]
    response = visitor("clerk").get(f"/desk/policy/{ALONE}/")
    page, version = seen(response), item.versions[-1]
    for words in (item.title, version.what, version.basis[0].document, "待局方确认", item.provider):
        assert words in page
    for example in version.examples:
        assert example.name in page
    for verdict in benefits.WORDS:
        assert f'href="/desk/policy/{ALONE}/{verdict}/"' in response.content.decode()


def test_the_only_way_out_of_the_house_is_a_public_page() -> None:
    code = next(code for code, item in BOOK.benefits.items() if item.public_links)
    page = visitor("clerk").get(f"/desk/policy/{code}/").content.decode()
    outside = {html.unescape(link) for link in re.findall(r'href="(https?:[^"]*)"', page)}
    assert outside == set(BOOK.benefits[code].public_links)


def test_older_wordings_are_folded_below_the_one_in_force() -> None:
    files = few_files()
    (name,) = (each for each in files if "collective-support" in each)
    head, newest = files[name].decode().split("versions:\n")
    older = newest.replace("from: 2024-10-01", "from: 2021-01-01").replace("date: 2025", "date: 2022")
    older = older.replace("announced: 2024-08-05", "announced: 2020-11-11").replace(
        "光荣院收治", "光荣院照顾"
    )
    put_in_force({**files, name: f"{head}versions:\n{older.rstrip()}\n{newest}".encode()})
    response = visitor("clerk").get(f"/desk/policy/{ALONE}/")
    shown, folded = response.content.decode().split("其他版本")
    assert "光荣院收治" in shown
    assert "光荣院照顾" not in shown
    assert "光荣院照顾" in folded.split("核对过的例子")[0]
    assert "2021-01-01 起" in folded


@pytest.mark.parametrize("code", ["living.nothing", min(BOOK.references)])
def test_what_is_not_in_our_book_has_no_page(code: str) -> None:
    assert visitor("clerk").get(f"/desk/policy/{code}/").status_code == 404


def test_each_figure_is_the_number_of_people_behind_it() -> None:
    client = visitor("clerk")
    page = seen(client.get(f"/desk/policy/{ALONE}/"))
    for verdict, word in benefits.WORDS.items():
        figure = re.search(rf"(?<!不){word}\s+(\d+)\s+人", page)
        assert figure
        assert f"共 {figure[1]} 人" in seen(client.get(f"/desk/policy/{ALONE}/{verdict}/"))


# --- elsewhere ----------------------------------------------------------------------------------------------


def test_what_other_cities_do_is_marked_and_stands_nowhere_else(scene: Scene) -> None:
    client = visitor("clerk")
    page = seen(client.get("/desk/policy/references/"))
    assert "其他城市的做法，仅供比较，不是本市承诺" in page
    titles = [item.title for item in BOOK.references.values()]
    assert all(title in page for title in titles)
    ours = {item.title for item in BOOK.benefits.values()}
    others = [title for title in titles if title not in ours]
    assert others
    for address in (file_of(scene, show="all"), "/desk/policy/reach/"):
        elsewhere = seen(client.get(address))
        assert [title for title in others if title in elsewhere] == []


# --- figures of the city ------------------------------------------------------------------------------------


def test_the_reach_of_every_benefit_adds_up_to_everybody_and_sorts() -> None:
    client = visitor("city")
    page = client.get("/desk/policy/reach/", {"sort": "unknown"}).content.decode()
    people = int(re.findall(r"对 (\d+) 人", page)[0])
    rows = re.findall(r"<tr><td>.*?</tr>", page)
    figures = [[int(n.replace(",", "")) for n in re.findall(r">([\d,]+)</a></td>", row)] for row in rows]
    assert len(rows) == len(BOOK.benefits)
    assert {sum(each) for each in figures} == {people}
    unknown = [each[1] for each in figures]
    assert unknown == sorted(unknown, reverse=True)


# --- a person's file ----------------------------------------------------------------------------------------


def test_a_file_opens_on_what_can_be_had_and_only_counts_the_rest(scene: Scene) -> None:
    response = visitor("clerk").get(file_of(scene, on=str(ON)))
    counts = counts_on(seen(response))
    cards = re.findall(r'class="rj-dec (\w+)"', response.content.decode())
    assert set(cards) == {"ok"}
    assert len(cards) == counts["能享受"]
    assert sum(counts.values()) == len(list(BOOK.in_force(on=ON)))


def test_every_tab_shows_as_many_as_it_says(scene: Scene) -> None:
    client = visitor("clerk")
    for verdict, (word, look) in {"unknown": ("差情况", "ask"), "not-granted": ("不能享受", "no")}.items():
        response = client.get(file_of(scene, show=verdict))
        cards = re.findall(r'class="rj-dec (\w+)"', response.content.decode())
        assert cards == [look] * counts_on(seen(response))[word]


def test_a_search_looks_everywhere_and_tells_why_not(scene: Scene) -> None:
    page = seen(visitor("clerk").get(file_of(scene, q="残疾抚恤金")))
    assert "残疾抚恤金" in page
    assert "卡在这一条" in page
    assert "全部" in page


def test_an_area_narrows_a_file(scene: Scene) -> None:
    response = visitor("clerk").get(file_of(scene, show="not-granted", area="legal"))
    headings = re.findall(r"<summary><h3>([^<]+)</h3>", response.content.decode())
    assert headings == [AREAS["legal"]]


def test_a_card_is_fetched_when_it_is_opened_and_is_a_page_without_script(scene: Scene) -> None:
    client = visitor("clerk")
    page = client.get(file_of(scene, show="not-granted")).content.decode()
    assert 'class="rj-why"' not in page
    (address, *_) = re.findall(r'hx-get="([^"]+)"', page)
    assert f'<a href="{address}">' in page
    whole, part = (
        client.get(html.unescape(address)),
        client.get(html.unescape(address), headers={"HX-Request": "true"}),
    )
    assert "<html" in whole.content.decode()
    assert "<html" not in part.content.decode()
    for answer in (whole, part):
        assert 'class="rj-why"' in answer.content.decode()
        assert "HX-Request" in answer.headers["Vary"]
    assert visitor("neighbour").get(html.unescape(address)).status_code == 404
    assert client.get(f"/desk/people/{scene.person}/benefits/no.such/").status_code == 404


def test_a_page_is_judged_by_one_book_asked_for_once(scene: Scene) -> None:
    client = visitor("clerk")
    client.get(file_of(scene))
    with CaptureQueriesContext(connection) as asked:
        client.get(file_of(scene))
    assert sum('from "benefits_edition"' in each["sql"].lower() for each in asked) == 1


def test_the_best_questions_come_first_and_an_answer_moves_the_counts(scene: Scene) -> None:
    client, address = visitor("clerk"), file_of(scene, show="unknown")
    page = client.get(address).content.decode()
    assert re.search(r"问这 \d 个，能定 \d+ 项", page)
    asks = page[page.index('class="rj-asks"') : page.index('class="rj-group"')]
    waiting = [int(count) for count in re.findall(r"(\d+) 项在等这个答案", asks)]
    assert waiting == sorted(waiting, reverse=True)
    name, value = re.findall(r'<button [^>]*name="(\w+)" value="(\w+)"', asks)[0]
    target = html.unescape(re.findall(r'action="([^"]+)"', asks)[0])
    before = counts_on(seen(client.get(address)))
    response = client.post(target, {name: value})
    assert response["Location"] == address
    after = seen(client.get(address))
    assert counts_on(after)["差情况"] < before["差情况"]
    assert "判定已经重算" in after


def test_recording_keeps_every_decision_and_says_so(scene: Scene) -> None:
    client = visitor("clerk")
    assert "还没有记下过" in seen(client.get(file_of(scene)))
    response = client.post(f"{file_of(scene)}decisions/", {"on": "2026-01-05"}, follow=True)
    page = seen(response)
    with acting_as(actor_of("clerk")):
        (kept,) = benefits.recordings([scene.person])
    figures = kept.granted, kept.unknown, kept.refused
    assert str(kept.on) == "2026-01-05"
    assert f"记下了 {sum(figures)} 项判定：按 2026-01-05 判定" in page
    (told,) = re.findall(r"能享受 (\d+)，差情况 (\d+)，不能享受 (\d+)", page)
    assert tuple(map(int, told)) == figures


def test_a_strange_address_of_a_file_is_still_the_file(scene: Scene) -> None:
    client = visitor("clerk")
    for asked in ({"show": "maybe"}, {"area": "x"}, {"on": "31-12-2020"}, {"on": "0001-01-01"}, {"q": "%00"}):
        assert client.get(file_of(scene), asked).status_code == 200


def test_no_page_grows_too_heavy(scene: Scene) -> None:
    client = visitor("clerk")
    pages = [
        file_of(scene),
        file_of(scene, show="unknown"),
        file_of(scene, show="not-granted"),
        "/desk/policy/",
    ]
    heavy = {page: len(client.get(page).content) for page in pages}
    assert {page: size for page, size in heavy.items() if size > 300_000} == {}
