"""The station's list of whom to tell in person, what did not arrive, and the proof on a person's file."""

from __future__ import annotations

from uuid import UUID

import pytest
from django.utils import timezone

from rongjun.access.api import acting_as_job
from rongjun.notices import api as notices
from rongjun.registry import api as registry
from tests.house.rooms import Message
from tests.house.scene import Scene, visitor

pytestmark = pytest.mark.django_db
VALUES = {"title": "悬挂光荣牌", "how": "电话里说的"}


def to_tell(scene: Scene, *, reads: tuple[str, ...] = ()) -> UUID:
    """A message that no channel brings."""
    now = timezone.localtime()
    with acting_as_job("test.tell"):
        head = registry.head_of(scene.person, known_at=now)
        assert head
        notices.tell(
            "offer-declined", person=head.id, division=head.division, about="offer:1", values=VALUES, now=now,
            reads=reads,
        )  # fmt: skip
        Message.objects.update(state="by-hand", words="no-way")
        return notices.messages_of([head.id])[0].id


def page(who: str, url: str) -> str:
    response = visitor(who).get(url)
    assert response.status_code == 200
    return response.content.decode()


def test_the_list_says_whom_to_tell_what_and_why(scene: Scene) -> None:
    assert "没有要当面说的" in page("clerk", "/desk/messages/")
    to_tell(scene)
    listed = page("clerk", "/desk/messages/")
    for part in ("记下了您不要", "电话里说的", "没有电话，也没有绑公众号"):
        assert part in listed
    assert "记下了您不要" not in page("neighbour", "/desk/messages/")


def test_told_in_person_it_leaves_the_list_and_stands_on_the_file(scene: Scene) -> None:
    message = to_tell(scene)
    client = visitor("clerk")
    assert client.post(f"/desk/messages/{message}/told/", {"how": "visit"}).status_code == 302
    assert client.post(f"/desk/messages/{message}/told/", {"how": "visit"}).status_code == 422
    assert "没有要当面说的" in page("clerk", "/desk/messages/")
    assert "已当面告知" in page("clerk", f"/desk/people/{scene.person}/messages/")


def test_who_could_not_be_told_is_listed_with_the_reason(scene: Scene) -> None:
    message = to_tell(scene)
    client = visitor("clerk")
    assert client.post(f"/desk/messages/{message}/told/", {"verdict": "failed"}).status_code == 422
    said = {"verdict": "failed", "reason": "三次上门没人"}
    assert client.post(f"/desk/messages/{message}/told/", said).status_code == 302
    assert "三次上门没人" in page("clerk", "/desk/messages/not-told/")


def test_nobody_next_door_tells_it(scene: Scene) -> None:
    message = to_tell(scene)
    assert visitor("neighbour").post(f"/desk/messages/{message}/told/", {"how": "visit"}).status_code == 404


def test_what_rests_on_guarded_facts_is_not_shown_to_a_clerk(scene: Scene) -> None:
    to_tell(scene, reads=(min(registry.GUARDED),))
    assert "记下了您不要" not in page("clerk", "/desk/messages/")
    assert "记下了您不要" not in page("clerk", f"/desk/people/{scene.person}/messages/")
    assert "记下了您不要" in page("district", "/desk/messages/")


def test_a_clerk_notes_how_the_person_wants_to_be_told(scene: Scene) -> None:
    url = f"/desk/people/{scene.person}/messages/"
    assert "本人没有选过" in page("clerk", url)
    assert visitor("clerk").post(f"{url}how/", {"wants": "sms"}).status_code == 302
    shown = page("clerk", url)
    assert "本人没有选过" not in shown
    with acting_as_job("test.look"):
        assert notices.ways_of(scene.person, now=timezone.localtime()).wants == ("sms",)
