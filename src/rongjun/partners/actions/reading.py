"""What a call's body holds, and whether a signature is the partner's."""

from __future__ import annotations

import hmac
import json

from rongjun.kernel.crypto import SM2_DEFAULT_USER_ID, Algorithm, PublicKey
from rongjun.kernel.crypto.symmetric import keyed_digest
from rongjun.partners import logic
from rongjun.partners.logic import Envelope, Fault, Head, Line
from rongjun.partners.queries import formats


def is_signed(algorithm: str, key: bytes, signed: bytes, signature: str) -> bool:
    """Whether the signature (hex) over these bytes was made with the partner's key."""
    try:
        given = bytes.fromhex(signature)
    except ValueError:
        return False
    if algorithm == Algorithm.HMAC_SM3:
        return hmac.compare_digest(keyed_digest(Algorithm.HMAC_SM3, key, signed), given)
    user = SM2_DEFAULT_USER_ID if algorithm == Algorithm.SM2 else None
    return PublicKey(Algorithm(algorithm), key, user).verify(signed, given)


def read_call(body: bytes, *, partner: str) -> tuple[Head | None, Envelope | Fault]:
    """Head and envelope of a call's JSON (contracts/inbound.schema.json), or what is wrong with it."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return None, Fault("json", "正文 ≠ 一个 JSON 对象（UTF-8）", _SCHEMA)
    names = {"format", "business_date", "sequence", "count", "total", "items"}
    if not isinstance(said, dict) or set(said) != names or not isinstance(said["items"], list):
        return None, Fault("json", f"正文的字段 ≠ {{{'、'.join(sorted(names))}}}", _SCHEMA)
    numbers = [said[name] for name in ("sequence", "count", "total")]
    texts = [said[name] for name in ("format", "business_date")]
    if any(type(each) is not int for each in numbers) or any(type(each) is not str for each in texts):
        return None, Fault("json", "format、business_date 应为文字，sequence、count、total 应为整数", _SCHEMA)
    head = logic.read_head([texts[0], partner, texts[1], *map(str, numbers), "UTF-8"])
    if isinstance(head, Fault):
        return None, head
    known = formats().get(head.format)
    if known is None or known.bulk:
        return head, Fault("unknown-format", f"格式 {head.format} ∉ 这个接口收的格式", _SCHEMA)
    lines = [_line_of(place, item, known) for place, item in enumerate(said["items"], start=1)]
    return head, logic.envelope_of(head, lines, known)


_SCHEMA = "请对照 contracts/inbound.schema.json 改正，换一个幂等键重发。"


def _line_of(place: int, item: object, known: logic.Format) -> Line:
    if not isinstance(item, dict) or set(item) != {"key", "fields"} or not isinstance(item["fields"], dict):
        return Line(place, f"line-{place}", {}, "这一项应有 key 和 fields 两个字段。")
    fields = item["fields"]
    if not set(fields) <= set(known.columns) or not all(type(text) is str for text in fields.values()):
        return Line(place, f"line-{place}", {}, "fields 里有约定之外的字段，或有不是文字的值。")
    key = item["key"] if type(item["key"]) is str else ""
    return logic.read_line(place, [key, *(fields.get(name, "") for name in known.columns)], known)
