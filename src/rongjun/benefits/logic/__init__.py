"""What is packed for keeping, a recorded decision beside a new one, what may become of an offer. No clock."""

from __future__ import annotations

import io
import json
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

import polars as pl

from rongjun.kernel.words import Words
from rongjun.rules.api import PERSON, Book, Value, decide, decision_bytes

Outcome = Literal["same", "differs", "not-in-force"]
OUTCOME_WORDS: Words[Mapping[Outcome, str]] = {
    "same": "一字不差",
    "differs": "结果不同",
    "not-in-force": "这本书里没有这一项",
}


def pack(files: Mapping[str, bytes]) -> bytes:
    """Files as one compressed JSON object; the same files give the same bytes."""
    texts = {name: raw.decode("utf-8") for name, raw in sorted(files.items())}
    return zlib.compress(json.dumps(texts, ensure_ascii=False, separators=(",", ":")).encode(), 9)


def unpack(content: bytes) -> dict[str, bytes]:
    """The files again."""
    return {name: text.encode() for name, text in json.loads(zlib.decompress(content)).items()}


def pack_table(frame: pl.DataFrame) -> bytes:
    """A table as compressed Arrow: any column can be read again without the others."""
    out = io.BytesIO()
    frame.write_ipc(out, compression="zstd")
    return out.getvalue()


def unpack_table(content: bytes, *, columns: Collection[str] | None = None) -> pl.DataFrame:
    """The table again, or those of these columns that it has."""
    if columns is None:
        return pl.read_ipc(io.BytesIO(content))
    wanted = [name for name in columns_of(content) if name in columns]
    return pl.read_ipc(io.BytesIO(content), columns=wanted)


def columns_of(content: bytes) -> list[str]:
    """The columns of a packed table, without unpacking it."""
    return list(pl.read_ipc_schema(io.BytesIO(content)))


Counts = dict[str, tuple[int, int, int]]


def counts_of(wide: pl.DataFrame) -> Counts:
    """For each benefit of a sweep: how many it is granted to, unknown for, and not granted to."""
    told = wide.drop(PERSON)
    granted, unknown = told.sum(), told.null_count()
    found: Counts = {}
    for code in told.columns:
        yes, open_ = int(granted[code][0] or 0), int(unknown[code][0])
        found[code] = (yes, open_, wide.height - yes - open_)
    return found


def sum_of(counts: Collection[Mapping[str, Collection[int]]]) -> Counts:
    """The counts of several parts together."""
    found: Counts = {}
    for part in counts:
        for code, (yes, open_, no) in part.items():
            before = found.get(code, (0, 0, 0))
            found[code] = (before[0] + yes, before[1] + open_, before[2] + no)
    return found


@dataclass(frozen=True, slots=True)
class Replayed:
    """One recorded decision decided again: the verdicts then and now, and the conditions that changed."""

    code: str
    title: str
    outcome: Outcome
    before: str
    after: str
    why: tuple[str, ...]


def replay_one(content: str, book: Book) -> Replayed:
    """Decide a recorded decision again under a book, from the facts and relations it keeps.

    Under its own book the bytes must be the same; under another only what a person would notice counts:
    the verdict and how each condition stands.
    """
    kept = json.loads(content)
    code, title, before = str(kept["code"]), str(kept["title"]), str(kept["verdict"])
    if code not in book.benefits:
        return Replayed(code, title, "not-in-force", before, "", ())
    again = decide(
        book,
        code=code,
        facts=_known(kept["facts"], book),
        relations=[_known(each, book) for each in kept["relations"]],
        on=date.fromisoformat(kept["on"]),
    )
    if again is None:
        return Replayed(code, title, "not-in-force", before, "", ())
    if kept["book"] == book.digest:
        same = decision_bytes(again).decode() == content
        return Replayed(code, title, "same" if same else "differs", before, again.verdict, ())
    stood = {reason["text"]: reason["state"] for reason in kept["reasons"]}
    stands = {reason.text: reason.state for reason in again.reasons}
    why = tuple(text for text in stands if stood.get(text) != stands[text])
    why += tuple(text for text in stood if text not in stands)
    outcome: Outcome = "differs" if why or before != again.verdict else "same"
    return Replayed(code, title, outcome, before, again.verdict, why)


def _known(held: Mapping[str, Value], book: Book) -> dict[str, Value]:
    """What this book's vocabulary can speak of."""
    return {name: value for name, value in held.items() if name in book.vocabulary.facts}


# --- what is offered without a form -------------------------------------------------------------------------

OfferState = Literal["offered", "accepted", "declined", "lapsed", "withdrawn"]
Answer = Literal["accepted", "declined"]
OFFER_WORDS: Words[Mapping[OfferState, str]] = {
    "offered": "等本人答复",
    "accepted": "本人接受",
    "declined": "本人不要",
    "lapsed": "到期没有答复",
    "withdrawn": "已撤回，不再符合",
}
# How a clerk was told, and how it was said without one.
CHANNELS: Words[Mapping[str, str]] = {
    "counter": "到窗口说的",
    "phone": "电话里说的",
    "visit": "上门时说的",
    "letter": "书面答复",
}
ONLINE_CHANNELS: Words[Mapping[str, str]] = {"online": "本人在网上说的", "online-helper": "代办人在网上说的"}
GROUNDS: Words[Mapping[str, str]] = {"not-entitled": "不再符合条件", "own-wish": "本人不要了"}
# Nobody is held to a silence or to a first no: while entitled a person may still say yes.
_ANSWERED_FROM: Mapping[Answer, frozenset[OfferState]] = {
    "accepted": frozenset({"offered", "lapsed", "declined"}),
    "declined": frozenset({"offered", "lapsed"}),
}


def answered_from(answer: Answer) -> frozenset[OfferState]:
    """The states of an offer in which this answer can be given."""
    return _ANSWERED_FROM[answer]


def facts_told(
    people: pl.DataFrame, relations: pl.DataFrame, *, names: Collection[str], of: Collection[str]
) -> Iterator[tuple[str, str]]:
    """(person, JSON of the facts with these names and of those of each relation); unknown ones left out."""
    kin: dict[str, list[dict[str, object]]] = {}
    for person, told in _told(relations, names=names, of=of):
        kin.setdefault(person, []).append(told)
    for person, told in _told(people, names=names, of=of):
        content = {"facts": told, "relations": kin.get(person, [])}
        yield person, json.dumps(content, ensure_ascii=False, sort_keys=True, default=date.isoformat)


def _told(
    frame: pl.DataFrame, *, names: Collection[str], of: Collection[str]
) -> Iterator[tuple[str, dict[str, object]]]:
    columns = [PERSON, *(name for name in frame.columns if name in names)]
    asked = frame.select(columns).filter(pl.col(PERSON).is_in(list(of)))
    for person, *values in asked.iter_rows():
        yield (
            person,
            {name: value for name, value in zip(columns[1:], values, strict=True) if value is not None},
        )


@dataclass(frozen=True, slots=True)
class TakeUpLine:
    """One benefit in one county: how many are entitled to it, and how far it has reached them.

    Of the `unknown` nobody can say yet whether they are.
    """

    code: str
    division: int
    entitled: int
    unknown: int
    accepted: int
    declined: int
    waiting: int
    lapsed: int
    counted_at: datetime

    @property
    def offered(self) -> int:
        """To whom it was offered, whatever they said."""
        return self.accepted + self.declined + self.waiting + self.lapsed

    @property
    def not_reached(self) -> int:
        """Entitled, and nobody has told them yet."""
        return max(0, self.entitled - self.offered)

    @property
    def gap(self) -> int:
        """Entitled and without it, for whatever reason."""
        return max(0, self.entitled - self.accepted)


def all_together(lines: Iterable[TakeUpLine], *, division: int) -> list[TakeUpLine]:
    """The lines of several counties as one for each benefit, by code; as old as the oldest of them."""
    by_code: dict[str, list[TakeUpLine]] = {}
    for line in lines:
        by_code.setdefault(line.code, []).append(line)
    return [
        TakeUpLine(
            code,
            division,
            sum(each.entitled for each in held),
            sum(each.unknown for each in held),
            sum(each.accepted for each in held),
            sum(each.declined for each in held),
            sum(each.waiting for each in held),
            sum(each.lapsed for each in held),
            min(each.counted_at for each in held),
        )
        for code, held in sorted(by_code.items())
    ]
