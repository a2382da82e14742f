"""Whether a picture will do as the photo on a card, as published elsewhere (领域手册 1.8【外】, 待局方确认).

A JPEG of 352 by 440 pixels and 20 to 50 KB. The white ground, and that no uniform is worn, a person looks at.
No Django, no clock.
"""

from __future__ import annotations

from typing import Final

from rongjun.kernel.words import Words, worded

WIDTH, HEIGHT = 352, 440
SMALLEST, LARGEST = 20 * 1024, 50 * 1024
_JPEG = b"\xff\xd8"
_STANDALONE: Final = frozenset({0x01, *range(0xD0, 0xD9)})
# Marks that begin a frame, and say how large the picture is; C4, C8 and CC among them mean something else.
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
NO_JPEG: Words[str] = "不是 JPG 照片"


def fault_of_photo(content: bytes) -> str:
    """In words, why a picture will not do; "" when it will."""
    size = picture_size(content)
    if size is None:
        return NO_JPEG
    if size != (WIDTH, HEIGHT):
        return worded(
            "照片是 {width}×{height} 像素，应是 {wide}×{high}",
            width=size[0], height=size[1], wide=WIDTH, high=HEIGHT,
        )  # fmt: skip
    if not SMALLEST <= len(content) <= LARGEST:
        return worded("照片有 {found} KB，应在 20 至 50 KB", found=len(content) // 1024)
    return ""


def picture_size(content: bytes) -> tuple[int, int] | None:
    """Width and height of a JPEG, read from the head of its frame; None for anything else."""
    if not content.startswith(_JPEG):
        return None
    at = 2
    while at + 4 <= len(content) and content[at] == 0xFF:
        mark = content[at + 1]
        if mark == 0xFF:
            at += 1
        elif mark in _STANDALONE:
            at += 2
        elif mark in _FRAMES:
            height, width = content[at + 5 : at + 7], content[at + 7 : at + 9]
            whole = len(height) == len(width) == 2
            return (int.from_bytes(width, "big"), int.from_bytes(height, "big")) if whole else None
        else:
            at += 2 + max(2, int.from_bytes(content[at + 2 : at + 4], "big"))
    return None
