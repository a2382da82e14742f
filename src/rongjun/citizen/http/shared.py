"""What several citizen pages do alike: whose file is in hand, that it was looked at, refusals as pages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from rongjun.access.api import ActingRequest, Actor, Scope, act_for, citizen
from rongjun.audit import api as audit
from rongjun.kernel.errors import Refused
from rongjun.registry import api as registry
from rongjun.ui.api import sentence

FileView = Callable[..., HttpResponseBase]


@dataclass(frozen=True, slots=True)
class Mine:
    """The file in hand, and its citizen as an actor who belongs where the file is served."""

    id: UUID
    name: str
    division: int
    actor: Actor

    @property
    def is_own(self) -> bool:
        """Whether it is the citizen's own, not of somebody they act for."""
        return self.actor.acting_for is None

    @property
    def hidden(self) -> frozenset[str]:
        """The facts that are the person's own business, also before who acts for them."""
        return frozenset() if self.is_own else registry.GUARDED


def on_file(because: str) -> Callable[[FileView], FileView]:
    """The rule `citizen`, and the file in hand as the view's second argument.

    A mandate that has ended meanwhile is told, and the citizen is back at their own file.
    """

    def decorate(view: FileView) -> FileView:
        @citizen(because)
        @wraps(view)
        def guarded(request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
            held = registry.file_in_hand()
            if held is None:
                return _without_file(request)
            is_own = request.actor.acting_for is None
            actor = replace(
                request.actor,
                name=held.name if is_own else request.actor.name,
                division=held.division,
                scope=Scope(held.division, held.division),
            )
            mine = Mine(held.id, held.name, held.division, actor)
            request.acting = "" if is_own else held.name
            return view(request, mine, *args, **kwargs)

        return guarded

    return decorate


def own_file(because: str) -> Callable[[FileView], FileView]:
    """The same for what nobody does for another: copies, restrictions, mandates."""

    def decorate(view: FileView) -> FileView:
        @on_file(because)
        @wraps(view)
        def guarded(request: Any, mine: Mine, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not mine.is_own:
                return refused_page(request, Refused("citizen.only-oneself", name=mine.name))
            return view(request, mine, *args, **kwargs)

        return guarded

    return decorate


def _without_file(request: ActingRequest) -> HttpResponse:
    if request.actor.acting_for is None:
        return refused_page(request, Refused("citizen.no-file"))
    act_for(request, None)
    messages.info(request, _("代办授权已经结束，换回了您自己。"))
    return redirect("citizen:home")


def look(request: ActingRequest, mine: Mine, *, purpose: str, event: str = "registry.person-read") -> None:
    """Note that the file was shown, to whom and what for."""
    audit.note_read(
        f"person:{mine.id}",
        event=event,
        by=mine.actor.text,
        role=mine.actor.role,
        purpose=purpose,
        source=request.path,
        division=mine.division,
        at=request.now,
    )


def today_of(request: ActingRequest) -> date:
    """The day it is where the city is."""
    return timezone.localtime(request.now).date()


def refused_page(request: Any, refused: Refused) -> HttpResponse:
    """The four sentences of a refusal as a page."""
    return render(request, "citizen/refused.html", {"refusal": sentence(refused)}, status=422)
