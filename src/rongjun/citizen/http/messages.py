"""消息: what one was told, one by one, and whether one has seen it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from rongjun.access.api import ActingRequest
from rongjun.citizen.http.shared import Mine, look, on_file, refused_page
from rongjun.kernel.errors import Refused
from rongjun.notices import api as notices
from rongjun.registry import api as registry

ENGLISH = "en"


@dataclass(frozen=True, slots=True)
class Told:
    """One message in the reader's language."""

    id: UUID
    title: str
    body: str
    at: datetime
    is_unread: bool


def told_to(mine: Mine) -> list[Told]:
    """What one was told, newest first; for who acts for another without what is the person's own business."""
    return [_told(line) for line in notices.messages_of(registry.file_ids_of(mine.id), without=mine.hidden)]


def unread_of(mine: Mine) -> int:
    """How many messages wait to be read."""
    return notices.count_unread(registry.file_ids_of(mine.id), without=mine.hidden)


def _told(line: notices.MessageLine) -> Told:
    english = get_language() == ENGLISH
    title, body = (line.title_en, line.body_en) if english else (line.title, line.body)
    return Told(line.id, title, body, timezone.localtime(line.told_at), line.is_unread)


@require_safe
@on_file("what one was told")
def listing(request: ActingRequest, mine: Mine) -> HttpResponse:
    """Every message, the newest first; what was not read yet stands out."""
    if registry.is_closed(mine.id):
        return refused_page(request, Refused("citizen.restricted"))
    look(request, mine, purpose="查看消息")
    return render(request, "citizen/messages.html", {"told": told_to(mine), "is_own": mine.is_own})


@require_safe
@on_file("one message to oneself")
def message(request: ActingRequest, mine: Mine, message: UUID) -> HttpResponse:
    """One message. Opening one's own is having read it."""
    if registry.is_closed(mine.id):
        return refused_page(request, Refused("citizen.restricted"))
    line = notices.message_of(message, registry.file_ids_of(mine.id), without=mine.hidden)
    if line is None:
        raise Http404
    look(request, mine, purpose="查看消息")
    notices.open_message(message, by=mine.actor, now=request.now)
    context = {"told": _told(line), "proofs": notices.proofs_of([message])}
    return render(request, "citizen/message.html", context)
