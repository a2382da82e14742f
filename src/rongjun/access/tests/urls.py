"""The addresses of the house, and a few that do what a careless view could do."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.template.response import SimpleTemplateResponse
from django.urls import include, path
from django.utils.safestring import SafeString, mark_safe

from rongjun.access.rules import ActingRequest, staff
from rongjun.audit import api as audit

WHO = "select current_user, current_setting('app.lo', true), current_setting('app.hi', true)"


def who() -> str:
    with connection.cursor() as cursor:
        cursor.execute(WHO)
        return " ".join(str(value) for value in cursor.fetchone())


@staff("registry.read-person")
def scope(request: ActingRequest) -> HttpResponse:
    return HttpResponse(who())


class Late(SimpleTemplateResponse):
    """Drawn when somebody asks for it, and then by asking the database."""

    @property
    def rendered_content(self) -> SafeString:
        return mark_safe(who())


@staff("registry.read-person")
def late(request: ActingRequest) -> Late:
    return Late("none.html")


@staff("registry.read-person")
def stream(request: ActingRequest) -> HttpResponseBase:
    return StreamingHttpResponse(iter(["a"]))


@staff("registry.read-person")
def refuses(request: ActingRequest) -> HttpResponse:
    audit.note("access.test-undone", by=request.actor.text, at=request.now)
    raise PermissionDenied("not this one")


@staff("registry.read-person")
def breaks(request: ActingRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute("select 1 / 0")
    raise AssertionError


def undeclared(request: HttpRequest) -> HttpResponse:
    return HttpResponse("no rule")


urlpatterns = [
    path("probe/scope/", scope),
    path("probe/late/", late),
    path("probe/stream/", stream),
    path("probe/refuses/", refuses),
    path("probe/breaks/", breaks),
    path("probe/undeclared/", undeclared),
    path("", include("rongjun.config.urls")),
]
