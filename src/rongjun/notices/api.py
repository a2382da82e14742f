"""The door of notices."""

from rongjun.notices.actions import Telling, open_message, tell, tell_all
from rongjun.notices.actions.by_hand import (
    HOW,
    bind_openid,
    choose_channels,
    end_binding,
    give_up,
    tell_by_hand,
)
from rongjun.notices.actions.outcomes import tell_mandate_changed, tell_request_answered
from rongjun.notices.gateways import Wechat, gateways
from rongjun.notices.logic import CHANNELS, WECHAT
from rongjun.notices.queries import MessageLine, copied_messages, count_unread, message_of, messages_of
from rongjun.notices.queries.reach import Ways, channels_down, ways_of
from rongjun.notices.queries.work import (
    ByHand,
    Proof,
    Unsent,
    balance,
    by_hand,
    count_by_hand,
    is_there,
    not_told,
    proofs_of,
    unsent,
)
from rongjun.notices.retention import RETENTION

__all__ = [
    "CHANNELS",
    "HOW",
    "RETENTION",
    "WECHAT",
    "ByHand",
    "MessageLine",
    "Proof",
    "Telling",
    "Unsent",
    "Ways",
    "Wechat",
    "balance",
    "bind_openid",
    "by_hand",
    "channels_down",
    "choose_channels",
    "copied_messages",
    "count_by_hand",
    "count_unread",
    "end_binding",
    "gateways",
    "give_up",
    "is_there",
    "message_of",
    "messages_of",
    "not_told",
    "open_message",
    "proofs_of",
    "tell",
    "tell_all",
    "tell_by_hand",
    "tell_mandate_changed",
    "tell_request_answered",
    "unsent",
    "ways_of",
]
