"""SQL for migrations: how a table is locked by division. One place, so that every table is locked alike.

Each bound is a scalar subselect: the planner then evaluates it once and uses the index; the bare call is
evaluated per row. For a request an absent scope gives no rows; for a job it is an error.
Keys are identity columns: inserting needs no right on their sequence.
"""

from __future__ import annotations

_LO = "(select nullif(current_setting('app.lo', true), '')::bigint)"
_HI = "(select nullif(current_setting('app.hi', true), '')::bigint)"
_JOB_LO = "(select current_setting('app.lo')::bigint)"
_JOB_HI = "(select current_setting('app.hi')::bigint)"


def lock_by_division(
    table: str,
    *,
    column: str = "division",
    rights: str = "select, insert, update",
    job_rights: str = "",
) -> str:
    """Statements that let staff and jobs see and write only rows whose division lies in their scope.

    `job_rights` are what jobs may do, where that is not what staff may do.
    """
    staff = f"{column} between {_LO} and {_HI}"
    job = f"{column} between {_JOB_LO} and {_JOB_HI}"
    return f"""
        alter table {table} enable row level security;
        alter table {table} force row level security;
        create policy staff_in_scope on {table} for all to app_staff using ({staff}) with check ({staff});
        create policy job_in_scope on {table} for all to app_batch using ({job}) with check ({job});
        grant {rights} on {table} to app_staff;
        grant {job_rights or rights} on {table} to app_batch;
    """


def lock_for_login(table: str, *, rights: str = "select, insert, update, delete") -> str:
    """A table of the sign-in machinery: only the connection's own role, before any scope, touches it."""
    return f"""
        alter table {table} enable row level security;
        alter table {table} force row level security;
        create policy sign_in on {table} for all to rongjun_login using (true) with check (true);
        grant {rights} on {table} to rongjun_login;
    """


def open_to_read(
    table: str,
    *,
    roles: str = "rongjun_login, app_staff, app_citizen, app_device",
    job_rights: str = "select, insert, update",
) -> str:
    """Reference data that is public anyway: every role reads, only jobs and the owner write."""
    return f"""
        alter table {table} enable row level security;
        alter table {table} force row level security;
        create policy anyone_reads on {table} for select to {roles} using (true);
        create policy job_writes on {table} for all to app_batch using (true) with check (true);
        grant select on {table} to {roles};
        grant {job_rights} on {table} to app_batch;
    """


# The files a citizen has in hand: their own, or those of whom they act for while a mandate holds. The
# function is the registry's, which knows whose file an account's is.
_IN_HAND = "(select registry_files_in_hand())"


def show_to_citizen(table: str, *, column: str = "person_id", rights: str = "select") -> str:
    """Citizens see, and with further rights write, rows about the person whose file they have in hand."""
    own = f"{column} = any ({_IN_HAND}::uuid[])"
    return f"""
        create policy citizen_in_hand on {table} for all to app_citizen using ({own}) with check ({own});
        grant {rights} on {table} to app_citizen;
    """


def close(table: str) -> str:
    """A table nobody but the owner touches."""
    return f"alter table {table} enable row level security; alter table {table} force row level security;"


def also_within(table: str, column: str) -> str:
    """A second division of a row lies in the scope too, or the row is neither seen nor written."""
    staff, job = f"{column} between {_LO} and {_HI}", f"{column} between {_JOB_LO} and {_JOB_HI}"
    return f"""
        create policy staff_also_{column} on {table} as restrictive for all to app_staff
            using ({staff}) with check ({staff});
        create policy job_also_{column} on {table} as restrictive for all to app_batch
            using ({job}) with check ({job});
    """
