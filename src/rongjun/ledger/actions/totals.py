"""Totals are drawn up to where every transaction has ended, so that nothing can still appear below."""

from __future__ import annotations

from rongjun.access.api import acting_as_job
from rongjun.ledger.actions.booking import JOB
from rongjun.ledger.queries import AMOUNTS, rows_of

_TAKE_TURN = """
    select below > pg_snapshot_xmax(pg_current_snapshot()) from ledger_watermark for update
"""
_FORGET = "with gone as (delete from ledger_total) update ledger_watermark set below = '0' returning one"
# One statement, one snapshot: what is added up and up to where belong together.
_DRAW = f"""
    with drawn as (
        insert into ledger_total as t (account_id, division, posted, held_in, held_out)
        select e.account_id, e.division, {AMOUNTS} from ledger_entry e, ledger_watermark w
        where e.xid >= w.below and e.xid < pg_snapshot_xmin(pg_current_snapshot())
        group by e.account_id, e.division
        on conflict (account_id) do update set posted = t.posted + excluded.posted,
            held_in = t.held_in + excluded.held_in, held_out = t.held_out + excluded.held_out
        returning t.account_id
    ), moved as (
        update ledger_watermark set below = greatest(below, pg_snapshot_xmin(pg_current_snapshot()))
        returning one
    )
    select (select count(*) from drawn) from moved
"""  # noqa: S608 - our own words


def draw_totals() -> int:
    """Add what has settled since the last time to the totals; how many accounts it touched.

    A database restored into another cluster counts its transactions anew: then the totals start over.
    """
    with acting_as_job(JOB):
        ((is_of_another_cluster,),) = rows_of(_TAKE_TURN, [])
        if is_of_another_cluster:
            rows_of(_FORGET, [])
        ((touched,),) = rows_of(_DRAW, [])
    return int(touched)
