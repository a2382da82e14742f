"""The forms by which a clerk tells, corrects and proposes. They read; the registry decides what fits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from rongjun.kernel.identifiers import DOCUMENT_LABELS
from rongjun.kernel.words import worded
from rongjun.registry import api as registry
from rongjun.ui.api import shown_later

Pairs = Iterable[tuple[str, Any]]  # a code and its words, perhaps yet to be translated


def _choice(label: Any, pairs: Pairs, *, required: bool = True) -> forms.ChoiceField:
    choices = [("", _("请选")), *((code, shown_later(word)) for code, word in pairs)]
    return forms.ChoiceField(label=label, choices=choices, required=required)


def _text(label: Any, *, longest: int, required: bool = True, hint: Any = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=longest,
        required=required,
        help_text=hint,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


def _day(label: Any, *, required: bool = True, hint: Any = "") -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, required=required, widget=widget, help_text=hint)


def _inverse(words: Mapping[str, str]) -> Pairs:
    return [(code, label) for label, code in words.items()]


def _source() -> forms.CharField:
    return _text(_("来源"), longest=120, hint=_("谁说的：本人窗口申报、派出所来函……"))


def _evidence(*, required: bool = False) -> forms.CharField:
    return _text(_("证明材料"), longest=200, required=required, hint=_("名称和文号，不要写证件号码"))


_DOCUMENTS = [(str(kind), label) for kind, label in DOCUMENT_LABELS.items()]
_CATEGORIES = [
    (code, label)
    for code, label in registry.LABEL_OF_CATEGORY.items()
    if code not in registry.STOPPED.values()
]


class Proposing(forms.Form):
    """What every proposal says: since when, who decided, by which document."""

    valid_from = _day(_("从哪天起"))
    authority = _choice(_("决定机关"), registry.AUTHORITIES.items())
    document = _text(_("决定文件的文号"), longest=120)


class StatusForm(Proposing):
    """身份类别."""

    category = _choice(_("身份类别"), _CATEGORIES)
    field_order = ("category",)


class RatingForm(Proposing):
    """残疾等级."""

    category = _choice(_("评给谁"), [(code, registry.LABEL_OF_CATEGORY[code]) for code in registry.DISABLED])
    grade = _choice(_("等级"), [(str(number), word) for word, number in registry.GRADES.items()])
    cause = _choice(_("致残性质"), registry.CAUSES.items())
    field_order = ("category", "grade", "cause")


class RightsForm(Proposing):
    """待遇中止、取消和恢复: the choice is kind and word together."""

    what = _choice(
        _("中止、取消还是恢复"),
        [
            *(
                (f"{kind} {code}", worded("{what}：{grounds}", what=registry.PROPOSED[kind], grounds=label))
                for kind, words in registry.GROUNDS.items()
                for code, label in words.items()
            ),
            *(
                (f"{registry.RESTORATION} {kind}", worded("恢复：解除{kind}", kind=registry.PROPOSED[kind]))
                for kind in registry.STOPPED
            ),
        ],
    )
    field_order = ("what",)


class Telling(forms.Form):
    """What everything told directly says: since when, until when, by whom, shown by what."""

    valid_from = _day(_("从哪天起"))
    valid_to = _day(_("到哪天止"), required=False, hint=_("这一天起不再是；不知道就空着"))
    source = _source()
    evidence = _evidence()


class DeathForm(forms.Form):
    """去世."""

    valid_from = _day(_("去世日期"))
    source = _source()
    evidence = _evidence()


class AccountForm(Telling):
    """银行账户, of the person or of a payee (choices are set by the page)."""

    belongs_to = _choice(_("谁的账户"), [])
    purpose = _choice(_("用途"), registry.PURPOSES.items())
    kind = _choice(_("账户类型"), [("card", _("银行卡")), ("passbook", _("存折"))])
    bank = _text(_("开户银行"), longest=60)
    holder = _text(_("户名"), longest=64)
    number = _text(_("账号"), longest=40)
    field_order = ("belongs_to", "purpose", "kind", "bank", "holder", "number")


class PayeeForm(Telling):
    """收款人 who is not the person."""

    kind = _choice(_("收款人身份"), registry.PAYEE_KINDS.items())
    name = _text(_("收款人姓名"), longest=64)
    document_kind = _choice(_("收款人证件类型"), _DOCUMENTS)
    number = _text(_("收款人证件号码"), longest=40)
    evidence = _evidence(required=True)
    field_order = ("kind", "name", "document_kind", "number")


class ParticularsForm(Telling):
    """基本信息."""

    name = _text(_("姓名"), longest=64)
    sex = _choice(_("性别"), list(registry.SEXES.items()), required=False)
    birth_date = _day(_("出生日期"), required=False)
    field_order = ("name", "sex", "birth_date")


class DocumentForm(Telling):
    """证件."""

    kind = _choice(_("证件类型"), _DOCUMENTS)
    number = _text(_("证件号码"), longest=40)
    field_order = ("kind", "number")


class ContactForm(Telling):
    """联系电话."""

    number = _text(_("手机号码"), longest=20)
    field_order = ("number",)


class ServiceForm(Telling):
    """服役经历."""

    enlisted_on = _day(_("入伍日期"), required=False)
    discharged_on = _day(_("退役日期"), required=False)
    rank_group = _choice(_("服役身份"), _inverse(registry.RANK_GROUPS), required=False)
    placement_mode = _choice(_("安置方式"), _inverse(registry.PLACEMENT_MODES), required=False)
    field_order = ("enlisted_on", "discharged_on", "rank_group", "placement_mode")


class HouseholdForm(Telling):
    """户籍."""

    county = _text(_("户籍地"), longest=12, hint=_("区县的 6 位区划代码"))
    kind = _choice(_("户籍类别"), _inverse(registry.HOUSEHOLD_KINDS), required=False)
    field_order = ("county", "kind")


class ResidenceForm(Telling):
    """常住地."""

    county = _text(_("常住地"), longest=12, hint=_("区县的 6 位区划代码"))
    address = _text(_("地址"), longest=120, required=False, hint=_("加密保存"))
    field_order = ("county", "address")


class MeritForm(Telling):
    """功勋荣誉表彰."""

    rank = _choice(_("功绩级"), [(str(rank), label) for rank, label in registry.MERITS.items()])
    title = _text(_("名称"), longest=60, required=False)
    field_order = ("rank", "title")


class EndForm(forms.Form):
    """What ends: from this day on it no longer is."""

    valid_to = _day(_("从哪天起不再是"))
    source = _source()


class MoveForm(forms.Form):
    """The file to another station (choices are set by the page)."""

    station = _choice(_("转到哪个服务站"), [])
    valid_from = _day(_("从哪天起"))
    source = _source()
    field_order = ("station",)


PROPOSED: Mapping[str, type[forms.Form]] = {
    "status": StatusForm,
    "rating": RatingForm,
    "rights": RightsForm,
}
TOLD: Mapping[str, type[forms.Form]] = {
    "death": DeathForm,
    "account": AccountForm,
    "payee": PayeeForm,
    "contact": ContactForm,
    "residence": ResidenceForm,
    "household": HouseholdForm,
    "service": ServiceForm,
    "merit": MeritForm,
    "document": DocumentForm,
    "particulars": ParticularsForm,
}
