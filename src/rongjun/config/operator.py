"""What an operator does by hand: open an account for a member of staff."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from rongjun.access.api import ROLES, create_account, grant_role
from rongjun.kernel.errors import Refused
from rongjun.ui.api import sentence

OPERATOR = "operator:terminal"


def add_staff(login: str, *, name: str, role: str, division: int, label: str, password: str) -> str:
    """Open the account and grant the role; the sentence to print."""
    if role not in ROLES:
        return f"没有这个岗位：{role}。可用：{'、'.join(f'{r.code}（{r.label}）' for r in ROLES.values())}"
    now = timezone.now()
    try:
        with transaction.atomic():
            account = create_account(
                login, name=name, kind="staff", password=password, by=OPERATOR, now=now, temporary=True
            )
            grant_role(
                account,
                role=role,
                division=division,
                division_label=label,
                valid_from=timezone.localdate(),
                by=OPERATOR,
                now=now,
            )
    except Refused as refused:
        return sentence(refused).text
    return f"已开账户 {login}（{ROLES[role].label}，{label}）。首次登录会要求绑定第二重验证。"
