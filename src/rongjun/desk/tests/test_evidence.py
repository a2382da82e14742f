"""An auditor samples: from a figure to its rows, to one event and its place, to the chain in a file."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.urls import reverse

from rongjun.access.api import acting_as_job
from rongjun.audit import api as audit
from tests.house.scene import Scene, visitor

pytestmark = pytest.mark.django_db
OPENED = "registry.files-opened"


def text_of(url: str) -> str:
    response = visitor("auditor").get(url)
    assert response.status_code == 200
    return response.content.decode()


def test_a_figure_opens_into_as_many_rows(scene: Scene) -> None:
    page = text_of(reverse("desk:evidence"))
    row = re.search(rf'<tr>(?:(?!</tr>).)*\?event={re.escape(OPENED)}".*?</tr>', page, re.DOTALL)
    assert row
    count = int(re.findall(r'class="n[^"]*">\s*([\d,]+)', row[0])[0].replace(",", ""))
    rows = text_of(reverse("desk:evidence") + f"?event={OPENED}")
    assert f"共 {count} 条" in rows
    assert len(re.findall(r'href="/desk/evidence/\d+/"', rows)) == min(count, 100)


def test_an_event_that_is_not_sealed_yet_says_so(scene: Scene) -> None:
    url = reverse("desk:event", args=[scene.event])
    assert "还没封存" in text_of(url)
    assert visitor("auditor").get(reverse("desk:event", args=[scene.event + 10_000])).status_code == 404


def test_older_events_follow_and_nonsense_asks_for_nothing(scene: Scene) -> None:
    newest = text_of(reverse("desk:evidence"))
    below = text_of(reverse("desk:evidence") + f"?before={scene.event}")
    assert f"/desk/evidence/{scene.event}/" in newest
    assert f"/desk/evidence/{scene.event}/" not in below
    for nonsense in ("²", "-1", "x", "9" * 30):
        assert f"/desk/evidence/{scene.event}/" in text_of(reverse("desk:evidence") + f"?before={nonsense}")


def test_the_chain_taken_home_is_noted_and_checked_without_us(scene: Scene, tmp_path: Path) -> None:
    response = visitor("auditor").post(reverse("desk:chain"))
    assert response.status_code == 200
    file = tmp_path / "chain.jsonl"
    file.write_bytes(response.content)
    told = subprocess.run(
        [sys.executable, "-m", "rongjun.audit.verifier", str(file)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stdout + told.stderr
    with acting_as_job("test.look"):
        assert audit.events(audit.Filter(event="audit.chain-exported"))[0].purpose == "审计核对"
