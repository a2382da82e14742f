"""What each kind of thing told of a person is called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

LABELS: Mapping[str, Any] = {
    "status": _("身份类别"),
    "rating": _("残疾等级"),
    "rights": _("待遇中止、取消、恢复"),
    "death": _("去世"),
    "account": _("银行账户"),
    "payee": _("收款人（不是本人）"),
    "contact": _("联系电话"),
    "residence": _("常住地"),
    "household": _("户籍"),
    "service": _("服役经历"),
    "merit": _("功勋荣誉表彰"),
    "document": _("证件"),
    "particulars": _("基本信息"),
    "move": _("档案转到别的服务站"),
    "retract-death": _("撤销去世"),
    "end": _("结束"),
}
