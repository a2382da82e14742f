"""What is packed for keeping, and a recorded decision set beside a new one. No Django, no clock."""

from __future__ import annotations

import io
import json
import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
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
    held = pl.read_ipc_schema(io.BytesIO(content))
    return pl.read_ipc(io.BytesIO(content), columns=[name for name in held if name in columns])


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
