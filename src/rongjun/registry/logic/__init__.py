"""Shapes of the registry that need no database: categories, facts, relations, periods, names. No clock."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from rongjun.kernel.errors import Unfit
from rongjun.kernel.identifiers import DivisionCode
from rongjun.kernel.reading import half_width
from rongjun.kernel.words import Words, translatable, worded

# --- categories ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Category:
    """A category a person can belong to, the fact it answers ("" for none), its official Chinese name."""

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
    Category("nuclear-test-veteran", "is_nuclear_test_veteran", "参试退役军人"),
    Category("sick-returned-veteran", "is_sick_returned_veteran", "带病回乡退役军人"),
    Category("military-civilian", "is_military_civilian", "军队文职人员、职工", on_roster=False),
    Category("in-state-home", "is_in_state_home", "集中供养", on_roster=False),
    Category("regular-subsidy", "receives_regular_subsidy", "享受抚恤定补", on_roster=False),
    Category("key-pension-group", "is_key_pension_group", "抚恤定补优抚对象（荣军保口径）", on_roster=False),
    # 军人抚恤优待的其余对象：还没有一项优待问到它们，所以不答任何事实。
    Category("disabled-police", "", "伤残人民警察", on_roster=False),
    Category("disabled-militia", "", "伤残预备役人员、民兵民工", on_roster=False),
    Category("disabled-rescuer", "", "其他因公伤残人员", on_roster=False),
    Category("red-army-veteran", "", "在乡退伍红军老战士、西路军红军老战士、红军失散人员", on_roster=False),
    Category("old-demobilised-veteran", "", "在乡老复员军人", on_roster=False),
    Category("rural-conscript-veteran", "", "年满 60 周岁农村籍退役士兵", on_roster=False),
    Category("aged-martyr-child", "", "年满 60 周岁部分烈士子女（含错杀后被平反人员子女）", on_roster=False),
    Category("conscript-family", "", "义务兵家庭", on_roster=False),
    Category("rights-suspended", "rights_suspended", "待遇中止", on_roster=False),
    Category("rights-cancelled", "rights_cancelled", "资格取消", on_roster=False),
)
CATEGORY_OF_LABEL = {category.label: category.code for category in CATEGORIES if category.on_roster}
LABEL_OF_CATEGORY = {category.code: category.label for category in CATEGORIES}
FACT_OF_CATEGORY = {category.code: category.fact for category in CATEGORIES if category.fact}
# 待局方确认: what a file should hold, each with the fact that makes it expected ("" of everybody).
BASICS: Mapping[str, str] = {
    "birth_date": "",
    "sex": "",
    "household_county": "",
    "household_kind": "",
    "enlisted_on": "is_veteran",
    "discharged_on": "is_veteran",
    "rank_group": "is_veteran",
    "placement_mode": "is_veteran",
    "disability_grade": "is_disabled_soldier",
    "disability_cause": "is_disabled_soldier",
}

# 待局方确认: which of several categories stands first on a list. What stops a person's rights comes before
# all else; then those with a pension of their own, then kin, then service. 双重资格自选: it chooses no card.
PRECEDENCE: tuple[str, ...] = (
    "rights-cancelled",
    "rights-suspended",
    "active-soldier",
    "disabled-soldier",
    "martyr-kin",
    "duty-death-kin",
    "illness-death-kin",
    "red-army-veteran",
    "old-demobilised-veteran",
    "sick-returned-veteran",
    "combat-veteran",
    "nuclear-test-veteran",
    "military-retiree",
    "disabled-police",
    "disabled-militia",
    "disabled-rescuer",
    "rural-conscript-veteran",
    "aged-martyr-child",
    "martyr-child",
    "veteran",
    "soldier-family",
    "conscript-family",
    "military-civilian",
    "in-state-home",
    "regular-subsidy",
    "key-pension-group",
)
THREE_KIN = frozenset({"martyr-kin", "duty-death-kin", "illness-death-kin"})
CERTIFICATES: Words[Mapping[str, str]] = {
    "veteran": "退役军人优待证",
    "pension-group": "其他优抚对象优待证",
}


def by_precedence(categories: Iterable[str]) -> list[str]:
    """The same categories, each once, the one to be shown first in front; unknown codes come last."""
    place = {code: number for number, code in enumerate(PRECEDENCE)}
    return sorted(set(categories), key=lambda code: (place.get(code, len(place)), code))


def certificates_for(categories: Iterable[str]) -> tuple[str, ...]:
    """Which 优待证 somebody qualifies for; with two the person chooses one (优待证管理办法，双重资格自选)."""
    held = set(categories)
    fits = (("veteran", "veteran" in held), ("pension-group", bool(held & THREE_KIN)))
    return tuple(code for code, does in fits if does)


# --- facts that somebody may state --------------------------------------------------------------------------

Kind = Literal["bool", "int", "date", "division", "text"]

# Stated here, and answered by an app that knows better of some people: `cards` by the cards it handed over.
ANSWERED_ELSEWHERE = frozenset({"holds_pref_card"})
# What the registry takes somebody's word for while no table of its own knows better, and how it is written.
STATED: Mapping[str, Kind] = {
    "birth_date": "date",
    "sex": "text",
    "disability_grade": "int",
    "disability_cause": "text",
    "enlisted_on": "date",
    "discharged_on": "date",
    "service_years": "int",
    "rank_group": "text",
    "placement_mode": "text",
    "household_county": "division",
    "household_city": "division",
    "household_province": "division",
    "household_kind": "text",
    "residence_city": "division",
    "residence_province": "division",
    "settlement_city": "division",
    "merit_rank": "int",
    "was_student_before_service": "bool",
    "has_medical_insurance": "bool",
    "in_hardship": "bool",
    "income_below_local_average": "bool",
    "has_no_labour_capacity": "bool",
    "cannot_care_for_self": "bool",
    "is_unsupported": "bool",
    "is_job_seeker": "bool",
    "has_employer": "bool",
    "holds_pref_card": "bool",
    "holds_disabled_cert": "bool",
    "holds_service_id": "bool",
    "commended_at_province_level": "bool",
    "meets_combat_subsidy_rules": "bool",
    "was_combat_unit_commander": "bool",
    "hardship_or_special_post": "bool",
    "was_state_employee_before_service": "bool",
    "has_contracted_land": "bool",
    "is_rural_collective_member": "bool",
    "was_rural_at_discharge": "bool",
    "has_service_chronic_illness": "bool",
    "awaiting_placement": "bool",
    "placement_letter_on": "date",
    "disability_is_mental": "bool",
    "old_wound_relapse": "bool",
    "needs_aid_device": "bool",
    "is_registered_unemployed": "bool",
    "is_hard_to_employ": "bool",
    "is_person_with_disability": "bool",
    "is_party_member": "bool",
    "party_transferred": "bool",
    "is_public_employee": "bool",
    "runs_business": "bool",
    "business_registered_on": "date",
    "education_level": "text",
    "graduated_on": "date",
    "school_stage": "text",
    "is_unmarried": "bool",
    "has_no_income_source": "bool",
    "on_basic_living_aid": "bool",
    "has_child_or_elder_difficulty": "bool",
    "meets_housing_rules": "bool",
    "meets_settlement_housing_rules": "bool",
    "has_unsafe_rural_house": "bool",
    "builds_own_rural_home": "bool",
    "meets_cemetery_rules": "bool",
    "meets_service_place_rules": "bool",
    "has_work_injury_insurance": "bool",
    "pref_card_bank": "text",
    "holds_military_licence": "bool",
    "holds_memorial_letter": "bool",
}
# The same about one relation to a soldier; of a serving soldier's unit, posting or mission there is nothing.
RELATION_STATED: Mapping[str, Kind] = {
    "was_supported_by_deceased": "bool",
    "spouse_remarried_still_supporting": "bool",
    "was_adult_when_pension_began": "bool",
    "is_accompanying_family": "bool",
    "is_unemployed_accompanying_spouse": "bool",
    "is_transferring_family": "bool",
    "spouse_prior_job": "text",
    "sponsor_rank_group": "text",
    "sponsor_merit_rank": "int",
    "sponsor_disability_grade": "int",
    "sponsor_enlistment_city": "division",
    "sponsor_was_state_employee": "bool",
    "sponsor_is_combat_veteran": "bool",
    "sponsor_is_martyr_child": "bool",
    "sponsor_hardship_post": "bool",
    "sponsor_made_special_contribution": "bool",
    "sponsor_under_work_injury_rules": "bool",
}
# Of those, what a relation simply is: no when it does not say so, so nobody is asked.
RELATION_STATUSES = frozenset(
    {"is_accompanying_family", "is_unemployed_accompanying_spouse", "is_transferring_family"}
)
# Facts a table of our own tells first; an answer counts only where that is silent.
RECORDED = frozenset(
    {
        "birth_date",
        "sex",
        "disability_grade",
        "disability_cause",
        "enlisted_on",
        "discharged_on",
        "service_years",
        "rank_group",
        "placement_mode",
        "household_county",
        "household_city",
        "household_province",
        "household_kind",
        "residence_city",
        "residence_province",
        "merit_rank",
    }
)
# Every fact we answer for, so that anybody can say of it that it is wrong.
CONTESTABLE = frozenset(
    {
        *(category.fact for category in CATEGORIES if category.fact),
        *STATED,
        *RELATION_STATED,
        "dependant_of",
        "relation",
        "deceased_kind",
    }
)
# 待局方确认: what only those learn who place people and transfer party membership (PIPL 28).
GUARDED = frozenset({"is_party_member", "party_transferred"})
_WRITTEN: Mapping[Kind, re.Pattern[str]] = {
    "bool": re.compile(r"true|false"),
    "int": re.compile(r"\d{1,9}", re.ASCII),
    "date": re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII),
    "text": re.compile(r"[a-z][a-z0-9_]{0,63}"),
}


def stated_text(fact: str, text: str) -> str:
    """The answer as it is stored, so that every stored answer can be read back as its fact's type.

    Raises Unfit for a fact nobody may state or an answer of another kind. Which of several words or what
    range a fact allows is the policy book's to say, and checked by whoever asks.
    """
    kind = STATED.get(fact) or RELATION_STATED.get(fact)
    if kind == "division":
        return DivisionCode.from_text(text).text
    if kind is None or not _WRITTEN[kind].fullmatch(text) or (kind == "date" and not _is_day(text)):
        raise Unfit("registry.not-an-answer", "这个情况不能这样回答，请从给出的选项里选。")
    return text


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


# --- relations to a soldier ---------------------------------------------------------------------------------

NOBODY = "none"
DEPENDANT_OF: Words[Mapping[str, str]] = {
    NOBODY: "无",
    "active_soldier": "现役军人",
    "martyr": "烈士",
    "duty_death": "因公牺牲军人",
    "illness_death": "病故军人",
    "disabled_soldier": "残疾军人",
    "veteran": "退役军人",
}
RELATIONS: Words[Mapping[str, str]] = {
    NOBODY: "无",
    "spouse": "配偶",
    "parent": "父母或抚养人",
    "child": "子女",
    "sibling": "兄弟姐妹",
}
_KIN = translatable("亲属")
DECEASED_KINDS: Words[Mapping[str, str]] = {
    NOBODY: "无",
    "martyr": "烈士",
    "duty_death": "因公牺牲军人",
    "illness_death": "病故军人",
    "disabled_old_wound": "因旧伤复发去世的残疾军人",
    "disabled_illness": "因病去世的残疾军人",
    "kin_on_pension": "领取定期抚恤金的“三属”",
    "combat_veteran_on_subsidy": "领取生活补助的参战退役军人",
}


@dataclass(frozen=True, slots=True)
class Tie:
    """What binds a person to one soldier: whose dependant, how related, on whose death a claim rests."""

    dependant_of: str
    relation: str
    deceased_kind: str

    def __post_init__(self) -> None:
        known = (
            self.dependant_of in DEPENDANT_OF
            and self.relation in RELATIONS
            and self.deceased_kind in DECEASED_KINDS
        )
        is_dependant, is_claimant = self.dependant_of != NOBODY, self.deceased_kind != NOBODY
        # Who claims on a death need not be near kin; a dependant is.
        if not known or not (is_dependant or is_claimant) or (is_dependant and self.relation == NOBODY):
            raise Unfit(
                "registry.unfit-relation", "要写明与哪一类军人（或逝者）、是什么关系，从给出的选项里选。"
            )

    @property
    def label(self) -> str:
        """烈士的配偶: as a timeline says it."""
        claimed = self.dependant_of == NOBODY
        of = DECEASED_KINDS[self.deceased_kind] if claimed else DEPENDANT_OF[self.dependant_of]
        return worded(
            "{of}的{relation}", of=of, relation=_KIN if self.relation == NOBODY else RELATIONS[self.relation]
        )


def stated_texts(stated: Mapping[str, object]) -> dict[str, str]:
    """Facts of one relation as they are stored. Raises Unfit for one that is not ours or of another kind."""
    if not set(stated) <= set(RELATION_STATED):
        raise Unfit(
            "registry.unfit-relation",
            "有登记库不收的情况；部队、驻地和任务一律不登记，由部队出证明，办一件事用一次。",
        )
    return {fact: stated_text(fact, _as_text(value)) for fact, value in stated.items()}


def _as_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


# --- periods ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Period:
    """Days from `start` up to, not including, `end`; None is for ever."""

    start: date
    end: date | None

    def without(self, other: Period) -> list[Period]:
        """What is left of this period when the other is taken out: none, one or two pieces."""
        first = Period(self.start, _earlier(self.end, other.start))
        last = None if other.end is None else Period(max(self.start, other.end), self.end)
        return [piece for piece in (first, last) if piece is not None and piece.has_days]

    def shared(self, other: Period) -> Period | None:
        """The days in both; None when there is none."""
        end = self.end if other.end is None else _earlier(self.end, other.end)
        both = Period(max(self.start, other.start), end)
        return both if both.has_days else None

    @property
    def has_days(self) -> bool:
        """Whether any day lies in it."""
        return self.end is None or self.start < self.end


def _earlier(end: date | None, day: date) -> date:
    return day if end is None else min(end, day)


# --- names --------------------------------------------------------------------------------------------------

HAN = "\u2e80-\u2fdf\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_BESIDE_HAN = re.compile(f"(?<=[{HAN}·])\\s+|\\s+(?=[{HAN}·])")
_DOTS = str.maketrans(dict.fromkeys("•‧∙・․⋅●", "·"))


def tidy_name(text: str) -> str:
    """A name as it is kept: half-width, one interpunct, single spaces, none beside Chinese characters."""
    shown = half_width(text)
    if not shown.isprintable():
        shown = "".join(c if c.isprintable() else " " for c in shown)
    return _BESIDE_HAN.sub("", " ".join(shown.translate(_DOTS).split()))


def sought_name(name: str) -> str:
    """A name or a part of it as search compares it: no spaces, no difference of case."""
    return "".join(tidy_name(name).split()).lower()


# --- text that may hold a personal number -------------------------------------------------------------------

_LONG_NUMBER = re.compile(r"\d(?:[\W_]{0,2}\d){9,}[\W_]{0,2}[\dXx]")


def fit_to_show(text: str) -> str:
    """What people typed, so that it may be kept and shown back: printable, and without anybody's number.

    Of every run of eleven or more digits only the first two and last two signs stay: a number may have
    slipped into a wrong column or a file's name.
    """
    printable = "".join(sign if sign.isprintable() or sign.isspace() else "□" for sign in text)
    return _LONG_NUMBER.sub(lambda found: f"{found[0][:2]}****{found[0][-2:]}", printable)
