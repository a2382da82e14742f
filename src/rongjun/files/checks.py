"""Whether a file is what it seems, wholly and only: by its content, never by its name. No Django, no clock.

Runs in a process of its own (`checker.py`), since whoever wrote the file wanted something, too.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image
from pypdf import PdfReader
from pypdf.errors import PyPdfError
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject

from rongjun.files.logic import JPEG, PDF, PNG
from rongjun.kernel.errors import Refused

# A page of A4 at 600 dpi has 35 million pixels, a telephone's picture 12 to 50 million.
MOST_PIXELS = 50_000_000
MOST_PDF_OBJECTS = 200_000
POSITION = "position"
_GPS = 0x8825
_WEB_PAGE = re.compile(rb"<(?:!doctype\s+html|html|head|body|script|svg|iframe)[\s>]", re.IGNORECASE)
_SNIFFED = 4096
_PADDING = b"\0\r\n\t "


@dataclass(frozen=True, slots=True)
class Sound:
    """A file that passed: what it is, and what is worth saying (`position`: it tells where it was taken)."""

    media_type: str
    notes: tuple[str, ...] = ()


def inspect(content: bytes) -> Sound:
    """What the file is; raises Refused with a code files.* when it is not a sound PDF, JPEG or PNG only."""
    if content.startswith(b"%PDF-"):
        _refuse_second_nature(content)
        _inspect_pdf(content)
        return Sound(PDF)
    if content.startswith(b"\xff\xd8\xff"):
        _refuse_second_nature(content)
        _refuse_tail(content, end=_end_of_jpeg(content))
        return Sound(JPEG, _inspect_picture(content, "JPEG"))
    if content.startswith(_PNG_MARK):
        _refuse_second_nature(content)
        _refuse_tail(content, end=_end_of_png(content))
        return Sound(PNG, _inspect_picture(content, "PNG"))
    raise Refused("files.wrong-kind")


def _refuse_second_nature(content: bytes) -> None:
    """A file that another program would read as something else is refused, whatever else it is."""
    if zipfile.is_zipfile(io.BytesIO(content)) or _WEB_PAGE.search(content[:_SNIFFED]):
        raise Refused("files.two-in-one")


def _refuse_tail(content: bytes, *, end: int) -> None:
    """Nothing may hang on after a picture's end, except further whole pictures, as telephones write them."""
    rest = content[end:].lstrip(_PADDING)
    while rest.startswith(b"\xff\xd8\xff"):
        rest = rest[_end_of_jpeg(rest) :].lstrip(_PADDING)
    if rest:
        raise Refused("files.two-in-one")


# --- pictures -----------------------------------------------------------------------------------------------

_PNG_MARK = b"\x89PNG\r\n\x1a\n"
_STANDALONE = {0x01, *range(0xD0, 0xD8)}
_SCAN, _END = 0xDA, 0xD9


def _end_of_jpeg(content: bytes) -> int:
    """Where the first picture ends, walking its segments."""
    at = 2
    while True:
        marker, at = _next_marker(content, at)
        if marker == _END:
            return at
        if marker in _STANDALONE:
            continue
        length = int.from_bytes(content[at : at + 2], "big")
        if length < 2 or at + length > len(content):
            raise Refused("files.picture-unsound")
        at += length
        if marker == _SCAN:
            at = _end_of_scan(content, at)


def _next_marker(content: bytes, at: int) -> tuple[int, int]:
    if at + 2 > len(content) or content[at] != 0xFF:
        raise Refused("files.picture-unsound")
    while at < len(content) and content[at] == 0xFF:
        at += 1
    if at >= len(content):
        raise Refused("files.picture-unsound")
    return content[at], at + 1


def _end_of_scan(content: bytes, at: int) -> int:
    """Where the coded data end: at the first mark that is no stuffed byte and no restart."""
    while True:
        at = content.find(b"\xff", at)
        if at < 0 or at + 1 >= len(content):
            raise Refused("files.picture-unsound")
        if content[at + 1] != 0 and not 0xD0 <= content[at + 1] <= 0xD7:
            return at
        at += 2


def _end_of_png(content: bytes) -> int:
    """Where the picture ends, walking its chunks; each must be whole."""
    at = len(_PNG_MARK)
    while at + 12 <= len(content):
        length, kind = int.from_bytes(content[at : at + 4], "big"), content[at + 4 : at + 8]
        end = at + 12 + length
        if end > len(content) or kind == b"acTL":
            break
        if zlib.crc32(content[at + 4 : end - 4]) != int.from_bytes(content[end - 4 : end], "big"):
            break
        if kind == b"IEND":
            return end
        at = end
    raise Refused("files.picture-unsound")


def _inspect_picture(content: bytes, kind: str) -> tuple[str, ...]:
    """Notes on a picture that can be drawn to its last row; one with too many pixels is not even begun."""
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    try:
        with Image.open(io.BytesIO(content), formats=[kind]) as picture:
            width, height = picture.size
            if width * height > MOST_PIXELS:
                raise Refused("files.picture-too-large", most=MOST_PIXELS // 1_000_000)
            notes = (POSITION,) if _GPS in picture.getexif() else ()
            picture.load()
    except Image.DecompressionBombError as error:
        raise Refused("files.picture-too-large", most=MOST_PIXELS // 1_000_000) from error
    except (OSError, SyntaxError, ValueError, OverflowError, EOFError) as error:
        raise Refused("files.picture-unsound") from error
    return notes


# --- PDF ----------------------------------------------------------------------------------------------------

_ACTIVE = {"/JS", "/JavaScript", "/XFA", "/RichMediaContent"}
_ACTIONS = {
    "/JavaScript",
    "/Launch",
    "/ImportData",
    "/SubmitForm",
    "/GoToE",
    "/Rendition",
    "/RichMediaExecute",
}
_CARRIERS = {"/EF", "/EmbeddedFiles"}
_CARRYING = {"/EmbeddedFile", "/FileAttachment"}
_ACTIVE_KINDS = {"/RichMedia", "/3D", "/Movie", "/Screen"}
_IN_THE_OPEN = ((rb"/JavaScript\b", True), (rb"/Launch\b", True), (rb"/EmbeddedFiles?\b", False))


def _inspect_pdf(content: bytes) -> None:
    end = content.rfind(b"%%EOF")
    if end < 0:
        raise Refused("files.pdf-unsound")
    if content[end + len(b"%%EOF") :].strip(_PADDING):
        raise Refused("files.two-in-one")
    try:
        reader = PdfReader(io.BytesIO(content), strict=False)
        if reader.is_encrypted:
            raise Refused("files.pdf-locked")
        for found in _things_in(reader):
            _refuse_active(found)
        if not len(reader.pages):
            raise Refused("files.pdf-unsound")
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, OSError) as error:
        raise Refused("files.pdf-unsound") from error
    _refuse_in_the_open(content)


def _things_in(reader: PdfReader) -> Iterator[DictionaryObject]:
    """Every dictionary of the file, whether or not a page leads to it."""
    listed = {(number, generation) for generation, at in reader.xref.items() for number in at}
    listed |= {(number, 0) for number in reader.xref_objStm}
    if len(listed) > MOST_PDF_OBJECTS:
        raise Refused("files.too-hard-to-check")
    yield from _dictionaries(reader.trailer)
    for number, generation in sorted(listed):
        yield from _dictionaries(IndirectObject(number, generation, reader).get_object())


def _dictionaries(root: object) -> Iterator[DictionaryObject]:
    waiting = [root]
    while waiting:
        each = waiting.pop()
        if isinstance(each, DictionaryObject):
            yield each
            waiting.extend(each.values())
        elif isinstance(each, ArrayObject):
            waiting.extend(each)


def _refuse_active(found: DictionaryObject) -> None:
    keys, said = found.keys(), {str(found.raw_get(name)) for name in ("/Type", "/Subtype") if name in found}
    if keys & _CARRIERS or said & _CARRYING:
        raise Refused("files.pdf-attachments")
    action = str(found.raw_get("/S")) if "/S" in found else ""
    if keys & _ACTIVE or action in _ACTIONS or said & _ACTIVE_KINDS:
        raise Refused("files.pdf-active")


def _refuse_in_the_open(content: bytes) -> None:
    """The same words anywhere outside: another reader may find objects that ours did not list."""
    plain = re.sub(rb"#([0-9A-Fa-f]{2})", lambda found: bytes.fromhex(found[1].decode()), content)
    for words, is_active in _IN_THE_OPEN:
        if re.search(words, plain):
            if is_active:
                raise Refused("files.pdf-active")
            raise Refused("files.pdf-attachments")
