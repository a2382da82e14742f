"""What is said of one person by two officers: how two schemes meet, and the shares of heirs."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from rongjun.access.api import ActingRequest
from rongjun.allowances import actions
from rongjun.allowances.book import book_in_force
from rongjun.allowances.http.shared import acting, day_of
from rongjun.allowances.models import Finding
from rongjun.allowances.queries import standing, yearly
from rongjun.kernel.errors import Refused
from rongjun.kernel.words import Words, translatable
from rongjun.registry import api as registry

RULES: Words[dict[str, str]] = {"stack": "两项都发", "highest": "只发高的一项"}
_HEIR = "heir-"


def context_of(
    request: ActingRequest, head: registry.FileHead, files: list[UUID], *, schemes: set[str], today: date
) -> dict[str, Any]:
    """What the person's page shows of rulings, heirs, other payees and the yearly confirmation."""
    payees = registry.payees_held(head.id, on=today, known_at=request.now)
    heirs = [each for each in payees if each.kind == "heir"]
    shares = standing.shares_of(head.id)
    return {
        "rules": RULES,
        "pair_schemes": [
            (code, scheme.title) for code, scheme in book_in_force().schemes.items() if code in schemes
        ],
        "heirs": [
            {
                "heir": each,
                "field": f"{_HEIR}{each.id}",
                "holds": _part(shares, each.id, waits=False),
                "waits": _part(shares, each.id, waits=True),
            }
            for each in heirs
        ],
        "shares_wait": any(not row.checked_by for row in shares),
        "shares_are_mine": any(not row.checked_by and row.made_by == request.actor.text for row in shares),
        "other_payees": [each for each in payees if each.kind != "heir"],
        "yearly": yearly.standing_of(files, head.division, today=today),
    }


def _part(shares: list[Any], payee: UUID, *, waits: bool) -> str:
    return next(
        (
            f"{row.parts}/{row.whole}"
            for row in shares
            if row.payee == payee and bool(row.checked_by) != waits
        ),
        "",
    )


def says(finding: Finding) -> str:
    """A finding that two schemes meet so, or a confirmation, in words; "" for another kind."""
    content, schemes = finding.content, book_in_force().schemes
    if finding.kind == "pair" and {content["one"], content["other"]} <= set(schemes):
        told = {"one": schemes[content["one"]].title, "other": schemes[content["other"]].title}
        return _("%(one)s和%(other)s") % told + "：" + _(RULES[content["rule"]])
    if finding.kind == "confirmation":
        return content.get("confirmed_on", "") or _("没有确认")
    return ""


def rule(request: ActingRequest, person: UUID) -> None:
    """Propose how two schemes meet in this person."""
    given = request.POST
    actions.propose_finding(
        person,
        kind="pair",
        content={name: given.get(name, "") for name in ("one", "other", "rule")},
        since=day_of(given.get("since", "")),
        document=given.get("document", ""),
        **acting(request),
    )


def share(request: ActingRequest, person: UUID) -> None:
    """Propose the parts of all heirs."""
    given = request.POST
    try:
        parts = {UUID(name.removeprefix(_HEIR)): int(given[name]) for name in given if name.startswith(_HEIR)}
        whole = int(given.get("whole", ""))
    except ValueError:
        raise Refused("allowances.shares-do-not-add-up") from None
    actions.propose_shares(
        person, parts=parts, whole=whole, document=given.get("document", ""), **acting(request)
    )


def check_shares(request: ActingRequest, person: UUID) -> None:
    """Confirm the parts that wait."""
    actions.check_shares(person, **acting(request))


STEPS = {
    "rule": (rule, translatable("裁定提出了，请另一位同事确认。")),
    "share": (share, translatable("份额提出了，请另一位同事确认。")),
    "check-shares": (check_shares, translatable("份额确认了，下一个批次按它分。")),
}
