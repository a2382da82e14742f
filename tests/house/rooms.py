"""What tests of one app set up in another, past its door: tables, simulators and a cast."""

from __future__ import annotations

from rongjun.benefits.models import Programme, UseSource
from rongjun.cards.tests import cast as cards_cast
from rongjun.insurance.tests import scene as insurance_scene
from rongjun.notices.models import Message
from rongjun.notices.wechat_simulator import WechatServer

__all__ = ["Message", "Programme", "UseSource", "WechatServer", "cards_cast", "insurance_scene"]
