"""What is told, corrected and proposed of a person, and the list of what waits for a second officer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from rongjun.access.api import ActingRequest, names_of_actors, staff
from rongjun.audit import api as audit
from rongjun.desk.forms import PROPOSED, TOLD, EndForm, MoveForm, Proposing
from rongjun.desk.http.shared import note_listed, today_of
from rongjun.kernel.errors import Refused
from rongjun.kernel.words import translatable
from rongjun.places import api as places
from rongjun.registry import api as registry
from rongjun.ui.api import Sentence, sentence

CHECKED = ("status", "rating")  # what is corrected and ended by proposal too
_TIMES = frozenset({"valid_from", "valid_to", "source", "evidence"})
_OF_PROPOSALS = frozenset({"valid_from", "authority", "document"})


@staff("registry.propose")
@require_safe
def changes(request: ActingRequest, person: UUID) -> HttpResponse:
    """Everything that can be told, corrected, ended or proposed of one person. Opening it is logged."""
    return _changes_page(request, _Page.open(request, person))


@require_POST
@staff("registry.propose")
def change(request: ActingRequest, person: UUID, kind: str) -> HttpResponse:
    """Tell one thing (or with `assertion` correct it), end one, move the file, or propose."""
    page = _Page.open(request, person)
    form = _form(request, page, kind, given=True)
    if form is None:
        raise Http404
    if not form.is_valid():
        return _changes_page(request, page, bound=(kind, form), status=422)
    try:
        said = _do(request, page.head.id, kind, form)
    except Refused as refused:
        return _changes_page(request, page, bound=(kind, form), refusal=sentence(refused), status=422)
    messages.success(request, said)
    # Who moved a file on may no longer see it.
    there = registry.head_of(person, known_at=request.now)
    return redirect("desk:changes", person=person) if there else redirect("registry:people")


@staff("registry.check")
@require_safe
def proposals(request: ActingRequest) -> HttpResponse:
    """What waits for a second officer, the oldest first; the ids shown are logged."""
    return _proposals_page(request)


@require_POST
@staff("registry.check")
def decide(request: ActingRequest, proposal: UUID) -> HttpResponse:
    """Approve, or reject with a reason."""
    said: dict[str, Any] = {"by": request.actor, "now": request.now}
    try:
        if request.POST.get("decision") == "approve":
            registry.approve(proposal, **said)
            messages.success(request, _("审过了，已经记进档案。"))
        else:
            registry.reject(proposal, reason=request.POST.get("reason", ""), **said)
            messages.success(request, _("退回了，提的人能看到理由。"))
    except Refused as refused:
        return _proposals_page(request, refusal=sentence(refused), status=422)
    return redirect("desk:proposals")


# --- doing --------------------------------------------------------------------------------------------------


def _do(request: ActingRequest, person: UUID, kind: str, form: forms.Form) -> str:
    """Call the one action asked for; what is said afterwards."""
    given = form.cleaned_data
    by: dict[str, Any] = {"by": request.actor, "now": request.now}
    if kind == "move":
        registry.move_file(person, **{**given, "station": int(given["station"])}, **by)
        return _("档案已经转过去了。")
    if kind == "retract-death":
        registry.retract_death(person, source=given["source"], **by)
        return _("去世已经撤销。")
    of, assertion = _pointed_at(request)
    if kind == "end" and of not in CHECKED:
        registry.end(person, kind=of, assertion=assertion, **given, **by)
        return _("已经记下结束的日期。")
    if isinstance(form, Proposing):
        proposed, content = _content(kind, of, assertion, given)
        common = {name: given[name] for name in _OF_PROPOSALS}
        registry.propose(person, kind=proposed, content=content, **common, **by)
        return _("提出来了，等另一位同事审。")
    _tell(person, kind, assertion, given, by)
    return _("记下了。")


def _content(kind: str, of: str, assertion: int, given: Mapping[str, Any]) -> tuple[str, dict[str, object]]:
    """The kind and content of a proposal."""
    said = {name: value for name, value in given.items() if name not in _OF_PROPOSALS}
    if kind == "end":
        return "ending", {"of": of, "assertion": assertion}
    if kind == "rights":
        stop, word = str(said["what"]).split()
        return stop, {"of" if stop == registry.RESTORATION else "grounds": word}
    if assertion:
        return "correction", {"of": kind, "assertion": assertion, "changed": said}
    return kind, said


def _tell(person: UUID, kind: str, assertion: int, given: Mapping[str, Any], by: Mapping[str, Any]) -> None:
    said = {name: value for name, value in given.items() if name not in _TIMES}
    days = {name: given[name] for name in ("valid_from", "valid_to") if name in given}
    shown = {"source": given["source"], "evidence": given["evidence"]}
    if assertion:
        # A covered number that is left empty stays as it is.
        covered = {name for name in ("number", "address") if not said.get(name)}
        if "number" in covered and kind in ("payee", "account"):
            covered |= {"document_kind"} | ({"kind"} if kind == "account" else set())
        changed = {name: value for name, value in said.items() if name not in covered}
        registry.correct(
            person,
            kind=kind,
            assertion=assertion,
            changed=changed,
            synthetic=settings.SYNTHETIC,
            **days,
            **shown,
            **by,
        )
    elif kind == "death":
        registry.record_death(person, died_on=given["valid_from"], **shown, **by)
    else:
        registry.record(person, kind=kind, said=said, synthetic=settings.SYNTHETIC, **days, **shown, **by)


# --- forms --------------------------------------------------------------------------------------------------


def _pointed_at(request: ActingRequest) -> tuple[str, int]:
    """Which assertion is corrected or ended: `kind-id`, in the form or in the address."""
    of, _dash, number = request.POST.get("assertion", request.GET.get("about", "")).rpartition("-")
    return (of, int(number)) if number.isdecimal() and len(number) < 19 else ("", 0)


class _CheckedEnd(Proposing):
    """The end of a category or grade: proposed, so with authority and document."""


class _Retraction(forms.Form):
    """Why a death is taken back."""

    source = forms.CharField(label=gettext_lazy("来源"), max_length=120)


def _form(
    request: ActingRequest,
    page: _Page,
    kind: str,
    *,
    given: bool = False,
    held: registry.HeldAssertion | None = None,
) -> Any:
    """The form of this kind, empty, given, or about an assertion that is held; None when there is none."""
    classes: Mapping[str, type[forms.Form]] = {
        **PROPOSED,
        **TOLD,
        "move": MoveForm,
        "retract-death": _Retraction,
        "end": _CheckedEnd if _pointed_at(request)[0] in CHECKED else EndForm,
    }
    if kind not in classes:
        return None
    start: dict[str, Any] = {"valid_from": today_of(request)}
    if held is not None and kind == held.kind:
        start = {**held.fields, "valid_from": held.since, "valid_to": held.until, "evidence": held.evidence}
    is_about = held is not None or (given and _pointed_at(request)[1] > 0)
    names = f"about-{kind}-%s" if is_about else f"{kind}-%s"
    form = classes[kind](request.POST if given else None, initial=start, auto_id=names, label_suffix="")
    _set_choices(request, page, form)
    if is_about:
        _let_stay(form)
    return form


def _let_stay(form: forms.Form) -> None:
    """A covered number is not shown again: left empty it stays as it was."""
    for name in {"number", "address", "document_kind"} & set(form.fields):
        form.fields[name].required = False
    for name in {"number", "address"} & set(form.fields):
        form.fields[name].help_text = _("空着就是不改")
    if "document_kind" in form.fields:
        form.fields["name"].required = False  # of a payee on file, who has a name there


def _set_choices(request: ActingRequest, page: _Page, form: forms.Form) -> None:
    """What can be chosen depends on whose file it is and who asks."""
    owner, station = form.fields.get("belongs_to"), form.fields.get("station")
    if isinstance(owner, forms.ChoiceField):
        owner.choices = [(str(page.head.id), _("本人")), *page.payees]
    if isinstance(station, forms.ChoiceField):
        scope, on = request.actor.scope, today_of(request)
        listed = places.divisions_within(scope.lo, scope.hi, level="township", on=on)
        station.choices = [
            (str(code), name)
            for code, name in _paths([c for c, *_ in listed], on=on)
            if code != page.head.division
        ]


def _paths(codes: list[int], *, on: date) -> list[tuple[int, str]]:
    paths = places.paths_of(set(codes), on=on)
    return [(code, paths[code]) for code in codes]


# --- pages --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Page:
    """Whose file it is, what it holds, and who receives for the person (a choice of accounts)."""

    head: registry.FileHead
    held: list[registry.HeldAssertion]
    payees: list[tuple[str, str]]

    @classmethod
    def open(cls, request: ActingRequest, person: UUID) -> _Page:
        """Read it; the opening is logged."""
        on, now = today_of(request), request.now
        head = registry.head_of(person, known_at=now)
        if head is None:
            raise Http404
        audit.note_read(
            f"person:{person}",
            event="registry.person-read",
            by=request.actor.text,
            role=request.actor.role,
            purpose="登记和更正",
            source=request.path,
            division=head.division,
            at=now,
        )
        held = registry.assertions_held(head.id, on=on, known_at=now)
        return cls(head, held, list(_payees(head.id, held, on=on, known_at=now)))

    @property
    def died(self) -> date | None:
        """The day of death, if one is on file."""
        return next((each.since for each in self.held if each.kind == "death"), None)


def _payees(
    person: UUID, held: list[registry.HeldAssertion], *, on: date, known_at: datetime
) -> Iterator[tuple[str, str]]:
    """Those who receive for the person, asked for only where the file has any."""
    if any(each.kind == "payee" for each in held):
        for payee in registry.payees_held(person, on=on, known_at=known_at):
            yield str(payee.id), f"{registry.PAYEE_KINDS[payee.kind]} {payee.name}"


def _changes_page(
    request: ActingRequest,
    page: _Page,
    *,
    bound: tuple[str, forms.Form] | None = None,
    refusal: Sentence | None = None,
    status: int = 200,
) -> HttpResponse:
    person, held = page.head.id, page.held
    proposed = registry.proposals(state=None, person=person)
    names = names_of_actors(each.made_by for each in proposed)
    pointed = _pointed_at(request)
    about = next((each for each in held if (each.kind, each.id) == pointed), None)
    context = {
        "id": person,
        "name": page.head.name,
        "died": page.died,
        "refusal": refusal,
        "held": [_held_row(each, person) for each in held],
        "held_columns": [
            {"label": _(word)} for word in translatable(("类别", "内容", "从", "到", "来源和材料"))
        ],
        "about": about
        and {"what": about.what, "label": registry.LABELS[about.kind], "key": f"{about.kind}-{about.id}"},
        "about_forms": _forms_about(request, page, about, bound) if about else [],
        "proposing": _forms(request, page, PROPOSED, None if about else bound),
        "telling": _forms(request, page, _tellable(page), None if about else bound),
        "proposals": [_proposal(each, names) for each in proposed],
    }
    return render(request, "desk/changes.html", context, status=status)


def _tellable(page: _Page) -> list[str]:
    """What can be told anew: of the dead no second death, of the living no retraction."""
    without = {"death"} if page.died else {"retract-death"}
    return [kind for kind in ("retract-death", *TOLD, "move") if kind not in without]


def _forms(
    request: ActingRequest, page: _Page, kinds: Any, bound: tuple[str, forms.Form] | None
) -> list[dict[str, Any]]:
    listed = []
    for kind in kinds:
        is_bound = bound is not None and bound[0] == kind
        form = bound[1] if bound and is_bound else _form(request, page, kind)
        url = reverse("desk:change", args=[page.head.id, kind])
        does = _("提出，等人审") if kind in PROPOSED else _("登记")
        listed.append(
            {"label": registry.LABELS[kind], "does": does, "form": form, "url": url, "open": is_bound}
        )
    return listed


def _forms_about(
    request: ActingRequest, page: _Page, about: Any, bound: tuple[str, forms.Form] | None
) -> list[dict[str, Any]]:
    """Correct this one assertion, or end it."""
    listed = []
    ends = [] if about.kind == "death" else [("end", _("结束"))]
    for kind, label in ((about.kind, _("更正")), *ends):
        is_bound = bound is not None and bound[0] == kind
        form = bound[1] if bound and is_bound else _form(request, page, kind, held=about)
        url = reverse("desk:change", args=[page.head.id, kind])
        does = _("提出，等人审") if about.kind in CHECKED else label
        is_open = is_bound or kind != "end"
        listed.append({"label": label, "does": does, "form": form, "url": url, "open": is_open})
    return listed


def _held_row(each: registry.HeldAssertion, person: UUID) -> dict[str, Any]:
    url = reverse("desk:changes", args=[person]) + f"?about={each.kind}-{each.id}#about"
    return {
        "cells": [
            registry.LABELS[each.kind],
            {"text": each.what, "url": url},
            each.since.isoformat(),
            each.until.isoformat() if each.until else "",
            {"text": each.source, "note": each.evidence},
        ]
    }


def _proposal(each: registry.HeldProposal, names: Mapping[str, str]) -> dict[str, Any]:
    words = translatable(
        {"waiting": ("等人审", "info"), "approved": ("审过了", "ok"), "rejected": ("退回了", "no")}
    )
    word, tone = words[each.state]
    return {"proposal": each, "by": names[each.made_by], "chip": {"word": _(word), "tone": tone}}


def _proposals_page(
    request: ActingRequest, *, refusal: Sentence | None = None, status: int = 200
) -> HttpResponse:
    waiting = registry.proposals()
    note_listed(request, [each.person for each in waiting], purpose="待审列表")
    on = timezone.localtime(request.now).date()
    stations = places.paths_of({each.division for each in waiting}, on=on)
    names = names_of_actors(each.made_by for each in waiting)
    context = {
        "waiting": [
            {
                "proposal": each,
                "station": stations[each.division],
                "by": names[each.made_by],
                "is_own": each.made_by == request.actor.text,
            }
            for each in waiting
        ],
        "refusal": refusal,
    }
    return render(request, "desk/proposals.html", context, status=status)
