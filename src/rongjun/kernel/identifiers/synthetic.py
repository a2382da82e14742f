"""Invented people and real ones never meet in one installation."""

from typing import TypeVar

from rongjun.kernel.errors import Unfit
from rongjun.kernel.identifiers.masking import Synthesizable

Number = TypeVar("Number", bound=Synthesizable)


def admit(value: Number, *, synthetic: bool) -> Number:
    """Return ``value`` if this installation may hold it, else raise ``Unfit``.

    ``synthetic`` is the installation's setting: on, only invented numbers pass; off, none does.
    """
    if synthetic and not value.is_synthetic:
        raise Unfit(
            "identity.real-in-synthetic",
            "演示和测试环境只接受虚构号码，请勿填写真实号码："
            "证件用 99 开头的地址码，手机用 10 至 12 开头，银行卡用 999999 开头。",
        )
    if value.is_synthetic and not synthetic:
        raise Unfit("identity.synthetic-in-real", "这是演示用的虚构号码，正式环境不接受，请填写真实号码。")
    return value
