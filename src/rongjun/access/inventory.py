"""What row security there is, read from the database itself: the text of contracts/row-security.yaml."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml
from django.db import connection

_HEADING = """\
# 谁能看见、改动哪张表的哪些行：数据库里的第二把锁。
# Written by `rongjun generate` from a freshly migrated database and compared by tests/house. Review every
# change of it like a change of permissions. The owner is left out: no request or job runs as one.
"""

# Rights outside the owner's, as "role: select, insert(column, …)".
_RELATIONS = """
select c.relname,
       case when c.relispartition then 'partition of ' || (
                select parent.relname from pg_inherits i join pg_class parent on parent.oid = i.inhparent
                where i.inhrelid = c.oid)
            else case c.relkind when 'r' then 'table' when 'p' then 'partitioned table' when 'v' then 'view'
                                when 'm' then 'materialized view' else 'foreign table' end end,
       c.relrowsecurity, c.relforcerowsecurity, coalesce('security_invoker=true' = any (c.reloptions), false),
       (select count(*) > 0 from pg_attribute a
        where a.attrelid = c.oid and a.attname = 'division' and not a.attisdropped)
from pg_class c
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f')
  and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
order by 1
"""
_POLICIES = """
select tablename, policyname, permissive = 'PERMISSIVE', lower(cmd), roles::text[], qual, with_check
from pg_policies where schemaname = 'public' order by 1, 2
"""
_RIGHTS = """
with given as (
    select c.relname, null::text as part, c.relowner, (aclexplode(c.relacl)).*
    from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f')
    union all
    select c.relname, a.attname, c.relowner, (aclexplode(a.attacl)).*
    from pg_attribute a join pg_class c on c.oid = a.attrelid
    where c.relnamespace = 'public'::regnamespace and not a.attisdropped
)
select relname, case grantee when 0 then 'public' else grantee::regrole::text end, lower(privilege_type),
       array_agg(part::text order by part) filter (where part is not null)
from given where grantee <> relowner group by 1, 2, 3 order by 1, 2, 3
"""
_FUNCTIONS = """
select p.oid::regprocedure::text, coalesce(p.proconfig, '{}'),
       coalesce((select array_agg(distinct case a.grantee when 0 then 'public'
                                           else a.grantee::regrole::text end)
                 from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
                 where a.grantee <> p.proowner), '{}')
from pg_proc p
where p.pronamespace = 'public'::regnamespace and p.prosecdef order by 1
"""


def read_inventory() -> dict[str, Any]:
    """Relations and security-definer functions of schema public, with policies and rights of other roles."""
    relations: dict[str, Any] = {
        name: _relation(kind, on=on, forced=forced, invoker=invoker, has_division=has_division)
        for name, kind, on, forced, invoker, has_division in _rows(_RELATIONS)
    }
    for table, name, permissive, command, roles, using, check in _rows(_POLICIES):
        policy = {
            "for": command,
            "to": ", ".join(sorted(roles)),
            "using": _flat(using),
            "check": _flat(check),
        }
        kept = {key: value for key, value in policy.items() if value is not None}
        relations[table]["policies"][name] = kept if permissive else {"restrictive": True, **kept}
    for table, role, right, columns in _rows(_RIGHTS):
        text = f"{right} ({', '.join(columns)})" if columns else right
        if table in relations:
            rights = relations[table]["rights"]
            rights[role] = f"{rights[role]}, {text}" if role in rights else text
    functions = {
        name: {"settings": ", ".join(sorted(settings)), "execute": ", ".join(sorted(roles))}
        for name, settings, roles in _rows(_FUNCTIONS)
    }
    listed = {name: said for name, said in relations.items() if not _is_closed_part(name, said)}
    return {"relations": listed, "security_definer_functions": functions}


def _is_closed_part(name: str, said: Mapping[str, Any]) -> bool:
    """A numbered partition nobody may touch by itself: a running city opens them, months for example."""
    parent = str(said["kind"]).removeprefix("partition of ")
    is_part = parent != said["kind"] and re.fullmatch(rf"{re.escape(parent)}_\d+", name) is not None
    return is_part and said["row_security"] == "forced" and not said["policies"] and not said["rights"]


def row_security_inventory() -> str:
    """The same as YAML: the text `contracts/row-security.yaml` should have."""
    body = yaml.safe_dump(read_inventory(), allow_unicode=True, sort_keys=False, width=1000)
    return _HEADING + str(body)


def _relation(kind: str, *, on: bool, forced: bool, invoker: bool, has_division: bool) -> dict[str, Any]:
    lock = "forced" if on and forced else "on" if on else "invoker" if invoker else "none"
    return {"kind": kind, "row_security": lock, "by_division": has_division, "policies": {}, "rights": {}}


def _rows(sql: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


def _flat(expression: str | None) -> str | None:
    return " ".join(expression.split()) if expression is not None else None
