"""Which of two contents of one settlement stands, as values."""

from typing import Final

from rongjun.kernel.words import Words

FIRST, LATER = "first", "later"
STANDS: Words[dict[str, str]] = {FIRST: "先到的作数", LATER: "后到的作数"}
PROPOSED, CLOSED, SENT_BACK = "proposed", "closed", "sent-back"
CONFLICT_STATES: Final = (PROPOSED, CLOSED, SENT_BACK)
# Why a record that was set aside stands where it stands: nobody has said yet, or two have.
ASKED, SAID = "conflict", "conflict-closed"
