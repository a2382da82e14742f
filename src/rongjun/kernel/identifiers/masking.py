"""The one place where a personal number promises not to leak into a log line."""

from abc import abstractmethod
from typing import Protocol


def hide(text: str, *, head: int, tail: int) -> str:
    """Return ``text`` with all but the first ``head`` and last ``tail`` signs as stars.

    At least a third of a short text is hidden, whatever was asked for.
    """
    shown = min(head + tail, len(text) * 2 // 3)
    last = min(tail, shown)
    first = shown - last
    return text[:first] + "*" * (len(text) - first - last) + text[len(text) - last :]


class Masked:
    """Gives ``repr``, ``str`` and formatting that show the mask only; the full value is an attribute."""

    __slots__ = ()

    @property
    @abstractmethod
    def masked(self) -> str:
        """The value as it may stand on a screen or in a log."""

    def __str__(self) -> str:
        return self.masked

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.masked})"


class Synthesizable(Protocol):
    """A number that knows whether it was invented and cannot belong to a real person."""

    @property
    def is_synthetic(self) -> bool:
        """Whether the number lies in a range that is never issued."""
        ...
