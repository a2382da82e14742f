"""Evidence documents at the counter: taken in, scanned, opened against a purpose, by whom it concerns."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from rongjun.access.api import acting_as
from rongjun.audit import api as audit
from rongjun.files import api as files
from tests.cluster import as_owner
from tests.house.papers import EICAR_JPEG, PNG, SCRIPTED_PDF, now, scan_now, scanner
from tests.house.scene import Scene, actor_of, hire, visitor

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("scene")]


@pytest.fixture(autouse=True)
def shelves(settings: Any, tmp_path: Path) -> None:
    settings.FILES_ROOT = tmp_path / "files"


@pytest.fixture(scope="module")
def scanning() -> Iterator[str]:
    """The simulator, at this address."""
    with scanner() as address:
        yield address


@pytest.fixture
def scan(scanning: str, settings: Any) -> Any:
    """Runs the job that scans, as the worker does."""
    settings.SCANNER = scanning
    return scan_now


def hand_in(scene: Scene, content: bytes = PNG, *, name: str = "户口簿.png", by: str = "clerk") -> Any:
    given = {"file": SimpleUploadedFile(name, content), "kind": "household"}
    return visitor(by).post(f"/desk/people/{scene.person}/papers/", given)


def on_file(scene: Scene) -> UUID:
    with acting_as(actor_of("clerk")):
        (line,) = files.uploads_about([f"person:{scene.person}"], now=now())
    return line.id


def seen(response: Any) -> str:
    return html.unescape(re.sub(r"<[^>]+>", " ", response.content.decode()))


def opened(upload: UUID, *, by: str = "clerk", purpose: str = "核对证件") -> Any:
    return visitor(by).post(f"/desk/papers/{upload}/content/", {"purpose": purpose})


def test_a_paper_handed_in_on_a_persons_page_is_scanned_and_opened_there(scene: Scene, scan: Any) -> None:
    answer = hand_in(scene)
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/desk/people/{scene.person}/#papers")
    page = visitor("clerk").get(f"/desk/people/{scene.person}/")
    assert "待查毒" in seen(page)
    upload = on_file(scene)
    assert opened(upload).status_code == 422
    scan()
    assert "可以打开" in seen(visitor("clerk").get(f"/desk/people/{scene.person}/"))
    answer = opened(upload)
    assert answer.content == PNG
    told = {
        "Content-Type": "image/png",
        "Content-Disposition": "attachment; filename*=UTF-8''%E6%88%B7%E5%8F%A3%E7%B0%BF.png",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox; default-src 'none'",
    }
    assert {name: answer[name] for name in told} == told
    assert "no-store" in answer["Cache-Control"]


def test_opening_is_logged_with_its_purpose_for_the_person_to_see(scene: Scene, scan: Any) -> None:
    hand_in(scene)
    scan()
    assert opened(on_file(scene), purpose="").status_code == 422
    opened(on_file(scene), purpose="复核认定")
    with as_owner():
        read = [e for e in audit.events(audit.Filter(), limit=50) if e.event == "files.upload-read"]
    assert [(e.actor, e.purpose, f"person:{scene.person}" in e.about) for e in read] == [
        ("staff:clerk", "复核认定", True)
    ]


def test_another_district_neither_sees_nor_opens_nor_changes_it(scene: Scene, scan: Any) -> None:
    hand_in(scene)
    scan()
    upload = on_file(scene)
    stranger = visitor("neighbour")
    assert stranger.get(f"/desk/papers/{upload}/").status_code == 404
    assert opened(upload, by="neighbour").status_code == 404
    discard = visitor("neighbour").post(f"/desk/papers/{upload}/discard/", {"reason": "重复上传"})
    assert discard.status_code == 404
    assert hand_in(scene, by="neighbour").status_code == 404
    assert opened(upload, by="district").status_code == 200


def test_a_paper_taken_in_first_is_put_on_file_later(scene: Scene, scan: Any) -> None:
    clerk = visitor("clerk")
    given = {"file": SimpleUploadedFile("证.png", PNG), "kind": "other"}
    place = clerk.post("/desk/papers/add/", given).headers["Location"]
    scan()
    assert "证.png" in seen(clerk.get("/desk/papers/"))
    assert "归到谁的档案" in seen(clerk.get(place))
    name = re.findall(r"测试\S+", seen(clerk.get(f"/desk/people/{scene.person}/")))[0]
    found = clerk.get(place, {"q": name}).content.decode()
    assert f'name="person" value="{scene.person}"' in found
    assert clerk.post(f"{place}link/", {"person": "nobody"}).status_code == 422
    assert clerk.post(f"{place}link/", {"person": str(scene.person)}).status_code == 302
    assert "证.png" not in seen(clerk.get("/desk/papers/"))
    assert "证.png" in seen(clerk.get(f"/desk/people/{scene.person}/"))


def test_a_virus_is_on_the_work_list_until_it_is_discarded_and_opens_for_nobody(
    scene: Scene, scan: Any
) -> None:
    hand_in(scene, EICAR_JPEG, name="照片.jpg")
    scan()
    upload = on_file(scene)
    assert "已隔离" in seen(visitor("clerk").get("/desk/papers/"))
    assert opened(upload).status_code == 422
    assert opened(upload, by="city").status_code == 422
    clerk = visitor("clerk")
    assert "Eicar" in seen(clerk.get(f"/desk/papers/{upload}/"))
    assert clerk.post(f"/desk/papers/{upload}/discard/", {"reason": "带"}).status_code == 422
    assert clerk.post(f"/desk/papers/{upload}/discard/", {"reason": "带病毒，请重拍"}).status_code == 302
    assert "照片.jpg" not in seen(clerk.get("/desk/papers/"))


def test_a_bad_file_is_told_what_is_wrong_and_counted(scene: Scene) -> None:
    answer = hand_in(scene, SCRIPTED_PDF, name="表.pdf")
    assert answer.status_code == 422
    assert "脚本" in seen(answer)
    today = now().date()
    with acting_as(actor_of("clerk")):
        (day,) = files.balance(since=today, until=today)
    assert (day.refused, day.gap) == (1, 0)


def test_whoever_may_not_read_papers_sees_none_on_the_page(scene: Scene) -> None:
    hire("lawyer", name="测试法规", role="policy-officer", division=actor_of("city").division)
    lawyer = visitor("lawyer")
    assert 'id="papers"' not in lawyer.get(f"/desk/people/{scene.person}/").content.decode()
    assert lawyer.get("/desk/papers/").status_code == 403
