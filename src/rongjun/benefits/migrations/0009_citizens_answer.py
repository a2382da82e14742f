"""A citizen answers the offers of the file in hand, and leaves what they have; nothing else is theirs to write.

The rows themselves say by whom and how, as the database knows it: the account, and whether for another.
"""

from django.db import migrations

IN_HAND = "person_id = any ((select registry_files_in_hand())::uuid[])"
ACTOR = "(select current_setting('app.actor', true))"
CHANNEL = (
    "(select case when nullif(current_setting('app.acting_for', true), '') is null"
    " then 'online' else 'online-helper' end)"
)
READS = """
    drop policy citizen_in_hand on benefits_{name};
    create policy citizen_in_hand on benefits_{name} for select to app_citizen using ({in_hand});
"""
OFFER = f"""
    create policy citizen_answers on benefits_offer for update to app_citizen
        using ({IN_HAND} and entitled_to is null)
        with check ({IN_HAND} and entitled_to is null and state in ('accepted', 'declined')
                    and answered_by = {ACTOR} and channel = {CHANNEL});
    grant update (state, answered_at, answered_by, channel, words) on benefits_offer to app_citizen;
"""
DECISION = f"""
    create policy citizen_is_judged on benefits_recordeddecision for insert to app_citizen
        with check ({IN_HAND} and decided_by = {ACTOR});
    grant insert on benefits_recordeddecision to app_citizen;
"""
# Nobody enrols themselves: it takes an accepted offer and a decision that grants it, of the same person.
ENROLMENT = """
    create policy citizen_accepts on benefits_enrolment for insert to app_citizen
        with check ({in_hand} and enrolled_by = {actor} and ended_at is null
            and exists (select from benefits_offer offer
                where offer.id = benefits_enrolment.offer_id and offer.state = 'accepted'
                  and offer.person_id = benefits_enrolment.person_id
                  and offer.code = benefits_enrolment.code)
            and exists (select from benefits_recordeddecision decision
                where decision.id = benefits_enrolment.decision_id and decision.verdict = 'granted'
                  and decision.person_id = benefits_enrolment.person_id
                  and decision.code = benefits_enrolment.code));
    create policy citizen_leaves on benefits_enrolment for update to app_citizen
        using ({in_hand} and ended_at is null)
        with check ({in_hand} and ended_by = {actor} and end_ground = 'own-wish');
    grant insert, update (ended_at, ended_by, end_ground, end_reason, end_decision_id)
        on benefits_enrolment to app_citizen;
"""


class Migration(migrations.Migration):
    dependencies = [("benefits", "0008_supervision")]
    operations = [
        *(
            migrations.RunSQL(READS.format(name=name, in_hand=IN_HAND), migrations.RunSQL.noop)
            for name in ("offer", "enrolment", "recordeddecision")
        ),
        migrations.RunSQL(
            OFFER + DECISION + ENROLMENT.format(in_hand=IN_HAND, actor=ACTOR), migrations.RunSQL.noop
        ),
    ]
