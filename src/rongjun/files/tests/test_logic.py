"""Names fit to keep, and patience with a scanner."""

from __future__ import annotations

import re
import unicodedata
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rongjun.files.logic import JPEG, MEDIA, PDF, fit_name, is_owned, mask_numbers, wait_before_try


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("户口簿.pdf", "户口簿.pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        ("C:\\Users\\测试\\桌面\\证.PDF", "证.pdf"),
        ("照片.exe", "照片.pdf"),
        ("\u202efdp.exe", "fdp.pdf"),
        ("一\n二\t三.pdf", "一二三.pdf"),
        ("...", "未命名.pdf"),
        ("", "未命名.pdf"),
        ("a" * 300, "a" * 116 + ".pdf"),
        ("测试 99010119600101001X.pdf", "测试 99…1X.pdf"),
        ("９９０１０１１９６００１０１００１７.pdf", "９９…１７.pdf"),
        ("6222 0000 1111 2222 333.pdf", "62…33.pdf"),
    ],
)
def test_a_name_is_kept_as_far_as_it_is_fit_to_be_shown(typed: str, kept: str) -> None:
    assert fit_name(typed, media_type=PDF) == kept


@given(st.text(max_size=400), st.sampled_from(["", *MEDIA]))
def test_no_name_steers_hides_or_tells_a_number(typed: str, media_type: str) -> None:
    name = fit_name(typed, media_type=media_type)
    assert 0 < len(name) <= 120
    assert not set(name) & set('/\\<>:"|?*\0\n\r')
    assert all(unicodedata.category(sign) not in {"Cc", "Cf"} for sign in name)
    assert not re.search(r"\d{11}", name)
    assert name.endswith(MEDIA.get(media_type, ""))


def test_the_ending_is_what_the_file_really_is() -> None:
    assert fit_name("证.pdf", media_type=JPEG) == "证.jpg"


def test_a_reason_tells_no_number() -> None:
    assert mask_numbers("号码 990101196001010017 传错了人") == "号码 99…17 传错了人"


def test_patience_grows_and_has_an_end() -> None:
    waits = [wait_before_try(tries) for tries in range(1, 40)]
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (timedelta(seconds=5), timedelta(minutes=10))


@pytest.mark.parametrize(
    ("state", "linked_to", "owned"),
    [
        ("stored", "person:x", True),
        ("stored", "", False),
        ("waiting-for-scan", "person:x", False),
        ("quarantined", "person:x", False),
        ("missing", "person:x", False),
        ("discarded", "", True),
        ("refused", "", True),
    ],
)
def test_only_what_is_on_file_refused_or_discarded_is_done_with(
    state: str, linked_to: str, owned: bool
) -> None:
    assert is_owned(state, linked_to=linked_to) is owned
