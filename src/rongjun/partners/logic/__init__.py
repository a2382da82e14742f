"""Files of partners, read with suspicion: envelope, equations, what a signature covers. No clock."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from rongjun.kernel.crypto import sm3

LARGEST_FILE = 50 * 1024 * 1024  # bytes; a day of the largest feed is under 2 MB
MOST_LINES = 200_000
MOST_BULK_LINES = 600_000  # a day of the largest operator is 300,000
PART_LINES = 10_000  # lines of a bulk batch that are sealed together
LATEST_DAYS = 14  # a file may be this many days late; older is a wrong clock (待局方确认)
REPLAY_WINDOW = timedelta(minutes=5)
CHARSETS: Mapping[str, str] = {"UTF-8": "utf-8", "GB18030": "gb18030"}

_SIZE = re.compile(r"0|[1-9]\d{0,11}", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}", re.ASCII)
# A partner's own reference must not be somebody's number: references stand in lists and logs.
_PERSONAL = re.compile(r"\d{15}|\d{17}[\dXx]|1\d{10}", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
AMOUNT = "amount"


# --- formats ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Format:
    """One kind of file: `columns` after line number and key; `control` is the column that adds up.

    A control of kind "amount" adds up in fen, any other is a date that adds up by its digits. The lines of
    a `bulk` format stay together, sealed in parts, and their owner counts what became of them. An `outbound`
    one is what we send; `consent` the purpose to which whoever a line is about must have agreed.
    """

    code: str
    title: str
    columns: tuple[str, ...]
    control: str
    control_kind: str = "date"
    bulk: bool = False
    outbound: bool = False
    consent: str = ""

    @property
    def feed(self) -> str:
        """The name without its version."""
        return self.code.split("/")[0]

    def controlled(self, text: str) -> int:
        """What a line with this in its control column adds to the total; 0 where nothing can be read."""
        if self.control_kind == AMOUNT:
            return int(text) if _SIZE.fullmatch(text) else 0
        return int(text.replace("-", "")) if _DATE.fullmatch(text) else 0


@dataclass(frozen=True, slots=True)
class Line:
    """One line: `fields` by column, or `fault`, a sentence that says why it cannot be read."""

    number: int
    key: str
    fields: Mapping[str, str]
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Head:
    """What a batch says of itself before its lines."""

    format: str
    partner: str
    business_date: date
    sequence: int
    count: int
    total: int
    charset: str = "UTF-8"


@dataclass(frozen=True, slots=True)
class Envelope:
    """A batch that was read; whether its equations hold is for `fault_of_content` to say.

    A bulk one has `rows`, its lines as they came, without their line ends; any other has `lines`.
    """

    head: Head
    lines: tuple[Line, ...]
    total: int
    rows: tuple[str, ...] = ()

    @property
    def found(self) -> int:
        """How many lines there really are."""
        return len(self.lines) + len(self.rows)


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a batch is put into quarantine: the equation that fails, in words, and what to do about it."""

    code: str
    equation: str
    todo: str


# A file of a partner with a public key comes with `FILE.sig`: the signature over its bytes, in hex.
NOT_SIGNED = Fault(
    "not-signed",
    "文件旁边的签名（同名加 .sig）≠ 有：与这个单位约定每件都签名",
    "请对方先放签名、再放文件，内容不变重发一次。",
)
WRONGLY_SIGNED = Fault(
    "wrongly-signed",
    "附来的签名 ≠ 登记的密钥对这个文件的签名",
    "请对方核对签的是不是这个文件、用的是不是登记的密钥，连同签名重发；说没有发过的，按可疑来件上报。",
)


# --- reading ------------------------------------------------------------------------------------------------


def read_file(content: bytes, formats: Mapping[str, Format]) -> tuple[Head | None, Envelope | Fault]:
    """Head (as far as it could be read) and envelope of a file, or the first equation that fails."""
    if not content:
        return None, Fault("empty", "文件长度 0 ≠ 至少一行", _AGAIN)
    if len(content) > LARGEST_FILE:
        said = f"文件 {len(content):,} 字节 > 上限 {LARGEST_FILE:,} 字节"
        return None, Fault("too-large", said, "请把一天的数据分成几个流水号发送。")
    first, _, rest = content.partition(b"\n")
    head = _read_head(first)
    if isinstance(head, Fault):
        return None, head
    unfit = _fault_of_format(head, formats)
    if unfit is not None:
        return head, unfit
    body, trailer, after = _cut_trailer(rest)
    if trailer is None or after:
        return head, Fault("truncated", "末行 ≠ 以 T 开头的尾行：文件不完整", _AGAIN)
    return head, _read_body(head, first, body, trailer, formats[head.format])


_AGAIN = "请对方重新生成并发送整个文件，流水号不变。"
_MEND = "请对方核对后改正，用同一业务日期、同一流水号重发。"


def _fault_of_format(head: Head, formats: Mapping[str, Format]) -> Fault | None:
    known = formats.get(head.format)
    if known is None:
        return Fault("unknown-format", f"格式 {head.format} ∉ {{{'、'.join(sorted(formats))}}}", _MEND)
    if head.count > MOST_LINES and not known.bulk:
        return Fault("head", f"行数最多 {MOST_LINES:,}", _MEND)
    return None


def _read_head(first: bytes) -> Head | Fault:
    try:
        parts = first.decode("ascii").removesuffix("\r").split(",")
    except UnicodeDecodeError:
        return Fault("head", "首行有 ASCII 以外的字符", _MEND)
    if len(parts) != 8 or parts[0] != "H":
        return Fault("head", f"首行 {len(parts)} 项 ≠ 以 H 开头的 8 项", _MEND)
    return read_head(parts[1:])


def read_head(parts: Sequence[str]) -> Head | Fault:
    """The head from its seven parts as text, or the part that cannot be read."""
    code, partner, day, sequence, count, total, charset = parts
    when = read_day(day)
    are_sizes = all(_SIZE.fullmatch(text) for text in (sequence, count, total)) and sequence != "0"
    checks = (
        (re.fullmatch(r"[a-z][a-z-]{0,30}/[1-9]\d?", code, re.ASCII), "格式代码 ≠ 形如 deaths/1"),
        (re.fullmatch(r"[a-z][a-z0-9-]{0,30}", partner, re.ASCII), "单位代码 ≠ 小写字母开头的代码"),
        (when, "业务日期 ≠ 形如 2026-11-30 的日期"),
        (are_sizes, "流水号、行数、控制总数 ≠ 不带前导零的非负整数（流水号从 1 起）"),
        (
            are_sizes and int(sequence) < 2**31 and int(count) <= MOST_BULK_LINES,
            f"行数最多 {MOST_BULK_LINES:,}",
        ),
        (charset in CHARSETS, f"字符集 ∉ {{{'、'.join(CHARSETS)}}}"),
    )
    failing = next((said for holds, said in checks if not holds), None)
    if failing is not None or when is None:
        return Fault("head", failing or "", _MEND)
    return Head(code, partner, when, int(sequence), int(count), int(total), charset)


def read_day(text: str) -> date | None:
    """The day a text like 2026-11-30 names; None when it names none."""
    try:
        return date.fromisoformat(text) if _DATE.fullmatch(text) else None
    except ValueError:
        return None


def _cut_trailer(rest: bytes) -> tuple[bytes, bytes | None, bytes]:
    """Lines, the trailer and what comes after it; no trailer when the file does not end in a whole one."""
    if not rest.endswith(b"\n"):
        return rest, None, b""
    body, _, trailer = rest[:-1].rpartition(b"\n")
    body = body + b"\n" if body else b""
    return body, trailer if trailer.startswith(b"T,") else None, b""


def _read_body(head: Head, first: bytes, body: bytes, trailer: bytes, known: Format) -> Envelope | Fault:
    said = trailer.decode("ascii", "replace").removesuffix("\r").split(",")
    if len(said) != 4 or not all(map(_SIZE.fullmatch, said[1:3])) or not _DIGEST.fullmatch(said[3]):
        return Fault("truncated", "尾行 ≠ T,行数,控制总数,SM3（64 位小写十六进制）", _AGAIN)
    digest = sm3(first + b"\n" + body).hex()
    if digest != said[3]:
        return Fault("digest", f"内容的 SM3 {digest[:12]}… ≠ 尾行写的 {said[3][:12]}…", _AGAIN)
    try:
        text = body.decode(CHARSETS[head.charset])
    except UnicodeDecodeError as error:
        place = body[: error.start].count(b"\n") + 1
        return Fault("charset", f"第 {place} 行的字节 ∉ 首行声明的字符集 {head.charset}", _MEND)
    if (int(said[1]), int(said[2])) != (head.count, head.total):
        told = f"首行（{head.count} 行，总数 {head.total}）≠ 尾行（{said[1]} 行，总数 {said[2]}）"
        return Fault("count", told, _MEND)
    rows = text.replace("\r\n", "\n").split("\n")[:-1]
    return _misnumbered(rows) or (_read_bulk if known.bulk else _read_lines)(head, rows, known)


def _misnumbered(rows: Sequence[str]) -> Fault | None:
    for place, row in enumerate(rows, start=1):
        if not row.startswith(f"{place},") and row != str(place):
            numbered = row.partition(",")[0]
            shown = numbered if _SIZE.fullmatch(numbered) else "（不是数字）"
            said = f"第 {place} 行的行号 {shown} ≠ {place}：有行丢失、重复或乱序"
            return Fault("line-numbers", said, _AGAIN)
    return None


def _read_lines(head: Head, rows: Sequence[str], known: Format) -> Envelope:
    return envelope_of(
        head, [_read_line(place, row, known) for place, row in enumerate(rows, start=1)], known
    )


def _read_bulk(head: Head, rows: Sequence[str], known: Format) -> Envelope:
    """Counts and adds up only: 300,000 lines are read when their owner takes them up."""
    place = known.columns.index(known.control) + 2
    total = 0
    for row in rows:
        parts = _split(row)
        if len(parts) > place:
            total += known.controlled(parts[place])
    return Envelope(head, (), total, tuple(rows))


def envelope_of(head: Head, lines: Sequence[Line], known: Format) -> Envelope:
    """The envelope with the control total that its lines really have."""
    total = sum(known.controlled(line.fields.get(known.control, "")) for line in lines)
    return Envelope(head, tuple(lines), total)


def read_rows(rows: Sequence[str], known: Format, *, first: int) -> list[Line]:
    """The lines of part of a bulk batch; `first` is the number of the first."""
    return [_read_line(place, row, known) for place, row in enumerate(rows, start=first)]


def _read_line(place: int, row: str, known: Format) -> Line:
    parts = _split(row)
    if not parts:
        return Line(place, f"line-{place}", {}, "这一行的引号不成对或太长，读不出来。")
    return read_line(place, parts[1:], known)


def _split(row: str) -> list[str]:
    """The parts of a row; none when its quotes do not match."""
    if '"' not in row:
        return row.split(",")
    try:
        return next(csv.reader([row], strict=True))
    except csv.Error:
        return []


def read_line(place: int, parts: Sequence[str], known: Format) -> Line:
    """A line from its key and columns; what is wrong with it is said in its `fault`."""
    key = parts[0] if parts else ""
    fields = dict(zip(known.columns, parts[1:], strict=False))
    if not _KEY.fullmatch(key):
        return Line(place, f"line-{place}", fields, "对方业务编号为空，或有字母、数字、._:/- 以外的字符。")
    if _PERSONAL.fullmatch(key):
        return Line(place, f"line-{place}", fields, "对方业务编号像是证件号码或电话，编号不能用个人号码。")
    if any(map(_CONTROL.search, parts)):
        return Line(place, f"line-{place}", {}, "这一行里有控制字符，不是正常的文字。")
    if len(parts) != len(known.columns) + 1:
        return Line(place, key, fields, f"这一行有 {len(parts) + 1} 项，应为 {len(known.columns) + 2} 项。")
    return Line(place, key, fields)


# --- judging ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Setting:
    """What a batch is judged against: who really sent it, what came before it, and the day it is."""

    partner: str
    formats: Sequence[str]
    last_sequence: int
    today: date


def fault_of_head(head: Head, setting: Setting) -> Fault | None:
    """Whether this partner may send this now; None when nothing is wrong."""
    if head.partner != setting.partner:
        return Fault("partner", f"首行的单位 {head.partner} ≠ 来件的单位 {setting.partner}", _MEND)
    if head.format not in setting.formats:
        return Fault(
            "not-agreed", f"格式 {head.format} ∉ 与 {setting.partner} 约定的格式", "请先约定这个格式。"
        )
    day, today = head.business_date, setting.today
    if day > today:
        said = f"业务日期 {day} > 今天 {today}：来自未来"
        return Fault("future", said, "请对方核对时钟，改正后重发。")
    if (today - day).days > LATEST_DAYS:
        said = f"业务日期 {day} 距今天 {today} 有 {(today - day).days} 天 > {LATEST_DAYS} 天"
        return Fault("clock", said, "请对方核对时钟（月份是否写错）；确是补发旧数据的，先与市局约定。")
    return None


def fault_of_content(envelope: Envelope) -> Fault | None:
    """Whether count and control total come out; None when they do."""
    head = envelope.head
    if envelope.found != head.count:
        return Fault("count", f"首行写 {head.count} 行 ≠ 实有 {envelope.found} 行", _MEND)
    if envelope.total != head.total:
        return Fault("total", f"首行控制总数 {head.total} ≠ 各行相加 {envelope.total}", _MEND)
    return None


def fault_of_order(head: Head, setting: Setting) -> Fault | None:
    """Whether it is this batch's turn; None when it is."""
    due = setting.last_sequence + 1
    if head.sequence > due:
        said = f"流水号 {head.sequence} ≠ 应为 {due}：前面的还没有到"
        return Fault(GAP, said, f"等流水号 {due} 到了会自动接着收这一件；没有发过的请对方补发。")
    if head.sequence < due:
        said = (
            f"流水号 {head.sequence} 已收过（收到第 {setting.last_sequence} 号），这一件的内容 ≠ 收过的那件"
        )
        return Fault("sequence-taken", said, "先收的有效。要更正已收的内容，请对方用下一个流水号发更正。")
    return None


GAP = "sequence-gap"


def due_at(business_date: date, hour: str) -> tuple[date, time]:
    """A day's file is due on the next day, by this hour (HH:MM, local)."""
    return business_date + timedelta(days=1), time.fromisoformat(hour)


# --- calls --------------------------------------------------------------------------------------------------

# What a refused call is answered, by the code of the refusal.
CALL_STATUS: Mapping[str, int] = {
    "partners.unknown-partner": 401,
    "partners.call-not-genuine": 401,
    "partners.call-outside-window": 401,
    "partners.call-digest": 400,
    "partners.call-key-unfit": 400,
    "partners.call-too-large": 413,
    "partners.call-key-reused": 409,
    "partners.call-quota": 429,
}


def statement(*, method: str, path: str, timestamp: str, key: str, digest: str) -> bytes:
    """What a partner signs: five lines, so that nothing can be moved from one into another."""
    assert "\n" not in method + path + timestamp + key + digest
    return "\n".join((method, path, timestamp, key, digest)).encode()


def read_moment(text: str) -> datetime | None:
    """The moment of a call, as 2026-11-30T08:00:00+08:00; None without an offset or when it is none."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def is_fit_key(text: str) -> bool:
    """Whether this can be an idempotency key: 8 to 64 letters, digits, dot, dash, underscore."""
    return re.fullmatch(r"[A-Za-z0-9._-]{8,64}", text, re.ASCII) is not None


# --- writing ------------------------------------------------------------------------------------------------


def write_file(
    known: Format,
    rows: Iterable[Sequence[str]],
    *,
    partner: str,
    business_date: date,
    sequence: int,
    charset: str = "UTF-8",
    count: int | None = None,
    total: int | None = None,
) -> bytes:
    """A file of these rows (key and columns); `count` and `total` only to say something wrong on purpose."""
    kept = [list(row) for row in rows]
    place = known.columns.index(known.control) + 1
    summed = sum(known.controlled(row[place]) if len(row) > place else 0 for row in kept)
    said = (len(kept) if count is None else count, summed if total is None else total)
    head = f"H,{known.code},{partner},{business_date},{sequence},{said[0]},{said[1]},{charset}\n"
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerows([str(number), *row] for number, row in enumerate(kept, start=1))
    content = head.encode("ascii") + out.getvalue().encode(CHARSETS[charset])
    return content + f"T,{said[0]},{said[1]},{sm3(content).hex()}\n".encode("ascii")
