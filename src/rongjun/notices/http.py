"""Where gateways call their receipts in."""

from __future__ import annotations

from django.http import HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from rongjun.access.api import ActingRequest, acting_as_job, anyone
from rongjun.audit import api as audit
from rongjun.notices.actions.receipts import take_receipt
from rongjun.notices.actions.sending import office
from rongjun.notices.gateways import NotGenuine, Receipt, gateways
from rongjun.notices.logic import SMS, WECHAT

JOB = "notices.take-receipts"
MOST = 64_000


@csrf_exempt
@require_POST
@anyone("every receipt is signed by its gateway, which is checked before anything else; it reads nobody")
def sms_receipts(request: ActingRequest) -> JsonResponse:
    """What became of text messages; a receipt for one we have not noted yet is to be called in again."""
    matched = _taken(request, SMS, dict(request.headers))
    return JsonResponse({"matched": matched is True}, status=_status(matched=matched))


@csrf_exempt
@require_POST
@anyone("every event is signed by the platform, which is checked before anything else; it reads nobody")
def wechat_receipts(request: ActingRequest) -> HttpResponse:
    """What became of template messages."""
    matched = _taken(request, WECHAT, request.GET.dict())
    return HttpResponse("success" if matched else "", status=_status(matched=matched))


def _status(*, matched: bool | None) -> int:
    return 403 if matched is None else 200 if matched else 404


def _taken(request: ActingRequest, channel: str, said: dict[str, str]) -> bool | None:
    """Whether all were matched; None when they are not from our gateway."""
    gateway = gateways().get(channel)
    try:
        if gateway is None or len(request.body) > MOST:
            raise NotGenuine(channel)
        receipts = gateway.receipts(request.body, said, now=request.now)
    except (NotGenuine, KeyError, TypeError, ValueError):
        audit.note(
            "notices.receipt-refused",
            by=f"channel:{channel}",
            result="refused",
            source=request.path,
            at=request.now,
        )
        return None
    with acting_as_job(JOB):
        # Every one is noted, also behind one that is not matched.
        matched = [_take(channel, each, request) for each in receipts]
    return all(matched)


def _take(channel: str, receipt: Receipt, request: ActingRequest) -> bool:
    return take_receipt(channel, receipt, office(), now=request.now)
