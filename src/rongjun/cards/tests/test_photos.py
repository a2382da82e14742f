"""The photo for a card: what will do, and when it is taken in."""

from __future__ import annotations

import io
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from rongjun.access.api import Actor, acting_as
from rongjun.cards import api as cards
from rongjun.cards.logic.photo import HEIGHT, LARGEST, SMALLEST, WIDTH, fault_of_photo, picture_size
from rongjun.cards.tests.cast import CITY, CLERK, NOW, STRANGER, handed, people, staff
from rongjun.cards.tests.test_handling import applied, made, refused
from rongjun.files import api as files


def picture(width: int = WIDTH, height: int = HEIGHT, *, kind: str = "JPEG", quality: int = 60) -> bytes:
    """Noise, which packs badly: of the wanted size at about this quality."""
    noise = random.Random(7).randbytes(width * height)
    out = io.BytesIO()
    Image.frombytes("L", (width, height), noise).save(out, kind, quality=quality)
    return out.getvalue()


def fit() -> bytes:
    """A picture that will do."""
    return next(p for q in range(1, 60) if SMALLEST <= len(p := picture(quality=q)) <= LARGEST)


def test_a_picture_of_the_right_form_will_do() -> None:
    assert fault_of_photo(fit()) == ""


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "JPG"),
        (picture(kind="PNG"), "JPG"),
        (picture(440, 352), "440×352"),
        (picture(quality=95), "KB"),
        (fit()[:12], "JPG"),
    ],
)
def test_of_another_form_it_is_said_why_not(content: bytes, says: str) -> None:
    assert says in fault_of_photo(content)


@given(width=st.integers(1, 300), height=st.integers(1, 300), is_progressive=st.booleans())
def test_the_size_is_read_from_the_head(width: int, height: int, is_progressive: bool) -> None:
    out = io.BytesIO()
    Image.new("RGB", (width, height)).save(out, "JPEG", progressive=is_progressive)
    assert picture_size(out.getvalue()) == (width, height)


@given(st.binary(max_size=200))
def test_whatever_comes_is_answered(content: bytes) -> None:
    picture_size(b"\xff\xd8\xff" + content)
    assert picture_size(content) is None or content.startswith(b"\xff\xd8")


def attached(reference: int, content: bytes | None = None, *, by: Actor = CLERK) -> None:
    with acting_as(by):
        cards.attach_photo(
            reference, fit() if content is None else content, file_name="photo.jpg", by=by, now=NOW
        )


@pytest.mark.django_db
def test_a_photo_is_kept_on_the_file_and_the_last_one_counts() -> None:
    (person,) = people(1)
    reference = applied(person)
    attached(reference)
    attached(reference)
    with acting_as(CITY):
        line = cards.card(reference)
        kept = files.uploads_about([f"person:{person}"], now=NOW)
    assert line is not None
    assert [each.kind for each in kept] == ["photo", "photo"]
    assert line.photo in {each.id for each in kept}


@pytest.mark.django_db
def test_what_will_not_do_and_what_comes_too_late_is_refused() -> None:
    one, other, third = people(3)
    waiting, ready = applied(one), made(other)
    (old,) = handed([third], first=9)
    with refused("cards.photo-unfit"):
        attached(waiting, b"")
    for late in (ready, old):
        with refused("cards.not-now"):
            attached(late)
    with refused("cards.no-such-card"):
        attached(waiting, by=STRANGER)
    with refused("cards.may-not"):
        attached(waiting, by=staff("bureau-leader", login="leader"))
