"""What each page asks of the database, written down; a list never asks per row."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from rongjun.config import demo
from tests.house.scene import CITIZEN, Scene, bare_row, hand_in, visitor
from tests.house.tree import ROOT

WRITTEN = ROOT / "tests" / "house" / "query_counts.yaml"
# How a transaction opens and takes its scope differs between a test and the served application.
HOUSEKEEPING = re.compile(r"^(SAVEPOINT|RELEASE|ROLLBACK)|^\s*select (set_config\(|current_user)")


def questions(client: Client, url: str) -> list[str]:
    """The statements behind one page, transactions and scopes left out."""
    client.get(url)  # the first visit reads the policy book and the session's first things
    with CaptureQueriesContext(connection) as captured:
        response = client.get(url)
    assert response.status_code == 200
    return [query["sql"] for query in captured.captured_queries if not HOUSEKEEPING.search(query["sql"])]


def pages(scene: Scene) -> dict[str, str]:
    """The pages whose questions are counted."""
    return {
        "desk:today": reverse("desk:today"),
        "desk:person": reverse("desk:person", args=[scene.person]),
        "desk:person-benefit": reverse(
            "desk:person-benefit", args=[scene.person, "eldercare.collective-support"]
        ),
        "desk:contest": reverse("desk:contest", args=[scene.person, "is_veteran"]),
        "desk:papers": reverse("desk:papers"),
        "desk:changes": reverse("desk:changes", args=[scene.person]),
        "desk:proposals": reverse("desk:proposals"),
        "desk:rights": reverse("desk:rights", args=[scene.person]),
        "desk:who-read": reverse("desk:who-read", args=[scene.person]),
        "desk:rights-open": reverse("desk:rights-open"),
        "desk:exports": reverse("desk:exports"),
        "desk:policy": reverse("desk:policy"),
        "desk:policy-references": reverse("desk:policy-references"),
        "desk:policy-reach": reverse("desk:policy-reach"),
        "desk:policy-take-up": reverse("desk:policy-take-up"),
        "desk:policy-year": reverse("desk:policy-year"),
        "desk:unanswered": reverse("desk:unanswered"),
        "desk:not-entitled": reverse("desk:not-entitled"),
        "desk:cards": reverse("desk:cards"),
        "desk:card": reverse("desk:card", args=[scene.person, scene.card]),
        "desk:policy-benefit": reverse("desk:policy-benefit", args=["eldercare.collective-support"]),
        "insight:screen": reverse("insight:screen"),
        "insight:panel": reverse("insight:panel", args=["work"]),
        "insight:waiting": reverse("insight:waiting", args=["proposals"]),
        "desk:operator-statements": reverse("desk:operator-statements"),
        "insight:savings": reverse("insight:savings"),
        "insight:savings-rows": reverse("insight:savings-rows"),
        "desk:supervision": reverse("desk:supervision"),
        "desk:supervision-items": reverse("desk:supervision-items"),
        "desk:supervision-item": reverse("desk:supervision-item", args=["eldercare.collective-support"]),
        "desk:supervision-open": reverse("desk:supervision-open"),
        "desk:supervision-task": reverse("desk:supervision-task", args=[scene.task]),
        "places:divisions": reverse("places:divisions"),
        "places:division": reverse("places:division", args=[demo.counties()[0][0]]),
        "registry:people": reverse("registry:people"),
        "registry:imports": reverse("registry:imports"),
        "registry:duplicates": reverse("registry:duplicates"),
        "registry:duplicate": reverse("registry:duplicate", args=[scene.pair]),
        "registry:merge": reverse("registry:merge", args=[scene.merge]),
        "registry:report": reverse("registry:report", args=[scene.roster]),
        "registry:feeds": reverse("registry:feeds"),
        "partners:inbox": reverse("partners:inbox"),
        "uses:deliveries": reverse("uses:deliveries"),
        "uses:refused": reverse("uses:refused"),
        "uses:manual": reverse("uses:manual"),
        "uses:signals": reverse("uses:signals"),
        "allowances:awards": reverse("allowances:awards"),
        "allowances:person": reverse("allowances:person", args=[scene.person]),
        "allowances:runs": reverse("allowances:runs"),
        "allowances:calculator": reverse("allowances:calculator"),
        "allowances:rates": reverse("allowances:rates"),
        "allowances:rate-order": reverse("allowances:rate-order", args=["qingdao-2023-11"]),
        "allowances:simulations": reverse("allowances:simulations"),
        "allowances:takeovers": reverse("allowances:takeovers"),
        "allowances:recoveries": reverse("allowances:recoveries"),
        "ledger:payments": reverse("ledger:payments"),
        "ledger:payment-failures": reverse("ledger:payment-failures"),
        "partners:outbox": reverse("partners:outbox"),
        "partners:reconciliation": reverse("partners:reconciliation"),
        "ledger:accounts": reverse("ledger:accounts"),
        "ledger:account": reverse("ledger:account", args=[scene.ledger_account]),
        "ledger:transfer": reverse("ledger:transfer", args=[scene.transfer]),
        "registry:cutover": reverse("registry:cutover"),
        "registry:cutover-report": reverse("registry:cutover-report", args=[scene.cutover]),
        "desk:mandates": reverse("desk:mandates"),
        "desk:messages-by-hand": reverse("desk:messages-by-hand"),
        "desk:messages-not-told": reverse("desk:messages-not-told"),
        "desk:person-messages": reverse("desk:person-messages", args=[scene.person]),
        "citizen:home": reverse("citizen:home"),
        "citizen:benefits": reverse("citizen:benefits"),
        "citizen:benefit": reverse("citizen:benefit", args=["eldercare.collective-support"]),
        "citizen:messages": reverse("citizen:messages"),
        "citizen:channels": reverse("citizen:channels"),
        "citizen:cards": reverse("citizen:cards"),
        "citizen:money": reverse("citizen:money"),
        "citizen:bills": reverse("citizen:bills"),
        "insurance:claims": reverse("insurance:claims"),
        "insurance:recoveries": reverse("insurance:recoveries"),
        "citizen:offers": reverse("citizen:offers"),
        "citizen:questions": reverse("citizen:questions"),
        "citizen:file": reverse("citizen:file"),
        "citizen:reads": reverse("citizen:reads"),
        "citizen:family": reverse("citizen:family"),
    }


@pytest.mark.django_db
def test_each_page_asks_as_many_questions_as_are_written_down(scene: Scene) -> None:
    staff, citizen = visitor("city"), visitor(CITIZEN)
    written: dict[str, Any] = yaml.safe_load(WRITTEN.read_text("utf-8"))
    asked = {
        name: len(questions(citizen if name.startswith("citizen:") else staff, url))
        for name, url in pages(scene).items()
    }
    assert asked == written


@pytest.mark.django_db
@pytest.mark.parametrize("page", ["registry:people", "registry:imports"])
def test_a_longer_list_asks_no_more_questions(scene: Scene, page: str) -> None:
    client = visitor("clerk")
    before = questions(client, reverse(page))
    hand_in("clerk", [bare_row("clerk", number) for number in range(9)])
    assert len(questions(client, reverse(page))) == len(before)
