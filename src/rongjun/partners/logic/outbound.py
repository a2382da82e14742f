"""What we send to partners: envelope, back-off, what an answer or an acknowledgement means. No clock."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlsplit

from rongjun.partners.logic import Format, read_line, write_file

US = "rongjun"  # who sends, in the head of what we send
MOST_TRIES = 9
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=30), timedelta(hours=1)
ANSWER_WAIT = timedelta(hours=12)  # without an acknowledgement the same content goes out again (待局方确认)
MOST_RESENDS = 3

Row = Sequence[str]


def wait_after(tries: int) -> timedelta | None:
    """How long to wait after so many tries that failed; None when it is given up."""
    return None if tries >= MOST_TRIES else min(FIRST_WAIT * 2 ** (tries - 1), LONGEST_WAIT)


def pack_rows(rows: Sequence[Row]) -> bytes:
    """Rows (key and columns) as text, to be sealed and to be compared."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue().encode()


def unpack_rows(packed: bytes) -> list[list[str]]:
    """The rows again."""
    return list(csv.reader(io.StringIO(packed.decode()), strict=True))


def total_of(rows: Sequence[Row], known: Format) -> int:
    """What the control column adds up to."""
    place = known.columns.index(known.control) + 1
    return sum(known.controlled(row[place]) for row in rows)


def fault_of_rows(rows: Sequence[Row], known: Format) -> str:
    """The first row that we would ourselves send back, in words; "" when all are in order."""
    lines = (read_line(place, row, known) for place, row in enumerate(rows, start=1))
    return next((f"{line.number}: {line.fault}" for line in lines if line.fault), "")


def file_of(known: Format, rows: Sequence[Row], *, business_date: date, sequence: int) -> bytes:
    """The file we put down; the same bytes each time."""
    return write_file(known, rows, partner=US, business_date=business_date, sequence=sequence)


def name_of(known: Format, *, business_date: date, sequence: int) -> str:
    """The name of that file."""
    return f"{known.feed}-{business_date:%Y%m%d}-{sequence:06d}.csv"


def body_of(known: Format, rows: Sequence[Row], *, business_date: date, sequence: int) -> bytes:
    """The body of a call (contracts/inbound.schema.json, as we take calls in ourselves)."""
    items = [{"key": row[0], "fields": dict(zip(known.columns, row[1:], strict=True))} for row in rows]
    said = {
        "format": known.code,
        "business_date": business_date.isoformat(),
        "sequence": sequence,
        "count": len(rows),
        "total": total_of(rows, known),
        "items": items,
    }
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()


# --- answers ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one try: sent, acknowledged, failed (comes again), or refused (does not)."""

    what: str
    why: str = ""


SENT, ACKNOWLEDGED, FAILED, REFUSED = "sent", "acknowledged", "failed", "refused"
_COMES_AGAIN = frozenset({408, 425, 429})


def outcome_of_answer(status: int, body: bytes, *, count: int) -> Outcome:
    """What a partner's answer to a call means: 2xx with `taken` and our count acknowledges it."""
    if status in _COMES_AGAIN or status >= 500:
        return Outcome(FAILED, f"对方答复 {status}")
    said = _read_object(body)
    if not 200 <= status < 300:
        return Outcome(REFUSED, f"对方答复 {status}{_why(said)}")
    if "taken" not in said:
        return Outcome(SENT)
    if said["taken"] is not True:
        return Outcome(REFUSED, f"对方没有收下{_why(said)}")
    if said.get("count") != count:
        return Outcome(REFUSED, f"对方收下 {_number(said.get('count'))} 行 ≠ 发出 {count} 行")
    return Outcome(ACKNOWLEDGED)


def _read_object(body: bytes) -> dict[str, object]:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _why(said: dict[str, object]) -> str:
    text = next((said[name] for name in ("equation", "why", "code") if isinstance(said.get(name), str)), "")
    return f"：{str(text)[:120]}" if text else ""


def _number(said: object) -> str:
    return str(said) if type(said) is int else "（没有说）"


def fault_of_receipt(*, digest: str, count: str, our_digest: str, our_count: int) -> str:
    """Why an acknowledgement does not fit what we sent; "" when it does."""
    if digest != our_digest:
        return f"回执的 SM3 {digest[:12]}… ≠ 发出的 {our_digest[:12]}…"
    if count != str(our_count):
        return f"回执的行数 {count[:12]} ≠ 发出的 {our_count}"
    return ""


LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def fault_of_address(address: str, *, synthetic: bool) -> str:
    """Why we do not call this address; invented people go no further than this machine."""
    parts = urlsplit(address)
    is_here = parts.hostname in LOOPBACK
    if parts.scheme not in {"https", "http"} or not parts.hostname:
        return "地址 ≠ 以 https:// 开头的网址"
    if synthetic and not is_here:
        return "演示数据不发往真实的地址"
    if parts.scheme == "http" and not is_here:
        return "地址 ≠ 以 https:// 开头的网址"
    return ""
