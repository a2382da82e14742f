"""Generators of invented people that tests of several apps share. Nobody they make can exist."""

from __future__ import annotations

from datetime import date
from typing import Any

from hypothesis import strategies as st

from rongjun.kernel.identifiers import IdentityNumber, luhn_digit

birth_dates = st.dates(date(1920, 1, 1), date(2005, 12, 31))
addresses = st.integers(990000, 999999).map(str)  # codes no place has
identity_numbers = st.builds(
    IdentityNumber.invented, born=birth_dates, sequence=st.integers(0, 999), address=addresses
)
phones = st.integers(0, 299_999_999).map(lambda rest: f"1{rest:010d}")  # 10, 11 and 12 reach nobody
bank_cards = st.integers(0, 10**9 - 1).map(lambda rest: f"999999{rest:09d}").map(lambda n: n + luhn_digit(n))
names = st.text("王李张刘陈杨黄赵吴周秀英建国志强·", min_size=2, max_size=6).map(lambda name: f"测试{name}")
yes_no = st.sampled_from(["有", "无", ""])


@st.composite
def roster_rows(draw: st.DrawFn, *, station: int) -> dict[str, str]:
    """One good row of a roster for people served by this station (a 12-digit division)."""
    number: Any = draw(identity_numbers)
    enlisted = draw(st.integers(18, 23).map(lambda age: date(number.birth_date.year + age, 9, 1)))
    discharged = enlisted.replace(year=enlisted.year + draw(st.integers(2, 16)))
    return {
        "姓名": draw(names),
        "证件号码": number.number,
        "人员类别": draw(st.sampled_from(["退役军人", "烈士遗属", "退役军人、参战退役军人"])),
        "服务站区划代码": str(station),
        "入伍日期": enlisted.isoformat(),
        "退役日期": min(discharged, date(2025, 9, 1)).isoformat(),
        "户籍类别": draw(st.sampled_from(["农村", "城镇", ""])),
        "优待证": draw(yes_no),
        "残疾军人证": draw(yes_no),
        "手机号码": draw(phones),
    }
