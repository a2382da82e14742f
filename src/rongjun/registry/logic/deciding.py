"""Who may decide what of a person, and which disability ratings the law allows. No clock.

The law: 军人抚恤优待条例 (国令第788号) articles 25, 27, 28, 29, 59, 退役军人保障法 article 79.
What the table of authorities says beyond those articles is 待局方确认.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from rongjun.kernel.errors import Unfit
from rongjun.kernel.words import Words, translatable, worded
from rongjun.registry.logic import LABEL_OF_CATEGORY

# --- who decides --------------------------------------------------------------------------------------------

CORPS, THEATRE = "military-corps", "military-theatre"
PROVINCE, CITY, COUNTY = "province", "city", "county"
AUTHORITIES: Words[Mapping[str, str]] = {
    PROVINCE: "省级退役军人事务部门",
    CITY: "市级退役军人事务部门",
    COUNTY: "县级退役军人事务部门",
    CORPS: "军队军级以上单位卫生部门",
    THEATRE: "军队战区级以上单位卫生部门",
}
MILITARY = frozenset({CORPS, THEATRE})

STATUS, RATING, SUSPENSION, CANCELLATION, RESTORATION = (
    "status",
    "rating",
    "suspension",
    "cancellation",
    "restoration",
)
CORRECTION, ENDING = "correction", "ending"
PROPOSED: Words[Mapping[str, str]] = {
    STATUS: "身份类别",
    RATING: "残疾等级",
    SUSPENSION: "待遇中止",
    CANCELLATION: "待遇资格取消",
    RESTORATION: "待遇恢复",
    CORRECTION: "更正身份或等级",
    ENDING: "终止身份或等级",
}
WAITING, APPROVED, REJECTED = "waiting", "approved", "rejected"

SUSPENDED, CANCELLED = "rights-suspended", "rights-cancelled"
STOPPED: Mapping[str, str] = {SUSPENSION: SUSPENDED, CANCELLATION: CANCELLED}
# Article 59; the decision itself names the judgment, which is not kept here.
GROUNDS: Words[Mapping[str, Mapping[str, str]]] = {
    SUSPENSION: {
        "imprisonment": "判处有期徒刑服刑期间",
        "deprived-of-rights": "剥夺政治权利期间",
        "wanted": "被通缉期间",
    },
    CANCELLATION: {
        "death-or-life-sentence": "判处死刑、无期徒刑",
        "expelled": "被开除军籍",
    },
}

DISABLED_SOLDIER = "disabled-soldier"
DISABLED: tuple[str, ...] = (DISABLED_SOLDIER, "disabled-police", "disabled-militia", "disabled-rescuer")
CAUSES: Words[Mapping[str, str]] = {"war": "因战", "duty": "因公", "illness": "因病"}
CONSCRIPT, JUNIOR_NCO = "conscript", "nco_junior"
LOWER_RANKS = frozenset({CONSCRIPT, JUNIOR_NCO})
HEAVIEST, LIGHTEST, LIGHTEST_BY_ILLNESS = 1, 10, 6

_RULES = translatable("《军人抚恤优待条例》（国令第788号）")
_DISABILITY_RULES = translatable("《伤残抚恤管理办法》（退役军人事务部令第1号）第二条")


@dataclass(frozen=True, slots=True)
class Objection:
    """One reason why something cannot be decided so, with the clause it rests on."""

    code: str
    sentence: str
    clause: str

    @property
    def text(self) -> str:
        """As a refusal says it."""
        return f"{self.sentence.removesuffix('。')}（{self.clause}）。"


def may_not_decide(kind: str, *, authority: str, category: str = "") -> Objection | None:
    """Why this authority cannot decide this kind of thing; None when it can. Unfit for an unknown authority.

    Of a rating's authority article 28 knows more: `rating_objections`.
    """
    if authority not in AUTHORITIES:
        raise Unfit("registry.unknown-authority", "没有写明由哪一级机关决定，请从给出的选项里选。")
    if kind in (SUSPENSION, CANCELLATION, RESTORATION) and authority != PROVINCE:
        return Objection(
            "not-the-province",
            "待遇的中止、取消和恢复由省级退役军人事务部门决定，市县只能上报和执行",
            worded("{rules}第五十九条；《退役军人保障法》第七十九条", rules=_RULES),
        )
    if (kind == RATING or category in DISABLED) and authority in (CITY, COUNTY):
        return Objection(
            "may-only-report",
            "残疾等级县、市两级只能初审上报，不能批准",
            worded("{rules}第二十八条", rules=_RULES),
        )
    return None


# --- disability ratings -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rating:
    """A grade (1 heaviest to 10) with its cause, rated on a day for one kind of disabled person."""

    grade: int
    cause: str
    rated_on: date
    category: str = DISABLED_SOLDIER

    def __post_init__(self) -> None:
        if not HEAVIEST <= self.grade <= LIGHTEST or self.cause not in CAUSES:
            raise Unfit("registry.unfit-rating", "残疾等级填一级至十级，残疾性质填因战、因公或因病。")
        if self.category not in DISABLED:
            raise Unfit("registry.unfit-rating-category", "残疾等级只登记给四类伤残人员，请从选项里选。")


@dataclass(frozen=True, slots=True)
class Stint:
    """One period of service: either day may be unknown, the rank "" too."""

    enlisted_on: date | None
    discharged_on: date | None
    rank_group: str = ""


@dataclass(frozen=True, slots=True)
class Served:
    """What is known of somebody's service on one day: None is not known."""

    in_service: bool | None
    rank_group: str


def served_on(day: date, stints: Sequence[Stint], *, is_serving: bool, is_veteran: bool) -> Served:
    """Whether somebody served on a day, and in what rank then or last. The day of discharge still counts.

    `is_serving` and `is_veteran` are the person's categories; they speak where no period does.
    """
    rank = next((stint.rank_group for stint in reversed(stints) if stint.rank_group), "")
    on_duty = [stint for stint in stints if stint.discharged_on is not None and day <= stint.discharged_on]
    if is_serving or on_duty:
        return Served(True, (on_duty[0].rank_group if on_duty else "") or rank)
    if any(stint.discharged_on is None for stint in stints) or (is_veteran and not stints):
        return Served(None, rank)
    return Served(False, rank)


def rating_objections(rating: Rating, served: Served, *, authority: str) -> list[Objection]:
    """Every reason why the rating cannot be recorded; empty when it can. Unfit for an unknown authority."""
    general = may_not_decide(RATING, authority=authority)
    if rating.category != DISABLED_SOLDIER:
        return [found for found in (general, *_of_civilians(rating, authority)) if found]
    found = [general, *_by_illness(rating, served)]
    if general is None:
        found.append(_not_its_authority(served, authority))
    return [each for each in found if each]


def _by_illness(rating: Rating, served: Served) -> Iterable[Objection]:
    if rating.cause != "illness":
        return
    if rating.grade > LIGHTEST_BY_ILLNESS:
        yield Objection(
            "illness-too-light", "因病致残只评一级至六级", worded("{rules}第二十七条", rules=_RULES)
        )
    if not served.rank_group:
        yield Objection(
            "rank-unknown",
            "因病致残只评义务兵和初级军士，档案里没有服役身份，先登记再评",
            worded("{rules}第二十五条", rules=_RULES),
        )
    elif served.rank_group not in LOWER_RANKS:
        yield Objection(
            "illness-of-higher-rank",
            "因病致残只评义务兵和初级军士",
            worded("{rules}第二十五条", rules=_RULES),
        )
    if served.in_service is False:
        yield Objection(
            "illness-after-discharge",
            "因病致残应当在服役期间评定，退役后只能补办因战、因公",
            worded("{rules}第二十七条、第二十九条", rules=_RULES),
        )
    elif served.in_service is None:
        yield Objection(
            "discharge-unknown",
            "因病致残应当在服役期间评定，档案里没有退役日期，先登记再评",
            worded("{rules}第二十七条", rules=_RULES),
        )


def _not_its_authority(served: Served, authority: str) -> Objection | None:
    clause = worded("{rules}第二十八条", rules=_RULES)
    if served.in_service is None:
        # Somebody's word is missing, not the law's: either may be right.
        return None
    if not served.in_service:
        return (
            None
            if authority == PROVINCE
            else Objection("not-of-veterans", "退役人员由省级退役军人事务部门评定", clause)
        )
    if authority == PROVINCE:
        return Objection("not-of-soldiers", "服役期间由军队卫生部门评定", clause)
    if authority == CORPS and served.rank_group not in ("", "cadet", *LOWER_RANKS):
        return Objection("not-of-officers", "军官、中级以上军士由战区级以上单位卫生部门评定", clause)
    return None


def _of_civilians(rating: Rating, authority: str) -> Iterable[Objection]:
    """人民警察、民兵民工、见义勇为: no soldiers, so no illness and no military authority."""
    if rating.cause == "illness":
        yield Objection(
            "illness-of-civilian", "因病致残只评义务兵和初级军士", worded("{rules}第二十五条", rules=_RULES)
        )
    if authority in MILITARY:
        yield Objection("not-of-civilians", "不是军人的由省级退役军人事务部门评定", _DISABILITY_RULES)


# --- what is proposed ---------------------------------------------------------------------------------------


def read_proposal(kind: str, content: Mapping[str, object]) -> dict[str, object]:
    """The content of a proposal as it is kept: plain JSON with the keys of its kind, no others.

    status: category; rating: grade, cause, category (残疾军人 if not said); suspension and cancellation:
    grounds; restoration: of (suspension or cancellation); correction: of (status or rating), assertion,
    changed; ending: of, assertion. The first three may say `valid_to`, a day. Raises Unfit.
    """
    reader = _READERS.get(kind)
    if reader is None:
        raise Unfit("registry.unknown-proposal", "没有这一种提议，请从给出的选项里选。")
    return reader(content)


def _until(content: Mapping[str, object]) -> dict[str, object]:
    said = content.get("valid_to")
    if not said:
        return {}
    try:
        return {"valid_to": date.fromisoformat(str(said)).isoformat()}
    except ValueError as error:
        raise Unfit("registry.unfit-day", "日期写成 2024-11-24 这样。") from error


def _status(content: Mapping[str, object]) -> dict[str, object]:
    category = str(content.get("category", ""))
    if category not in LABEL_OF_CATEGORY or category in (SUSPENDED, CANCELLED):
        raise Unfit("registry.unfit-category", "没有这一种身份类别，请从给出的选项里选。")
    return {"category": category, **_until(content)}


def _rating(content: Mapping[str, object]) -> dict[str, object]:
    grade = str(content.get("grade", ""))
    asked = Rating(
        int(grade) if grade.isdecimal() and len(grade) < 3 else 0,
        str(content.get("cause", "")),
        date.min,
        str(content.get("category") or DISABLED_SOLDIER),
    )
    return {"grade": asked.grade, "cause": asked.cause, "category": asked.category, **_until(content)}


def _grounds(kind: str, content: Mapping[str, object]) -> dict[str, object]:
    grounds = str(content.get("grounds", ""))
    if grounds not in GROUNDS[kind]:
        raise Unfit("registry.unknown-grounds", "要写明中止或取消的情形，从给出的选项里选。")
    return {"grounds": grounds, **_until(content)}


def _restoration(content: Mapping[str, object]) -> dict[str, object]:
    of = str(content.get("of", SUSPENSION))
    if of not in STOPPED:
        raise Unfit("registry.unfit-restoration", "恢复的是中止还是取消，从给出的选项里选。")
    return {"of": of}


def _pointed_at(content: Mapping[str, object]) -> dict[str, object]:
    of, assertion = str(content.get("of", "")), str(content.get("assertion", ""))
    if of not in (STATUS, RATING) or not assertion.isdecimal():
        raise Unfit("registry.unfit-target", "要写明更正或终止的是哪一条身份或等级。")
    return {"of": of, "assertion": int(assertion)}


def _correction(content: Mapping[str, object]) -> dict[str, object]:
    pointed, changed = _pointed_at(content), content.get("changed")
    if not isinstance(changed, Mapping):
        raise Unfit("registry.unfit-correction", "没有写明改成什么。")
    anew = _status(changed) if pointed["of"] == STATUS else _rating(changed)
    if pointed["of"] == RATING and not changed.get("category"):
        del anew["category"]
    return {**pointed, "changed": anew}


_READERS = {
    STATUS: _status,
    RATING: _rating,
    SUSPENSION: lambda content: _grounds(SUSPENSION, content),
    CANCELLATION: lambda content: _grounds(CANCELLATION, content),
    RESTORATION: _restoration,
    CORRECTION: _correction,
    ENDING: _pointed_at,
}


def proposed_label(kind: str, content: Mapping[str, object]) -> str:
    """What is proposed, in a few words: 登记身份：烈士遗属."""
    if kind == STATUS:
        return worded("登记身份：{category}", category=LABEL_OF_CATEGORY[str(content["category"])])
    if kind == RATING:
        of = LABEL_OF_CATEGORY[str(content["category"])]
        return worded(
            "评定等级：{cause} {grade} 级（{of}）",
            cause=CAUSES[str(content["cause"])],
            grade=content["grade"],
            of=of,
        )
    if kind in GROUNDS:
        return worded(
            "{what}：{grounds}", what=PROPOSED[kind], grounds=GROUNDS[kind][str(content["grounds"])]
        )
    if kind == RESTORATION:
        lifted = translatable("中止") if content["of"] == SUSPENSION else translatable("取消")
        return worded("待遇恢复：解除{lifted}", lifted=lifted)
    of = PROPOSED[str(content["of"])]
    return worded("更正一条{of}", of=of) if kind == CORRECTION else worded("终止一条{of}", of=of)


# --- deaths -------------------------------------------------------------------------------------------------


def death_objection(died_on: date, *, born: date | None, today: date) -> str:
    """Why nobody can have died that day, as a sentence; "" when it may be. A notice may come late."""
    if died_on > today:
        return translatable("去世日期在今天之后。")
    return translatable("去世日期在出生日期之前。") if born is not None and died_on < born else ""
