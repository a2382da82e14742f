"""Files as people and attackers make them, for the tests: drawn and written here, of nobody."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable

from PIL import Image
from pypdf import PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject, NameObject, TextStringObject

from rongjun.files.scanner_simulator import EICAR


def jpeg(*, size: tuple[int, int] = (64, 48), gps: bool = False, comment: bytes = b"") -> bytes:
    """A small photograph of nothing."""
    exif = Image.Exif()
    if gps:
        exif.get_ifd(0x8825)[1] = "N"
    out = io.BytesIO()
    Image.new("RGB", size, (120, 20, 30)).save(out, "JPEG", exif=exif, comment=comment or None)
    return out.getvalue()


def png(*, size: tuple[int, int] = (64, 48)) -> bytes:
    """A small scan of nothing."""
    out = io.BytesIO()
    Image.new("RGB", size, (250, 248, 245)).save(out, "PNG")
    return out.getvalue()


def pdf(change: Callable[[PdfWriter], object] | None = None, *, pages: int = 1) -> bytes:
    """A document of blank pages, changed before it is written."""
    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(width=595, height=842)
    if change:
        change(writer)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def with_script(writer: PdfWriter) -> None:
    """A document that runs a script when it is opened."""
    writer.root_object[NameObject("/OpenAction")] = DictionaryObject(
        {NameObject("/S"): NameObject("/JavaScript"), NameObject("/JS"): TextStringObject("app.alert(1)")}
    )


def with_launch(writer: PdfWriter) -> None:
    """A document that starts a program when it is opened."""
    writer.root_object[NameObject("/OpenAction")] = DictionaryObject(
        {NameObject("/S"): NameObject("/Launch"), NameObject("/F"): TextStringObject("cmd.exe")}
    )


def with_launch_on_a_link(writer: PdfWriter) -> None:
    """A document whose page starts a program when it is clicked."""
    action = DictionaryObject({NameObject("/S"): NameObject("/Launch")})
    link = DictionaryObject({NameObject("/Subtype"): NameObject("/Link"), NameObject("/A"): action})
    writer.pages[0][NameObject("/Annots")] = ArrayObject([writer._add_object(link)])


def with_attachment(writer: PdfWriter) -> None:
    """A document that carries another file."""
    writer.add_attachment("测试.txt", b"hidden")


def with_form_program(writer: PdfWriter) -> None:
    """A document with an XFA form."""
    writer.root_object[NameObject("/AcroForm")] = DictionaryObject(
        {NameObject("/XFA"): TextStringObject("<xdp/>")}
    )


def with_password(writer: PdfWriter) -> None:
    """A document only its password opens."""
    writer.encrypt("secret", algorithm="RC4-128")


def zip_of(name: str = "x.txt") -> bytes:
    """An archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(name, b"something else")
    return out.getvalue()


def pdf_and_zip() -> bytes:
    """Reads as a document and as an archive: the archive's comment is the document's end."""
    head, tail = pdf(), b"\n%%EOF\n"
    archive = zip_of()
    comment = struct.pack("<H", len(tail)) + tail
    return head + archive[:-2] + comment


def png_bomb(*, side: int = 60_000) -> bytes:
    """A few kilobytes that would unpack to gigabytes of pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    packer = zlib.compressobj(9)
    rows = b"".join(packer.compress(bytes(side // 8 + 1)) for _ in range(side)) + packer.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def png_text_bomb() -> bytes:
    """A small picture with a comment of two hundred megabytes, packed."""
    body = b"Comment\0\0" + zlib.compress(b"A" * (200 * 1024 * 1024), 9)
    chunk = struct.pack(">I", len(body)) + b"zTXt" + body + struct.pack(">I", zlib.crc32(b"zTXt" + body))
    whole = png()
    at = whole.index(b"IDAT") - 4
    return whole[:at] + chunk + whole[at:]


def pdf_bomb() -> bytes:
    """A document whose list of objects unpacks to 300 megabytes."""
    packed = zlib.compress(bytes(300 * 1024 * 1024), 9)
    stream = (
        b"<< /Type /XRef /Size 3 /W [1 8 8] /Root 1 0 R /Filter /FlateDecode /Length %d >>\nstream\n"
        % len(packed)
    )
    body = b"%PDF-1.5\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n"
    at = len(body)
    body += b"3 0 obj\n" + stream + packed + b"\nendstream\nendobj\n"
    return body + b"startxref\n%d\n%%%%EOF\n" % at


def infected_jpeg() -> bytes:
    """A good photograph with the test virus in its comment."""
    return jpeg(comment=EICAR)
