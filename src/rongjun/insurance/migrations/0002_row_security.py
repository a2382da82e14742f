"""Who sees and writes what; what no role may do: edit a record, a decision or a signature."""

from django.db import migrations

from rongjun.access.row_security import lock_by_division, open_to_read, show_to_citizen

OF_A_PERSON = ("member", "insuredyear", "settlement", "claimdecision", "review", "payout", "rosterspan")
MOVES = "select, insert, update (state, fault, batch, drafted_at, ended_at)"
YEARS = "select, insert, update (inside, outside, payout, own)"
MEMBERS = "select, insert, update (decisions)"
STANDS = "state, why, said, standing, decided_at"
SIGNS = (
    "state, answer, proposed_by, proposed_name, proposed_at, proposed_why, checked_by, checked_name, checked_at,"
    " appeal_said, appeal_noted_by, appeal_noted_at, appeal_answer, appeal_by, appeal_name, appeal_at, appeal_why"
)
# By table: what staff may do, what jobs may. A job proposes, checks and answers nothing.
RIGHTS = {
    "member": (MEMBERS, MEMBERS),
    "insuredyear": (YEARS, YEARS),
    "settlement": (
        f"select, update ({STANDS})",
        f"select, insert, update ({STANDS}, person_id, member_id, division)",
    ),
    "claimdecision": ("select, insert", "select, insert"),
    "review": (f"select, insert, update ({SIGNS})", "select, insert, update (state)"),
    "payout": (MOVES, MOVES),
    "rosterspan": ("select", "select, insert, update (ends_on, ended_why, ended_at)"),
}

GUARDS = """
create function insurance_settlement_stands() returns trigger language plpgsql as $$
declare
    moving constant text[] := array['division', 'person_id', 'member_id', 'state', 'why', 'said', 'standing',
        'decided_at'];
begin
    if tg_op = 'UPDATE' and to_jsonb(old) - moving = to_jsonb(new) - moving
            and (old.person_id is null or new.person_id = old.person_id)
            and (old.member_id is null or new.member_id = old.member_id)
            and (old.state not in ('duplicate', 'conflict') or new.state = old.state) then
        return new;
    end if;
    raise exception 'a record stays as it arrived' using errcode = '23514';
end $$;
create trigger settlement_stands before update or delete on insurance_settlement
    for each row execute function insurance_settlement_stands();

create function insurance_decision_stands() returns trigger language plpgsql as $$
begin
    -- The division follows the person's.
    if tg_op = 'UPDATE' and to_jsonb(old) - 'division' = to_jsonb(new) - 'division' then
        return new;
    end if;
    raise exception 'a decision stands' using errcode = '23514';
end $$;
create trigger decision_stands before update or delete on insurance_claimdecision
    for each row execute function insurance_decision_stands();
create trigger decisions_stay before truncate on insurance_claimdecision
    for each statement execute function insurance_decision_stands();

-- The year is the sum of its decisions: looked at when the transaction ends, whoever wrote which of the two.
-- Past row security, whose scope is over by then.
create function insurance_year_is_its_decisions() returns trigger language plpgsql security definer
set search_path = pg_catalog, public as $$
declare
    wanted bigint;
    found bigint;
    which bigint;
begin
    if tg_table_name = 'insurance_insuredyear' then which := new.id; else which := new.year_id; end if;
    select payout into found from insurance_insuredyear where id = which;
    select coalesce(sum(post), 0) into wanted from insurance_claimdecision where year_id = which;
    if found is distinct from wanted then
        raise exception 'year % pays % and its decisions %', which, found, wanted using errcode = '23514';
    end if;
    return null;
end $$;
revoke all on function insurance_year_is_its_decisions() from public;
grant execute on function insurance_year_is_its_decisions() to app_staff, app_batch;
create constraint trigger year_is_its_decisions after insert or update on insurance_insuredyear
    deferrable initially deferred for each row execute function insurance_year_is_its_decisions();
create constraint trigger decisions_are_their_year after insert on insurance_claimdecision
    deferrable initially deferred for each row execute function insurance_year_is_its_decisions();

-- Nobody signs in another's name, and a signature stands.
create function insurance_review_signed() returns trigger language plpgsql as $$
declare
    actor constant text := current_setting('app.actor', true);
    signing constant text[] := array['division', 'state', 'answer', 'proposed_by', 'proposed_name', 'proposed_at',
        'proposed_why', 'checked_by', 'checked_name', 'checked_at', 'appeal_said', 'appeal_noted_by',
        'appeal_noted_at', 'appeal_answer', 'appeal_by', 'appeal_name', 'appeal_at', 'appeal_why'];
begin
    if tg_op = 'DELETE' or to_jsonb(old) - signing <> to_jsonb(new) - signing then
        raise exception 'what is reviewed stands' using errcode = '23514';
    end if;
    if new.state <> old.state and (old.state, new.state) not in (('open', 'proposed'), ('proposed', 'open'),
            ('proposed', 'closed'), ('open', 'overtaken'), ('proposed', 'overtaken'), ('closed', 'appealed'),
            ('appealed', 'closed'), ('appealed', 'overtaken')) then
        raise exception 'a review does not go from % to %', old.state, new.state using errcode = '23514';
    end if;
    if new.proposed_by <> old.proposed_by and (new.proposed_by <> actor or old.checked_by <> '')
            or new.checked_by <> old.checked_by and (new.checked_by <> actor or old.checked_by <> '')
            or new.appeal_noted_by <> old.appeal_noted_by
                and (new.appeal_noted_by <> actor or old.appeal_noted_by <> '')
            or new.appeal_by <> old.appeal_by and (new.appeal_by <> actor or old.appeal_by <> '')
            or old.checked_by <> '' and (new.answer, new.proposed_why) <> (old.answer, old.proposed_why) then
        raise exception 'a signature is one''s own, and stands' using errcode = '23514';
    end if;
    if old.state = 'appealed' and new.state = 'closed' and (new.appeal_by = '' or new.appeal_answer = '') then
        raise exception 'an appeal ends with a name and an answer' using errcode = '23514';
    end if;
    return new;
end $$;
create trigger review_signed before update or delete on insurance_review
    for each row execute function insurance_review_signed();

create function insurance_payout_stands() returns trigger language plpgsql as $$
declare
    moving constant text[] := array['division', 'state', 'fault', 'batch', 'drafted_at', 'ended_at'];
begin
    if tg_op = 'UPDATE' and to_jsonb(old) - moving = to_jsonb(new) - moving and (new.state = old.state
            or (old.state, new.state) in (('short', 'reserved'), ('short', 'cancelled'),
                ('reserved', 'cancelled'), ('reserved', 'drafted'), ('drafted', 'paid'))) then
        return new;
    end if;
    raise exception 'a payout does not go from % to that', old.state using errcode = '23514';
end $$;
create trigger payout_stands before update or delete on insurance_payout
    for each row execute function insurance_payout_stands();
"""
UNGUARD = "".join(
    f"drop function insurance_{name}() cascade;"
    for name in (
        "settlement_stands",
        "decision_stands",
        "year_is_its_decisions",
        "review_signed",
        "payout_stands",
    )
)


def _with_its_person(name: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"alter table insurance_{name} add constraint insurance_{name}_same_division"
        " foreign key (person_id, division) references registry_person (id, division)"
        " on update cascade deferrable initially deferred",
        f"alter table insurance_{name} drop constraint insurance_{name}_same_division",
    )


class Migration(migrations.Migration):
    dependencies = [("insurance", "0001_initial"), ("registry", "0017_statement_recorded")]
    operations = [
        *(_with_its_person(name) for name in OF_A_PERSON),
        *(
            migrations.RunSQL(
                lock_by_division(f"insurance_{name}", rights=staff, job_rights=job), migrations.RunSQL.noop
            )
            for name, (staff, job) in RIGHTS.items()
        ),
        *(
            migrations.RunSQL(show_to_citizen(f"insurance_{name}"), migrations.RunSQL.noop)
            for name in OF_A_PERSON
        ),
        migrations.RunSQL(
            open_to_read("insurance_institution", roles="app_staff, app_citizen"), migrations.RunSQL.noop
        ),
        migrations.RunSQL(GUARDS, UNGUARD),
    ]
