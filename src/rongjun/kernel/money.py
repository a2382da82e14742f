"""Money is whole fen in an integer; one function rounds, one function splits."""

import re
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import NoReturn, Self

from rongjun.kernel.errors import Unfit
from rongjun.kernel.reading import half_width

_TEXT = re.compile(
    r"""¥?\s* (?P<sign>[-+\u2212])? \s*¥?\s*
    (?P<yuan>\d{1,3}(?:,\d{3})+|\d+) (?:\.(?P<fen>\d+))? \s*元?""",
    re.ASCII | re.VERBOSE,
)
_LONGEST_YUAN = 15  # digits; keeps every amount and every sum of them inside a bigint


class Fen(int):
    """An amount of money in whole fen (分): an integer that cannot become a float by our own doing.

    Adding, subtracting and multiplying by a plain integer give ``Fen`` again.
    Division, powers and anything with a float raise ``TypeError``: use ``share_of`` or ``split``.
    ``str()`` is the amount in yuan for people (``1,234.50``); ``int()`` is the number of fen.
    """

    __slots__ = ()

    def __new__(cls, fen: int = 0) -> Self:
        """Take a whole number of fen; floats, texts and booleans raise ``TypeError``."""
        if isinstance(fen, bool) or not isinstance(fen, int):
            raise TypeError(f"Fen takes a whole number of fen, not {type(fen).__name__}")
        return super().__new__(cls, fen)

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read an amount in yuan: ``1,234.50``, ``￥１２.５元``, ``-3``; at most two decimals.

        Raises ``Unfit`` for anything else, ``TypeError`` for what is not a text.
        """
        if not isinstance(text, str):
            raise TypeError(f"an amount is read from text, not from {type(text).__name__}")
        found = _TEXT.fullmatch(half_width(text))
        if found is None:
            raise Unfit("money.not-an-amount", "金额写法不对：请写成以元为单位的数字，例如 1,234.50。")
        decimals = found["fen"] or ""
        if len(decimals) > 2:
            raise Unfit("money.below-one-fen", "金额最多两位小数（精确到分），请核对后重新填写。")
        yuan = found["yuan"].replace(",", "")
        if len(yuan.lstrip("0")) > _LONGEST_YUAN:
            raise Unfit("money.too-large", "金额过大，请核对是否多写了数字。")
        amount = int(yuan) * 100 + int(decimals.ljust(2, "0"))
        return cls(-amount if found["sign"] in {"-", "\u2212"} else amount)

    @classmethod
    def from_yuan(cls, yuan: int) -> Self:
        """Take a whole number of yuan."""
        return cls(cls(yuan) * 100)

    @classmethod
    def total(cls, amounts: Iterable[int]) -> Self:
        """Add up amounts of fen; nothing adds up to zero."""
        return cls(sum(int(cls(amount)) for amount in amounts))

    @property
    def text(self) -> str:
        """The amount in yuan for people: ``-1,234.50``."""
        yuan, fen = divmod(abs(int(self)), 100)
        return f"{'-' if self < 0 else ''}{yuan:,}.{fen:02d}"

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"Fen({int(self)})"

    def __format__(self, spec: str) -> str:
        # "d" asks for the raw number of fen; ",", ".2f" and the like would print fen as if they were yuan.
        return format(int(self), spec) if spec == "d" else format(self.text, spec)

    def __add__(self, other: int) -> "Fen":
        return Fen(int.__add__(self, _whole(other)))

    __radd__ = __add__

    def __sub__(self, other: int) -> "Fen":
        return Fen(int.__sub__(self, _whole(other)))

    def __rsub__(self, other: int) -> "Fen":
        return Fen(int.__rsub__(self, _whole(other)))

    def __mul__(self, times: int) -> "Fen":
        if isinstance(times, Fen):
            raise TypeError("an amount is multiplied by a count, not by another amount")
        return Fen(int.__mul__(self, _whole(times)))

    __rmul__ = __mul__

    def __neg__(self) -> "Fen":
        return Fen(int.__neg__(self))

    def __pos__(self) -> "Fen":
        return self

    def __abs__(self) -> "Fen":
        return Fen(int.__abs__(self))

    def _refuse(self, *_: object) -> NoReturn:
        raise TypeError(
            "an amount is not divided or raised: use share_of() or split(), which say where fen go"
        )

    __truediv__ = __rtruediv__ = __floordiv__ = __rfloordiv__ = _refuse
    __mod__ = __rmod__ = __divmod__ = __rdivmod__ = _refuse
    __pow__ = __rpow__ = __float__ = __round__ = _refuse


YUAN = Fen(100)


def _whole(number: int) -> int:
    if isinstance(number, bool) or not isinstance(number, int):
        raise TypeError(f"amounts meet whole numbers only, not {type(number).__name__}")
    return number


def _exact(number: Fraction | int) -> Fraction:
    if isinstance(number, bool) or not isinstance(number, Fraction | int):
        raise TypeError(f"shares and weights are exact (int or Fraction), not {type(number).__name__}")
    return Fraction(int(number)) if isinstance(number, int) else number


def round_half_up(value: Fraction | int) -> int:
    """Round an exact number to a whole one, halves away from zero (四舍五入).

    A recovery of an amount therefore rounds to the same number of fen as its payment.
    """
    exact = _exact(value)
    size = (2 * abs(exact.numerator) + exact.denominator) // (2 * exact.denominator)
    return -size if exact < 0 else size


def share_of(amount: Fen, share: Fraction | int, *, unit: Fen = Fen(1)) -> Fen:  # noqa: B008 - immutable
    """Return ``share`` of ``amount``, rounded half up to whole ``unit`` (``YUAN``: 四舍五入到元)."""
    if unit <= 0:
        raise ValueError("the unit of rounding is a positive amount")
    return unit * round_half_up(_exact(int(amount)) * _exact(share) / int(unit))


def split(total: Fen, weights: Sequence[Fraction | int]) -> tuple[Fen, ...]:
    """Split ``total`` in proportion to ``weights`` so that the parts add up to it, to the fen.

    Largest remainder first, ties to the earlier part; a negative total mirrors the positive one.
    Each part differs from its exact share by less than one fen.
    Raises ``ValueError`` when a weight is negative or all are zero.
    """
    exact = [_exact(weight) for weight in weights]
    whole = sum(exact, Fraction(0))
    if any(weight < 0 for weight in exact) or whole == 0:
        raise ValueError("weights are not negative and not all zero")
    size = abs(int(total))
    shares = [size * weight / whole for weight in exact]
    parts = [share.numerator // share.denominator for share in shares]
    by_remainder = sorted(range(len(parts)), key=lambda at: parts[at] - shares[at])
    for at in by_remainder[: size - sum(parts)]:
        parts[at] += 1
    return tuple(Fen(-part if total < 0 else part) for part in parts)
