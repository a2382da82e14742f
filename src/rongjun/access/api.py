"""The door of access: rules for addresses, scopes for transactions, locks for tables, accounts."""

from rongjun.access.actions import (
    create_account,
    disable_account,
    enable_account,
    end_grant,
    end_sessions,
    enrol_totp,
    grant_role,
    remove_second_factors,
    reset_password,
)
from rongjun.access.data_map import DataMap
from rongjun.access.inventory import row_security_inventory
from rongjun.access.logic import ROLES, Actor, Scope, scope_of
from rongjun.access.queries import StaffName, actor_named, has_accounts, names_of_actors, staff_named
from rongjun.access.retention import Due, RetentionRule, due, remove
from rongjun.access.row_security import close, lock_by_division, lock_for_login, open_to_read
from rongjun.access.rules import AccessRule, ActingRequest, actor_of, anyone, rule_of, signed_in, staff
from rongjun.access.scope import EVERYWHERE, acting_as, acting_as_job

__all__ = [
    "EVERYWHERE",
    "ROLES",
    "AccessRule",
    "ActingRequest",
    "Actor",
    "DataMap",
    "Due",
    "RetentionRule",
    "Scope",
    "StaffName",
    "acting_as",
    "acting_as_job",
    "actor_named",
    "actor_of",
    "anyone",
    "close",
    "create_account",
    "disable_account",
    "due",
    "enable_account",
    "end_grant",
    "end_sessions",
    "enrol_totp",
    "grant_role",
    "has_accounts",
    "lock_by_division",
    "lock_for_login",
    "names_of_actors",
    "open_to_read",
    "remove",
    "remove_second_factors",
    "reset_password",
    "row_security_inventory",
    "rule_of",
    "scope_of",
    "signed_in",
    "staff",
    "staff_named",
]
