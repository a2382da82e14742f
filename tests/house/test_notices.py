"""Whoever asks for personal data has told first: the notice in force stands above each such form (PI-03)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.utils import timezone

from rongjun.registry import api as registry
from tests.house.scene import Scene, visitor
from tests.house.tree import project_files, text_of

TEMPLATES = {
    Path(*path.parts[path.parts.index("templates") + 1 :]).as_posix(): text_of(path)
    for path in project_files()
    if "templates" in path.parts and path.parts[0] == "src"
}
TOLD = '{% notice_shown "'
# A form is known by the address it is posted to, or by its template where it is told that address.
POSTED = re.compile(r"""<form[^>]*?method="post"(?:[^>"]|"[^"]*")*?>""")
ADDRESS = re.compile(r"""action="{% url "([^"]+)\"""")
UPLOAD = re.compile(r"""{% url "([^"]+)" as url %}(?:(?!{% url ).)*?{% upload url """, re.DOTALL)
# Forms that collect personal data, and the pages they stand on.
COLLECTING = {
    "registry:imports": ("registry/imports.html",),
    "registry:cutover": ("registry/cutover.html",),
    "ledger:payment-mend": ("ledger/payment_failures.html",),
    "desk/parts/change.html": ("desk/changes.html",),
    "desk/parts/paper_form.html": ("desk/papers.html", "desk/person.html"),
    "ui/parts/question.html": ("desk/person.html", "desk/person_benefit.html", "desk/unanswered.html"),
    "desk:rights-receive": ("desk/rights.html",),
    "desk/contest.html": ("desk/contest.html",),
    "citizen/contest.html": ("citizen/contest.html",),
    "citizen/ask.html": ("citizen/ask.html",),
    "citizen/family_ask.html": ("citizen/family_ask.html",),
    "citizen/offer.html": ("citizen/offer.html",),
    "citizen/question.html": ("citizen/questions.html", "citizen/benefit.html"),
    "desk:answer-offer": ("desk/person.html",),
    "desk:leave-benefit": ("desk/person.html",),
    "desk:card-apply": ("desk/person.html",),
    "desk:card-step": ("desk/person_card.html",),
    "uses:manual-record": ("benefits/manual.html",),
    "uses:manual-correct": ("benefits/manual_entry.html",),
}
# Forms that collect nothing new of a person: who signs in, who decides, what is looked for or taken out.
OTHERWISE = re.compile(
    r"account_.*|mfa_.*|account/.*|mfa/.*|ui/desk\.html|ui/parts/(idle|language)\.html|ui/components\.html|ui/parts/(progress|masked_covered|upload)\.html"
    r"|desk:(decide|decide-enrolment|policy-(adopt|confirm)|record|rights-(lift|legal-hold|copy|decide|notice|consent)|paper-(open|link|discard)|export.*)"
    r"|desk:(mandate-decide|chain|supervision-(unit|open|report|step))|citizen:(sso|look|copy|act|act-for-self|family-end)"
    r"|registry:(cutover-compare|look-up|report-sentence|decide-feed|merge-decide)"
    r"|desk:operator-statement-(draft|step)|allowances:(award-step|person-step|run-ask|run-step|recovery-step|rate-step|simulation-ask|campaign-open|campaign-step|takeover-(propose|step|workbook))"
    r"|citizen/channels\.html|citizen:wechat-end|desk:(message-told|person-channels)|uses:(refusal-close|signal-step)"
    r"|desk:operator-statement-(draft|step)"
    r"|citizen/channels\.html|citizen:wechat-end|desk:(message-told|person-channels)|uses:(refusal-close|signal-step|conflict-(propose|decide))"
    r"|ledger:payment-(check|release|withdraw|file|workbook)"
    r"|registry/(duplicate|put_forward)\.html|desk/(paper|policy|benefit)\.html|citizen/enrolment\.html|partners:(batch-close|outbound-resend)"
    r"|desk:card-end|citizen:card-loss"
    # What is typed into the public calculator names nobody and is kept nowhere.
    r"|allowances:calculator|allowances/calculator\.html"
    r"|insurance:(review-step|draft-payments|recovery-step|conflict-step)"
)


def forms(name: str, text: str) -> set[str]:
    """What the template's forms are known by."""
    found = {match.group(1) if (match := ADDRESS.search(form)) else name for form in POSTED.findall(text)}
    return found | set(UPLOAD.findall(text))


def test_every_form_is_known_to_collect_or_not() -> None:
    found = {form for name, text in TEMPLATES.items() for form in forms(name, text)}
    assert set(COLLECTING) <= found
    assert sorted(form for form in found - set(COLLECTING) if not OTHERWISE.fullmatch(form)) == []


@pytest.mark.parametrize("form", COLLECTING)
def test_the_notice_stands_above_a_form_that_collects(form: str) -> None:
    for page in COLLECTING[form]:
        assert TOLD in TEMPLATES[page], f"{page} 收集个人信息，前面没有告知（notice_shown）"


def test_parts_with_such_a_form_stand_on_these_pages_only() -> None:
    for part, pages in COLLECTING.items():
        if part.startswith("desk/parts/"):
            shown = {name for name, text in TEMPLATES.items() if f'"{part}"' in text}
            assert shown == set(pages)
    asked = {name for name, text in TEMPLATES.items() if re.search(r"{% (question|decision) ", text)}
    assert asked - {"ui/components.html"} - {name for name in asked if name.startswith("ui/parts/")} == {
        "desk/contest.html",
        "desk/person.html",
        "desk/person_benefit.html",
        "desk/unanswered.html",
    }


@pytest.mark.django_db
def test_what_is_told_is_the_wording_in_force(scene: Scene) -> None:
    wording = registry.notice_book().notices["opening-a-file"].in_force(timezone.localdate())
    assert wording
    page = visitor("clerk").get("/registry/imports/").content.decode()
    for item in ("purpose", "statutory", "recipients", "retention"):
        assert wording.items[item] in page
    assert "/desk/notices/opening-a-file/" in page
