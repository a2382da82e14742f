"""What an event says, byte for byte; how links hold each other; where a chain is broken. No Django, no clock.

Form 1 of an event's bytes: the line `rongjun.audit.event/1`, a line feed, and a JSON array
`[id, at, actor, role, source, event, [about…], result, purpose, division, detail]` in UTF-8: no spaces,
object keys in code point order, nothing escaped that JSON lets stand, `at` in UTC as
`2026-10-01T00:00:00.000000Z`.
Numbers are integers, so that no reader can print one differently.
Another form gets another first line; old digests stay what they are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import chain as joined
from typing import Literal, TypeAlias, get_args

from rongjun.kernel.crypto import sm3
from rongjun.kernel.errors import Unfit
from rongjun.kernel.reading import half_width

Result: TypeAlias = Literal["done", "refused", "failed"]
RESULTS: tuple[str, ...] = get_args(Result)
Detail: TypeAlias = Mapping[str, object]

EVENT_FORM = "rongjun.audit.event/1"
LINK_FORM = "rongjun.audit.link/1"
ANCHOR_FORM = "rongjun.audit.anchor/1"
# What the first link of a chain follows.
GENESIS = bytes(32)
# The endings by which an event says that somebody got to see personal data.
READ_ENDINGS = ("-read", "-listed", "-unmasked", "-exported", "-shared")


@dataclass(frozen=True, slots=True)
class Record:
    """One event: who (in which role, from where) did what, about what, why, and how it ended."""

    id: int
    at: datetime
    actor: str
    role: str
    source: str
    event: str
    about: tuple[str, ...]
    result: str
    purpose: str
    division: int | None
    detail: Detail


@dataclass(frozen=True, slots=True)
class Link:
    """One event's place in the chain. Positions count from 1 without gaps."""

    position: int
    event_id: int
    event_digest: bytes
    chain_digest: bytes


@dataclass(frozen=True, slots=True)
class Anchor:
    """A signed statement: at `last_position` the chain's digest is this, `count` links after the last one."""

    last_position: int
    chain_digest: bytes
    count: int
    sealed_at: datetime
    algorithm: str
    key_version: int
    signature: bytes


@dataclass(frozen=True, slots=True)
class Row:
    """What is found at one position: normally a link with its event, and at a batch's end an anchor."""

    position: int
    link: Link | None
    record: Record | None
    anchor: Anchor | None


# --- bytes and digests --------------------------------------------------------------------------------------

_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))


def utc_text(moment: datetime) -> str:
    """A moment with its zone, as UTC to the microsecond."""
    assert moment.tzinfo is not None, "a moment without a zone is not evidence"
    return moment.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def said(record: Record) -> list[object]:
    """The event as the array that its bytes hold."""
    return [
        record.id,
        utc_text(record.at),
        record.actor,
        record.role,
        record.source,
        record.event,
        list(record.about),
        record.result,
        record.purpose,
        record.division,
        record.detail,
    ]


def canonical(record: Record) -> bytes:
    """The event's bytes in form 1; equal for equal events on every machine."""
    # A damaged export may hold half a surrogate; it must read as edited, not stop the verifier.
    return f"{EVENT_FORM}\n{_ENCODER.encode(said(record))}".encode(errors="surrogatepass")


def event_digest(record: Record) -> bytes:
    """SM3 (GB/T 32905) over the event's bytes."""
    return sm3(canonical(record))


def chain(previous: bytes, *, event_id: int, digest: bytes) -> bytes:
    """SM3 over what came before, the event's number and its digest: no link fits at another place."""
    return sm3(b"%s\n%s%s%s" % (LINK_FORM.encode(), previous, event_id.to_bytes(8), digest))


def forge_links(records: Iterable[Record], *, position: int, previous: bytes) -> Iterator[Link]:
    """The links that carry on a chain whose last position and digest are given."""
    for number, record in enumerate(records, start=position + 1):
        digest = event_digest(record)
        previous = chain(previous, event_id=record.id, digest=digest)
        yield Link(number, record.id, digest, previous)


def anchor_statement(anchor: Anchor) -> bytes:
    """What an anchor's signature is over. Algorithm and key version are not in it: the key decides them."""
    return "\n".join([ANCHOR_FORM, *_anchor_words(anchor)]).encode()


def _anchor_words(anchor: Anchor) -> list[str]:
    position, digest, count = str(anchor.last_position), anchor.chain_digest.hex(), str(anchor.count)
    return [position, digest, count, utc_text(anchor.sealed_at)]


def anchor_text(anchor: Anchor) -> str:
    """The anchor as one line that can be printed in a paper or sent to somebody outside."""
    signed = [anchor.algorithm, str(anchor.key_version), anchor.signature.hex()]
    return " ".join([ANCHOR_FORM, *_anchor_words(anchor), *signed])


def read_anchor(text: str) -> Anchor:
    """The anchor of such a line. Raises Unfit when it is none."""
    try:
        form, position, digest, count, sealed_at, algorithm, version, signature = text.split()
        if form != ANCHOR_FORM:
            raise ValueError(form)
        moment = datetime.fromisoformat(sealed_at).astimezone(UTC)
        numbers = int(position), bytes.fromhex(digest), int(count)
        return Anchor(*numbers, moment, algorithm, int(version), bytes.fromhex(signature))
    except ValueError:
        sentence = f"这一行不是锚点。请原样粘贴公布的整行文字，开头是 {ANCHOR_FORM}，共 8 段。"
        raise Unfit("audit.not-an-anchor", sentence) from None


# --- what may stand in an event -----------------------------------------------------------------------------

_EVENT_CODE = re.compile(r"[a-z][a-z0-9-]*\.[a-z][a-z0-9-]*")
# Identity numbers (18 or 15 digits), cards (16 to 19), phones (1 and ten digits, also with 86); also spaced.
_PERSONAL = re.compile(
    r"""(?<![0-9A-Za-z]) (?:
        \d{15,19} | \d{17}X
      | \d{6}[ -](?:18|19|20)\d{6}[ -]\d{3}[\dX]
      | \d{4}(?:[ -]\d{4}){3}(?:[ -]?\d{1,4})?
      | (?:(?:\+|00)?86[ -]?)?1\d{2}[ -]?\d{4}[ -]?\d{4}
    ) (?![0-9A-Za-z])""",
    re.VERBOSE | re.IGNORECASE,
)
# 10^14 fen is a trillion yuan: no amount of ours is longer, no card number is shorter.
_TOO_LONG_FOR_MONEY = 10**14


def is_event_code(text: str) -> bool:
    """`area.what-happened`, lower case."""
    return _EVENT_CODE.fullmatch(text) is not None


def is_read(event: str) -> bool:
    """Whether the event says that personal data were shown or handed on."""
    return event.endswith(READ_ENDINGS)


def looks_personal(text: str) -> bool:
    """Whether a text holds what could be an identity number, a bank card or a phone (AU-07).

    Rather one refusal too many: no run of 15 to 19 digits passes. UUIDs, dates and division codes do.
    """
    return _PERSONAL.search(half_width(text)) is not None


def personal_field(*, texts: Mapping[str, str | Sequence[str]], detail: Detail) -> str | None:
    """The name of the first field that holds what could be personal data; None when all are clean."""
    for name, value in texts.items():
        if any(looks_personal(text) for text in ([value] if isinstance(value, str) else value)):
            return name
    return _personal_in(detail, path="detail")


def _personal_in(value: object, *, path: str) -> str | None:
    if isinstance(value, Mapping):
        named = ((key, inner, f"{path}.{key}") for key, inner in value.items())
        found = (
            path if looks_personal(key) else _personal_in(inner, path=deep) for key, inner, deep in named
        )
        return next(filter(None, found), None)
    if isinstance(value, list | tuple):
        return next(filter(None, (_personal_in(inner, path=path) for inner in value)), None)
    if isinstance(value, int):
        is_amount = path.endswith("fen") and abs(value) < _TOO_LONG_FOR_MONEY
        return path if not is_amount and looks_personal(str(abs(value))) else None
    if value is None:
        return None
    # A float would print differently elsewhere; anything else is no JSON.
    assert isinstance(value, str), f"{path}: a detail is text, whole number, yes/no, list or mapping of these"
    return path if looks_personal(value) else None


# --- verification -------------------------------------------------------------------------------------------

Kind: TypeAlias = Literal[
    "edited", "dropped", "swapped", "forged-anchor", "unknown-key", "rewritten", "truncated"
]
Part: TypeAlias = Literal["event", "link", "anchor"]
# Whether a signature is ours; None when the key is not at hand.
IsGenuine: TypeAlias = Callable[[Anchor], bool | None]

_SENTENCES: Mapping[tuple[Kind, Part], str] = {
    ("edited", "event"): "事件内容被改过：与封存时的摘要不符。",
    ("edited", "link"): "这一环本身被改过，事件内容没有变。",
    ("dropped", "event"): "事件被删除：链上有这一环，事件表里没有。",
    ("dropped", "link"): "缺了这一环：位置不连续。",
    ("dropped", "anchor"): "缺了覆盖这一位置的签名锚点。",
    ("swapped", "link"): "与前一环接不上：次序被调换，或前后被改写。",
    ("forged-anchor", "anchor"): "锚点的签名不对：锚点被改过或不是我们签的。",
    ("unknown-key", "anchor"): "核对锚点所用的那一版密钥不在手边，无法判断真伪。请先恢复密钥文件夹。",
    ("rewritten", "link"): "链与真锚点不符：此前的链被整体重算过。",
    ("truncated", "link"): "链比锚点短：末尾被截掉。",
}


@dataclass(frozen=True, slots=True)
class Break:
    """The first broken place, what it is and what it concerns."""

    position: int
    kind: Kind
    part: Part
    event_id: int | None = None

    @property
    def sentence(self) -> str:
        """For people: where and what."""
        event = f"（事件 {self.event_id}）" if self.event_id is not None else ""
        return f"第 {self.position} 环{event}：{_SENTENCES[self.kind, self.part]}"


@dataclass(frozen=True, slots=True)
class Tail:
    """Events that no link holds yet: how many, and since when the oldest waits."""

    count: int = 0
    oldest_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a verification found; sound up to `last_position`, whose digest is `chain_digest`."""

    last_position: int
    chain_digest: bytes
    anchors: int
    broken: Break | None
    unsealed: Tail = Tail()

    @property
    def ok(self) -> bool:
        """Whether nothing is broken. An unsealed tail is no damage, only not sealed yet."""
        return self.broken is None

    def text(self) -> str:
        """For people: what was checked, the first broken place, and what waits to be sealed."""
        found = f"{self.last_position} 环、{self.anchors} 个签名锚点"
        if self.broken:
            lines = [f"证据链不完好。{self.broken.sentence}", f"在此之前完好：{found}。"]
        else:
            lines = [f"证据链完好：{found}。"]
        if self.unsealed.count:
            lines.append(f"尚未封存的事件 {self.unsealed.count} 条，最早的记于 {self._oldest()}（UTC）。")
        return "\n".join(lines)

    def _oldest(self) -> str:
        assert self.unsealed.oldest_at is not None
        return self.unsealed.oldest_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


@dataclass(slots=True)
class _Walk:
    """Where a verification stands."""

    position: int
    digest: bytes
    anchored: int
    anchors: int = 0


def verify(
    rows: Iterable[Row],
    *,
    is_genuine: IsGenuine,
    published: Iterable[Anchor] = (),
    after: Anchor | None = None,
) -> Verdict:
    """Walk the chain and name its first broken place.

    `rows` come in order of position, each position once; `is_genuine` checks an anchor's signature;
    `published` are anchors kept outside, which the chain must still pass through; with `after`, a trusted
    earlier anchor, the rows begin behind it.
    """
    walk = (
        _Walk(after.last_position, after.chain_digest, after.last_position) if after else _Walk(0, GENESIS, 0)
    )
    outside = {anchor.last_position: anchor for anchor in published if anchor.last_position > walk.position}
    given = [*outside.values(), *([after] if after else [])]
    doubtful = next(filter(None, (_fault_of_signature(anchor, is_genuine) for anchor in given)), None)
    if doubtful:
        return _verdict(walk, doubtful)
    coming = iter(rows)
    for row in coming:
        fault = (
            _fault_of_link(walk, row, coming)
            or _fault_of_anchor(walk, row.anchor, is_genuine)
            or _fault_of_published(walk, outside.pop(row.position, None))
        )
        if fault:
            return _verdict(walk, fault)
    return _verdict(walk, _fault_of_end(walk, outside))


def with_tail(verdict: Verdict, tail: Tail) -> Verdict:
    """The verdict, with what no link holds yet."""
    return replace(verdict, unsealed=tail)


def _verdict(walk: _Walk, broken: Break | None) -> Verdict:
    return Verdict(walk.position, walk.digest, walk.anchors, broken)


def _fault_of_link(walk: _Walk, row: Row, coming: Iterator[Row]) -> Break | None:
    """Steps onto the link when it is sound; reads on only where the chain is broken, to say how."""
    expected = walk.position + 1
    link = row.link
    if link is None or row.position != expected:
        return _fault_of_gap(expected, joined([row], coming))
    follows = chain(walk.digest, event_id=link.event_id, digest=link.event_digest) == link.chain_digest
    if follows and row.record and event_digest(row.record) == link.event_digest:
        walk.position, walk.digest = expected, link.chain_digest
        return None
    if follows:
        return Break(expected, "edited" if row.record else "dropped", "event", link.event_id)
    if row.record and _is_edited_link(walk.digest, link, row, next(coming, None)):
        return Break(expected, "edited", "link", link.event_id)
    return Break(expected, "swapped", "link", link.event_id)


def _fault_of_gap(expected: int, rows: Iterator[Row]) -> Break:
    positions = [row.position for row in rows if row.link]
    if not positions:
        return Break(expected, "truncated", "link")
    return Break(expected, "swapped" if expected in positions else "dropped", "link")


def _is_edited_link(previous: bytes, link: Link, row: Row, following: Row | None) -> bool:
    """Whether the event and its neighbours agree on what this link ought to say."""
    assert row.record is not None
    digest = event_digest(row.record)
    right = chain(previous, event_id=link.event_id, digest=digest)
    if right == link.chain_digest or (row.anchor and row.anchor.chain_digest == right):
        return True
    after = following.link if following else None
    return after is not None and (
        chain(right, event_id=after.event_id, digest=after.event_digest) == after.chain_digest
    )


def _fault_of_anchor(walk: _Walk, anchor: Anchor | None, is_genuine: IsGenuine) -> Break | None:
    if anchor is None:
        return None
    doubtful = _fault_of_signature(anchor, is_genuine)
    if doubtful:
        return doubtful
    if anchor.last_position - anchor.count != walk.anchored:
        return Break(anchor.last_position - anchor.count, "dropped", "anchor")
    walk.anchored = anchor.last_position
    walk.anchors += 1
    return _fault_of_published(walk, anchor)


def _fault_of_signature(anchor: Anchor, is_genuine: IsGenuine) -> Break | None:
    genuine = is_genuine(anchor)
    if genuine:
        return None
    return Break(anchor.last_position, "unknown-key" if genuine is None else "forged-anchor", "anchor")


def _fault_of_published(walk: _Walk, anchor: Anchor | None) -> Break | None:
    if anchor is None or anchor.chain_digest == walk.digest:
        return None
    return Break(anchor.last_position, "rewritten", "link")


def _fault_of_end(walk: _Walk, outside: Mapping[int, Anchor]) -> Break | None:
    if outside:
        return Break(walk.position + 1, "truncated", "link")
    if walk.anchored != walk.position:
        return Break(walk.position, "dropped", "anchor")
    return None
