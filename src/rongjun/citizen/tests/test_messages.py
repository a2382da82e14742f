"""消息: what one was told, read once, by whom it is for; and by which channels one is told."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from rongjun.access.api import acting_as, acting_as_job
from rongjun.citizen.tests.test_pages import said
from rongjun.notices import api as notices
from rongjun.registry import api as registry
from tests.house.citizens import file_of_citizen
from tests.house.rooms import WechatServer
from tests.house.scene import CITIZEN, Scene, actor_of, visitor

pytestmark = pytest.mark.django_db
VALUES = {"title": "悬挂光荣牌", "how": "电话里说的"}


def tell(about: str = "offer:1", *, reads: tuple[str, ...] = ()) -> UUID:
    person = file_of_citizen()
    with acting_as_job("test.tell"):
        head = registry.head_of(person, known_at=timezone.localtime())
        assert head
        notices.tell(
            "offer-declined",
            person=person,
            division=head.division,
            about=about,
            values=VALUES,
            now=timezone.localtime(),
            reads=reads,
        )
        return next(line.id for line in notices.messages_of([person]) if line.about == about)


def test_the_first_page_counts_what_is_new_until_it_is_read(scene: Scene) -> None:
    client = visitor(CITIZEN)
    assert "条新消息" not in said(client.get("/my/"))
    message = tell()
    assert "有 1 条新消息" in said(client.get("/my/"))
    listed = said(client.get("/my/messages/"))
    assert "“悬挂光荣牌”记下了您不要" in listed
    assert "未读" in listed
    assert "电话里说的" in said(client.get(f"/my/messages/{message}/"))
    assert "条新消息" not in said(client.get("/my/"))
    assert "未读" not in said(client.get("/my/messages/"))


def test_an_english_reader_reads_english(scene: Scene) -> None:
    client, message = visitor(CITIZEN), tell()
    client.post("/language/", {"language": "en"})
    assert "noted that you do not want it" in said(client.get(f"/my/messages/{message}/"))


def test_the_message_of_another_is_not_there(scene: Scene) -> None:
    with acting_as(actor_of("city")):
        head = registry.head_of(scene.person, known_at=timezone.localtime())
        assert head
        notices.tell(
            "offer-declined",
            person=head.id,
            division=head.division,
            about="x:1",
            values=VALUES,
            now=timezone.localtime(),
        )
        (line,) = notices.messages_of([head.id])
    client = visitor(CITIZEN)
    assert client.get(f"/my/messages/{line.id}/").status_code == 404
    assert "悬挂光荣牌" not in said(client.get("/my/messages/"))


def test_one_chooses_by_which_channels_one_is_told(scene: Scene) -> None:
    client = visitor(CITIZEN)
    assert client.post("/my/messages/how/", {"wants": "sms"}).status_code == 302
    page = said(client.get("/my/messages/how/"))
    assert "记下了" in page
    mine = file_of_citizen()
    with acting_as_job("test.look"):
        assert notices.ways_of(mine, now=timezone.localtime()).wants == ("sms",)
    assert client.post("/my/messages/how/", {"wants": "pigeon"}).status_code == 422
    assert client.post("/my/messages/how/", {"wants": ""}).status_code == 302
    with acting_as_job("test.look"):
        assert notices.ways_of(mine, now=timezone.localtime()).wants == ()


@pytest.fixture
def platform(settings: Settings) -> Iterator[WechatServer]:
    """The platform of the 公众号, simulated."""
    from threading import Thread

    with WechatServer(0, callback="http://localhost:1/", secret="s", token="t") as server:
        settings.NOTICE_GATEWAYS = {
            **settings.NOTICE_GATEWAYS,
            "wechat": {
                "url": server.url,
                "appid": "wx",
                "secret": "s",
                "token": "t",
                "template": "t",
                "simulated": True,
            },
        }
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_one_consents_to_the_public_account_and_takes_it_back(scene: Scene, platform: WechatServer) -> None:
    client = visitor(CITIZEN)
    assert "还没有绑定" in said(client.get("/my/messages/how/"))
    off = client.get("/my/messages/wechat/")["Location"]
    assert off.startswith(platform.url)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(off).query).items()}
    assert asked["redirect_uri"].endswith("/my/messages/wechat/back/")
    platform.codes["c"] = "invented-0001"
    assert client.get("/my/messages/wechat/back/", {"code": "c", "state": "another"}).status_code == 422
    client.get("/my/messages/wechat/")
    state = client.session["wechat_state"]
    assert client.get("/my/messages/wechat/back/", {"code": "c", "state": state}).status_code == 302
    assert "已经绑定" in said(client.get("/my/messages/how/"))
    client.post("/my/messages/wechat/end/")
    assert "还没有绑定" in said(client.get("/my/messages/how/"))


def test_the_copy_of_ones_file_holds_what_one_was_told(scene: Scene) -> None:
    tell()
    content = visitor(CITIZEN).post("/my/file/copy/", {"format": "json"}).content
    (kept,) = registry.read_copy(content).messages
    assert kept["title"] == "“悬挂光荣牌”记下了您不要"
