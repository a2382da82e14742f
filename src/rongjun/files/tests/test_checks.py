"""What a file is, by its content: good ones pass, and every trick is told what it is."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rongjun.files import checks
from rongjun.files.checker import inspect_apart
from rongjun.files.checks import POSITION, Sound
from rongjun.files.logic import JPEG, PDF, PNG
from rongjun.files.tests import papers
from rongjun.kernel.errors import Refused


def refused(content: bytes) -> str:
    with pytest.raises(Refused) as told:
        checks.inspect(content)
    return told.value.code


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (papers.jpeg(), JPEG),
        (papers.png(), PNG),
        (papers.pdf(), PDF),
        (papers.pdf(pages=30), PDF),
        (papers.jpeg() + papers.jpeg(size=(8, 8)), JPEG),  # a telephone's gain map
        (papers.jpeg() + bytes(512), JPEG),
        (papers.pdf() + b"\r\n\0", PDF),
    ],
)
def test_a_sound_file_passes_as_what_it_is(content: bytes, media_type: str) -> None:
    assert checks.inspect(content) == Sound(media_type)


def test_a_photograph_that_tells_where_it_was_taken_passes_and_says_so() -> None:
    assert checks.inspect(papers.jpeg(gps=True)).notes == (POSITION,)


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: b"", "files.wrong-kind"),
        (papers.zip_of, "files.wrong-kind"),
        (lambda: b"MZ" + papers.pdf(), "files.wrong-kind"),
        (lambda: b"GIF89a" + bytes(40), "files.wrong-kind"),
        (lambda: b"<html><script>alert(1)</script></html>", "files.wrong-kind"),
        (lambda: b"\0" + papers.jpeg(), "files.wrong-kind"),
        (papers.pdf_and_zip, "files.two-in-one"),
        (lambda: papers.pdf() + papers.zip_of(), "files.two-in-one"),
        (lambda: papers.pdf() + b"<script>alert(1)</script>", "files.two-in-one"),
        (lambda: papers.pdf().replace(b"\n", b"\n%<html><script>alert(1)</script>\n", 1), "files.two-in-one"),
        (lambda: papers.jpeg() + papers.zip_of(), "files.two-in-one"),
        (lambda: papers.jpeg() + b"\0\0\0\x18ftypmp42" + bytes(64), "files.two-in-one"),
        (lambda: papers.jpeg(comment=b"<script >alert(1)</script>"), "files.two-in-one"),
        (lambda: papers.png() + b"#!/bin/sh\nrm -rf /\n", "files.two-in-one"),
        (lambda: papers.png() + papers.zip_of(), "files.two-in-one"),
        (lambda: papers.png()[:-20], "files.picture-unsound"),
        (lambda: papers.png().replace(b"IDAT", b"IDAT\x01", 1), "files.picture-unsound"),
        (lambda: papers.jpeg(size=(640, 480))[:900], "files.picture-unsound"),
        (lambda: b"\xff\xd8\xff\xe0", "files.picture-unsound"),
        (papers.png_text_bomb, "files.picture-unsound"),
        (lambda: papers.pdf(papers.with_password), "files.pdf-locked"),
        (lambda: papers.pdf(papers.with_script), "files.pdf-active"),
        (lambda: papers.pdf(papers.with_launch), "files.pdf-active"),
        (lambda: papers.pdf(papers.with_launch_on_a_link), "files.pdf-active"),
        (lambda: papers.pdf(papers.with_form_program), "files.pdf-active"),
        (lambda: papers.pdf(papers.with_attachment), "files.pdf-attachments"),
        (lambda: papers.pdf(papers.with_launch).replace(b"/Launch", b"/L#61unch"), "files.pdf-active"),
        (lambda: papers.pdf()[:-40], "files.pdf-unsound"),
        (lambda: papers.pdf(pages=0), "files.pdf-unsound"),
        (lambda: b"%PDF-1.7\n%%EOF\n", "files.pdf-unsound"),
        (lambda: b"%PDF-1.7\n" + os.urandom(400) + b"\n%%EOF", "files.pdf-unsound"),
    ],
)
def test_everything_else_is_told_what_it_is(make: Callable[[], bytes], code: str) -> None:
    assert refused(make()) == code


def test_a_picture_of_billions_of_pixels_is_refused_before_one_is_unpacked() -> None:
    bomb = papers.png_bomb()
    assert len(bomb) < 1_000_000
    before = time.monotonic()
    with pytest.raises(Refused) as told:
        inspect_apart(bomb)
    assert (told.value.code, told.value.params) == ("files.picture-too-large", {"most": 50})
    assert time.monotonic() - before < 15


def test_a_document_that_unpacks_to_a_thousand_times_its_size_takes_no_more_than_its_share() -> None:
    bomb = papers.pdf_bomb()
    assert len(bomb) < 400_000
    with pytest.raises(Refused) as told:
        inspect_apart(bomb)
    assert told.value.code in {"files.pdf-unsound", "files.too-hard-to-check"}


def test_the_process_apart_says_the_same() -> None:
    assert inspect_apart(papers.jpeg(gps=True)) == Sound(JPEG, (POSITION,))
    with pytest.raises(Refused) as told:
        inspect_apart(papers.pdf(papers.with_script))
    assert told.value.code == "files.pdf-active"


GOOD = [papers.jpeg(), papers.png(), papers.pdf()]


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(GOOD), st.data())
def test_a_spoilt_file_passes_or_is_refused_and_never_breaks_the_checker(
    content: bytes, data: st.DataObject
) -> None:
    spoilt = bytearray(content)
    for _ in range(data.draw(st.integers(1, 8))):
        spoilt[data.draw(st.integers(0, len(spoilt) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(1, len(spoilt)))
    with suppress(Refused):
        checks.inspect(bytes(spoilt[:cut]))
