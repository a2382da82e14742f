"""Before anybody was judged: the screen says so, and shows what waits."""

from __future__ import annotations

import pytest

from tests.house.scene import visitor

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("scene")]


def test_before_the_first_sweep_the_screen_says_so_and_still_shows_the_work() -> None:
    client = visitor("leader")
    page = client.get("/insight/").content.decode()
    assert "还没有全体判定" in page
    assert "等着办的" in page
    assert client.get("/insight/people/everybody/all/").status_code == 404
    assert client.get("/insight/screen.pdf").status_code == 200
    assert client.get("/insight/screen.xlsx").status_code == 200
