"""Who sees and says what stands of two contents; nobody says it alone, and what two said stands."""

from django.db import migrations

from rongjun.access.row_security import lock_by_division

SAYS = "state, answer, why, proposed_by, proposed_name, proposed_at, checked_by, checked_name, checked_at"
GUARDS = """
create function insurance_conflict_stands() returns trigger language plpgsql as $$
declare
    saying constant text[] := array['division', 'state', 'answer', 'why', 'proposed_by', 'proposed_name',
        'proposed_at', 'checked_by', 'checked_name', 'checked_at', 'taken_id'];
    actor constant text := coalesce(current_setting('app.actor', true), '');
begin
    if tg_op = 'INSERT' then
        if new.state = 'proposed' and new.proposed_by = actor and new.taken_id is null then
            return new;
        end if;
        raise exception 'the first word is one''s own' using errcode = '23514';
    end if;
    if tg_op = 'DELETE' or to_jsonb(old) - saying <> to_jsonb(new) - saying then
        raise exception 'what was set aside stands' using errcode = '23514';
    end if;
    if old.state = 'closed' and to_jsonb(old) - array['division', 'taken_id']
            <> to_jsonb(new) - array['division', 'taken_id']
            or old.taken_id is not null and new.taken_id is distinct from old.taken_id then
        raise exception 'what two said stands' using errcode = '23514';
    end if;
    if new.state <> old.state and (old.state, new.state) not in
            (('proposed', 'closed'), ('proposed', 'sent-back'), ('sent-back', 'proposed')) then
        raise exception 'it does not go from % to %', old.state, new.state using errcode = '23514';
    end if;
    if (new.answer, new.why, new.proposed_by, new.proposed_name) <>
            (old.answer, old.why, old.proposed_by, old.proposed_name)
            and (old.state <> 'sent-back' or new.proposed_by <> actor)
            or new.checked_by <> old.checked_by and new.checked_by <> actor then
        raise exception 'a signature is one''s own, and stands' using errcode = '23514';
    end if;
    return new;
end $$;
create trigger conflict_stands before insert or update or delete on insurance_conflict
    for each row execute function insurance_conflict_stands();

-- A record takes the person's division along, and what was said of it follows.
alter table insurance_conflict add constraint insurance_conflict_same_division
    foreign key (settlement_id, division) references insurance_settlement (id, division)
    on update cascade deferrable initially deferred;
"""


class Migration(migrations.Migration):
    dependencies = [("insurance", "0005_conflicts")]
    operations = [
        migrations.RunSQL(
            lock_by_division(
                "insurance_conflict",
                rights=f"select, insert, update ({SAYS})",
                job_rights="select, update (taken_id)",
            ),
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(GUARDS, "drop function insurance_conflict_stands() cascade;"),
    ]
