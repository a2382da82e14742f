"""Every job of the house: what runs, how often, and the rule it runs under (always a batch scope)."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from django.db import InterfaceError, OperationalError, connection

from rongjun.access import jobs as access
from rongjun.access.api import EVERYWHERE, Scope, acting_as_job
from rongjun.allowances import jobs as allowances
from rongjun.audit import jobs as audit
from rongjun.benefits import jobs as benefits
from rongjun.cards import jobs as cards
from rongjun.config import retention
from rongjun.files import jobs as files
from rongjun.insurance import jobs as insurance
from rongjun.ledger import jobs as ledger
from rongjun.notices import jobs as notices
from rongjun.partners import jobs as partners
from rongjun.registry import jobs as registry


@dataclass(frozen=True, slots=True)
class Job:
    """A piece of work without a person: its name in the evidence chain, its period, its scope."""

    name: str
    every_seconds: float
    scope: Scope
    run: Callable[[], object]


JOBS: tuple[Job, ...] = (
    Job("audit.seal-chain", 1.0, EVERYWHERE, audit.seal_chain),
    Job("access.forget-expired", 600.0, EVERYWHERE, access.forget_expired),
    Job("access.close-idle-accounts", 3600.0, EVERYWHERE, access.close_idle_accounts),
    Job("files.scan-waiting", 1.0, EVERYWHERE, files.scan_waiting),
    Job("files.sweep-storage", 3600.0, EVERYWHERE, files.sweep_storage),
    Job("files.destroy-discarded", 3600.0, EVERYWHERE, files.destroy_discarded),
    Job("partners.collect-drop", 5.0, EVERYWHERE, partners.collect_drop),
    Job("partners.check-received", 10.0, EVERYWHERE, partners.check_received),
    Job(partners.SEND, 2.0, EVERYWHERE, partners.send_outbound),
    Job("partners.take-receipts", 2.0, EVERYWHERE, partners.take_receipts),
    Job("partners.take-statements", 5.0, EVERYWHERE, partners.take_statements),
    Job("partners.send-statements", 1800.0, EVERYWHERE, partners.send_statements),
    Job("registry.match-feeds", 1.0, EVERYWHERE, registry.match_feeds),
    Job("ledger.send-payments", 1.0, EVERYWHERE, ledger.send_payments),
    Job("ledger.deliver-payments", 5.0, EVERYWHERE, ledger.deliver_payments),
    Job("ledger.take-payment-answers", 1.0, EVERYWHERE, ledger.take_payment_answers),
    Job("allowances.draw-up-runs", 1.0, EVERYWHERE, allowances.draw_up_runs),
    Job("allowances.draw-up-simulations", 1.0, EVERYWHERE, allowances.draw_up_simulations),
    Job("allowances.follow-payments", 5.0, EVERYWHERE, allowances.follow_payments),
    Job("allowances.remind-yearly", 300.0, EVERYWHERE, allowances.remind_yearly),
    Job("registry.load-rosters", 0.25, EVERYWHERE, registry.load_rosters),
    Job("ledger.expire-holds", 10.0, EVERYWHERE, ledger.expire_holds),
    Job("ledger.draw-totals", 60.0, EVERYWHERE, ledger.draw_totals),
    Job("cards.end-by-themselves", 10.0, EVERYWHERE, cards.end_by_themselves),
    Job("cards.follow-registry", 30.0, EVERYWHERE, cards.follow_registry),
    Job("cards.take-returns", 5.0, EVERYWHERE, cards.take_returns),
    Job("cards.exchange-lists", 60.0, EVERYWHERE, cards.exchange_lists),
    Job("cards.plan-checks", 1800.0, EVERYWHERE, cards.plan_checks),
    Job("benefits.judge-everybody", 600.0, EVERYWHERE, benefits.judge_everybody),
    Job("benefits.make-offers", 5.0, EVERYWHERE, benefits.make_offers),
    Job("benefits.open-months", 3600.0, EVERYWHERE, benefits.open_months),
    Job("benefits.keep-months", 1800.0, EVERYWHERE, benefits.keep_months),
    Job("benefits.load-use-files", 0.25, EVERYWHERE, benefits.load_use_files),
    Job("benefits.load-top-ups", 5.0, EVERYWHERE, benefits.load_top_ups),
    Job("benefits.judge-uses-again", 60.0, EVERYWHERE, benefits.judge_uses_again),
    Job("benefits.find-use-signals", 1800.0, EVERYWHERE, benefits.find_use_signals),
    Job("insurance.take-settlement-files", 0.25, EVERYWHERE, insurance.take_settlement_files),
    Job("insurance.renew-roster", 1800.0, EVERYWHERE, insurance.renew_roster),
    Job("insurance.match-waiting", 30.0, EVERYWHERE, insurance.match_waiting),
    Job("insurance.look-again", 300.0, EVERYWHERE, insurance.look_again),
    Job("insurance.take-standing", 15.0, EVERYWHERE, insurance.take_standing),
    Job("insurance.fill-short", 60.0, EVERYWHERE, insurance.fill_short),
    Job("insurance.follow-payments", 5.0, EVERYWHERE, insurance.follow_payments),
    # Each its own transaction: what is claimed is kept before a gateway is called.
    Job("notices.route-messages", 1.0, EVERYWHERE, notices.route_messages),
    Job("notices.send-sms", 1.0, EVERYWHERE, notices.send_sms),
    Job("notices.send-wechat", 1.0, EVERYWHERE, notices.send_wechat),
    Job("notices.end-messages", 60.0, EVERYWHERE, notices.end_messages),
    # Looks at the hour itself; by halves of an hour it meets the quiet one whenever the worker started.
    Job("registry.find-duplicates", 1800.0, EVERYWHERE, registry.find_duplicates),
    Job(retention.JOB, 1800.0, EVERYWHERE, retention.end_retention),
)


def run_due(last_run: dict[str, float], *, tick: float) -> None:
    """Run each job whose period has passed, one transaction each."""
    for job in JOBS:
        if tick - last_run.get(job.name, float("-inf")) >= job.every_seconds:
            last_run[job.name] = tick
            with acting_as_job(job.name, scope=job.scope):
                job.run()


def work_forever() -> None:
    """The worker's loop. A lost database is waited for; a mistake of ours ends the process, loudly."""
    last_run: dict[str, float] = {}
    while True:
        try:
            run_due(last_run, tick=time.monotonic())
        except (OperationalError, InterfaceError) as error:  # gone in the middle, or found gone
            print(f"后台任务：数据库暂时连不上，1 秒后再试（{type(error).__name__}）", flush=True)
            connection.close()
        time.sleep(0.25)
