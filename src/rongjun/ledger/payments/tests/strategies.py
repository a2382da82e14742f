"""Payments of all kinds, for tests of what a file holds."""

from __future__ import annotations

from hypothesis import strategies as st

from rongjun.ledger.payments.logic.layouts import BankRow, Layout, misfits

# Signs a name or a purpose may be made of; what a bank's file cannot hold is left out by `rows`.
SIGNS = st.characters(codec="gb18030", exclude_categories=("C", "Z"), exclude_characters="|")
NAMES = st.text(SIGNS, min_size=1, max_size=12)


def rows(layout: Layout, *, most: int = 12) -> st.SearchStrategy[list[BankRow]]:
    """Rows this layout can hold, numbered from 1."""
    one = st.builds(
        BankRow,
        seq=st.just(0),
        reference=st.integers(1, 999999).map(lambda n: f"P000001-{n:06d}"),
        payee=NAMES,
        account=st.from_regex(r"999999[0-9]{8,13}", fullmatch=True),
        fen=st.integers(1, 10**11),
        purpose=st.text(SIGNS, min_size=1, max_size=20),
        key=st.from_regex(r"allowance:[a-z0-9:-]{1,40}", fullmatch=True),
    )
    many = st.lists(
        one.filter(lambda row: not misfits(layout, row)),
        min_size=1,
        max_size=most,
        unique_by=lambda row: row.reference,
    )
    return many.map(lambda found: [_numbered(row, place) for place, row in enumerate(found, start=1)])


def _numbered(row: BankRow, place: int) -> BankRow:
    return BankRow(place, row.reference, row.payee, row.account, row.fen, row.purpose, row.key)
