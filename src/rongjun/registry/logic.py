"""Shapes of the registry that need no database: categories, grams, what a timeline says."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Category:
    """A category a person can belong to, the fact it answers, and its official Chinese name."""

    code: str
    fact: str
    label: str
    on_roster: bool = True


CATEGORIES: tuple[Category, ...] = (
    Category("active-soldier", "is_active_soldier", "现役军人"),
    Category("veteran", "is_veteran", "退役军人"),
    Category("disabled-soldier", "is_disabled_soldier", "残疾军人"),
    Category("martyr-kin", "is_martyr_kin", "烈士遗属"),
    Category("duty-death-kin", "is_duty_death_kin", "因公牺牲军人遗属"),
    Category("illness-death-kin", "is_illness_death_kin", "病故军人遗属"),
    Category("soldier-family", "is_soldier_family", "现役军人家属"),
    Category("military-retiree", "is_military_retiree", "军队离退休人员"),
    Category("martyr-child", "is_martyr_child", "烈士子女", on_roster=False),
    Category("combat-veteran", "is_combat_veteran", "参战退役军人"),
    Category("regular-subsidy", "receives_regular_subsidy", "享受抚恤定补", on_roster=False),
    Category("key-pension-group", "is_key_pension_group", "抚恤定补优抚对象（荣军保口径）", on_roster=False),
    Category("pref-card-holder", "holds_pref_card", "持优待证", on_roster=False),
    Category("rongjun-card-holder", "holds_rongjun_card", "持荣军卡", on_roster=False),
    Category("disabled-cert-holder", "holds_disabled_cert", "持残疾军人证", on_roster=False),
    Category("service-id-holder", "holds_service_id", "持军人有效证件", on_roster=False),
    Category("rights-suspended", "rights_suspended", "待遇中止", on_roster=False),
    Category("rights-cancelled", "rights_cancelled", "资格取消", on_roster=False),
)
CATEGORY_OF_LABEL = {category.label: category.code for category in CATEGORIES if category.on_roster}
LABEL_OF_CATEGORY = {category.code: category.label for category in CATEGORIES}


def grams(name: str) -> list[str]:
    """Single characters and neighbouring pairs of a name, each once, in order: what search looks for."""
    kept = "".join(name.split())
    return list(dict.fromkeys([*kept, *(kept[i : i + 2] for i in range(len(kept) - 1))]))
