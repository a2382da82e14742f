"""Generators shared by the tests of the kernel; every person they make is invented."""

from datetime import date

from hypothesis import strategies as st

from rongjun.kernel.identifiers import IdentityNumber

birth_dates = st.dates(date(1880, 1, 1), date(2030, 12, 31))
identity_numbers = st.builds(
    IdentityNumber.invented,
    born=birth_dates,
    sequence=st.integers(0, 999),
    address=st.integers(990000, 999999).map(str),
)
