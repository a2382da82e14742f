"""Every rule of retention there is, what others carry out, and the night that carries out the rest."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Final, TypeAlias

from django.conf import settings
from django.utils import timezone

from rongjun.access import api as access
from rongjun.access.terminal import load_data_map
from rongjun.benefits import api as benefits
from rongjun.files import api as files
from rongjun.notices import api as notices
from rongjun.partners import api as partners
from rongjun.registry import api as registry

# A rule, its days, and the rows.
Outcome: TypeAlias = tuple[access.RetentionRule, int, access.Due]
JOB = "access.end-retention"
QUIET_HOUR = 3
RULES: Final[tuple[access.RetentionRule, ...]] = (
    *registry.RETENTION,
    *partners.RETENTION,
    *files.RETENTION,
    *notices.RETENTION,
    *benefits.RETENTION,
)
# Tables whose data have a period in days and that no rule names: who carries it out, or why nobody does.
ELSEWHERE: Final[Mapping[str, str]] = {
    "registry_rosterpart": "装完一段删一段（registry.load-rosters）",
    "django_session": "每十分钟删过期的（access.forget-expired）",
    "axes_accessattempt": "每十分钟删过期的（access.forget-expired）",
    "axes_accesslog": "不用，无人可写",
    "axes_accessfailurelog": "不用，无人可写",
    "audit_event": "证据链只增不改；到期移交办法待局方确认",
    "benefits_edition": "重放旧判定要用，不删；待局方确认",
    "benefits_confirmation": "重放旧判定要用，不删；待局方确认",
    "allowances_rateconfirmation": "发过的钱凭它才说得清，不删；待局方确认",
    "allowances_simulation": "采用标准时凭它说明理由，不删；待局方确认",
    "benefits_duty": "督导的责任要能追到人，不删；待局方确认",
    "benefits_supervisiontask": "督导的责任要能追到人，不删；待局方确认",
    "benefits_supervisionstep": "督导的责任要能追到人，不删；待局方确认",
    "benefits_operatorstatement": "会计档案，保存三十年，到期鉴定；待局方确认",
    "benefits_operatorpayee": "会计档案，保存三十年，到期鉴定；待局方确认",
    "benefits_operatordispute": "会计档案，保存三十年，到期鉴定；待局方确认",
    "benefits_use_decision": "差额行凭它才记得上，不删；待局方确认",
    "benefits_closed_month": "签名的汇总里没有逐条使用，要靠它重算节省，不删；待局方确认",
    "benefits_use": "按月分区；这个月签名的合计写好、满期之后整月删除，在此之前不删",
    "benefits_use_void": "随所差的使用记录",
    "partners_partner": "单位的约定，来件还在就不删；待局方确认",
}


def look(*, now: datetime) -> list[Outcome]:
    """What each rule would remove now; the caller's scope."""
    kept_back = registry.kept_back()
    return [
        (rule, days, access.due(rule, days=days, kept_back=kept_back, now=now)) for rule, days in _rules()
    ]


def carry_out(*, by: str, now: datetime) -> list[Outcome]:
    """What each rule removed; the caller's scope."""
    kept_back = registry.kept_back()
    return [
        (rule, days, access.remove(rule, days=days, kept_back=kept_back, by=by, now=now))
        for rule, days in _rules()
    ]


def end_retention() -> None:
    """Once a night, remove what is past its period; at any other hour do nothing."""
    now = timezone.localtime()
    if now.hour == QUIET_HOUR:
        carry_out(by=f"job:{JOB}", now=now)


def _rules() -> list[tuple[access.RetentionRule, int]]:
    data_map = load_data_map(Path(settings.CONTRACTS_ROOT) / "data-map.yaml")
    return [(rule, rule.days(data_map)) for rule in RULES]
