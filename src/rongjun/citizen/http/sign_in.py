"""In by the provincial single sign-on: to its page, back from it, and a sentence for whatever goes wrong."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from rongjun.access.api import Arrival, anyone, back_from_province, note_refusal, send_to_province
from rongjun.citizen.http.shared import refused_page
from rongjun.kernel.errors import Refused, Unfit
from rongjun.kernel.identifiers import IdentityNumber, admit
from rongjun.registry import api as registry

NEXT = "citizen.next"


@require_POST
@anyone("part of signing in")
def sso(request: HttpRequest) -> HttpResponse:
    """To the province's page; what is wanted afterwards waits in the session."""
    request.session[NEXT] = request.POST.get("next", "")
    try:
        return send_to_province(request)
    except Refused as refused:
        return _refused(request, refused)


@require_GET
@anyone("part of signing in")
def sso_callback(request: Any) -> HttpResponse:
    """Back from the province: signed in and on to where one wanted to go, or told why not."""
    try:
        arrived = back_from_province(request)
        arrived.let_in(registry.account_of_number(_number_in(arrived), now=request.now))
    except Refused as refused:
        return _refused(request, refused)
    wanted = request.session.pop(NEXT, "")
    is_ours = url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    return redirect(wanted if is_ours else settings.CITIZEN_HOME_URL)


def _number_in(arrived: Arrival) -> IdentityNumber:
    try:
        number = IdentityNumber.from_text(str(arrived.claims.get(settings.SSO["claim"], "")))
        return admit(number, synthetic=settings.SYNTHETIC)
    except Unfit as unfit:
        raise Refused("citizen.no-number") from unfit


def _refused(request: Any, refused: Refused) -> HttpResponse:
    note_refusal(request, refused)
    return refused_page(request, refused)
