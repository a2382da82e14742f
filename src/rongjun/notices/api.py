"""The door of notices."""

from rongjun.notices.actions import Telling, open_message, tell, tell_all
from rongjun.notices.queries import MessageLine, count_unread, message_of, messages_of
from rongjun.notices.retention import RETENTION

__all__ = [
    "RETENTION",
    "MessageLine",
    "Telling",
    "count_unread",
    "message_of",
    "messages_of",
    "open_message",
    "tell",
    "tell_all",
]
