"""What messages do by themselves: it reads the clock and calls the gateways."""

from __future__ import annotations

from django.utils import timezone

from rongjun.notices.actions import sending
from rongjun.notices.actions.sending import office
from rongjun.notices.gateways import gateways
from rongjun.notices.logic import SMS, WECHAT


def route_messages() -> None:
    """Choose a way for new messages, take what is due into hand; both are kept before anybody is called."""
    now = timezone.now()
    sending.route_next(office(), now=now)
    for code, gateway in gateways().items():
        sending.claim(code, most=gateway.at_once, now=now)


def send_sms() -> None:
    """Hand text messages over."""
    _send(SMS)


def send_wechat() -> None:
    """Hand template messages over."""
    _send(WECHAT)


def _send(code: str) -> None:
    gateway = gateways().get(code)
    if gateway is not None:
        sending.hand_over(gateway, office(), by=f"job:notices.send-{code}", now=timezone.now())


def end_messages() -> None:
    """Receipts that never came, and messages whose time is over."""
    sending.end_overdue(by="job:notices.end-messages", now=timezone.now())
