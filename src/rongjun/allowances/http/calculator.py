"""试算: anybody asks what months of an allowance come to. What is typed is in the answer and nowhere else.

No session, no row, no log line: the case is made from the form, worked out and forgotten. What is chosen or
typed is posted, so that no address carries it either.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from functools import lru_cache
from typing import Any, Final

from django import forms
from django.conf import settings
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from rongjun.access.api import ActingRequest, Scope, acting_as_job, anyone
from rongjun.allowances.book import paying_book
from rongjun.allowances.cases import read_case
from rongjun.allowances.http.shared import today_of
from rongjun.allowances.loading import load_allowances
from rongjun.allowances.logic.lines import STATES, Line, Reason
from rongjun.allowances.logic.months import month_at, month_of, month_text, months_in_chinese, read_month
from rongjun.allowances.logic.schemes import AllowanceBook
from rongjun.allowances.quoting import Quote, quote
from rongjun.kernel.errors import Unfit
from rongjun.kernel.money import Fen, round_half_up
from rongjun.rules.api import Fact
from rongjun.ui.api import shown_later

MOST_MONTHS: Final = 120  # what one answer may cost: nobody is counted, so the question is limited
NOWHERE: Final = Scope(0, -1)
EARLIEST: Final = date(1900, 1, 1)
HERE, NATION = "here", "national"
# By scheme the facts it turns on. Those of the award itself stand in it, the others are facts of the person.
ASKED: Final[Mapping[str, tuple[str, ...]]] = {
    "disability-pension": (
        "disability_grade", "disability_cause", "rated_in_service", "approved_by", "rank_group",
        "disability_is_mental",
    ),
    "kin-pension": ("relation", "birth_date", "pension_goes_on_after_18"),
    "martyr-child-allowance": ("birth_date", "had_pension_before_18", "was_adult_when_pension_began"),
    "demobilised-allowance": ("enlisted_on",),
    "returned-ill-allowance": ("rank_group",),
    "combat-allowance": ("household_kind", "has_employer", "in_hardship"),
    "nuclear-allowance": ("household_kind", "has_employer"),
    "rural-conscript-allowance": ("birth_date", "was_rural_at_discharge", "has_employee_pension"),
    "red-army-allowance": (),
}  # fmt: skip
OF_THE_PERSON: Final = frozenset(
    {"birth_date", "household_kind", "has_employer", "in_hardship", "has_employee_pension"}
)
# Without these nothing can be said at all; what else is left open is asked back in the answer.
NEEDED: Final = frozenset({"disability_grade", "disability_cause", "birth_date", "enlisted_on"})
UNKNOWN = gettext_lazy("不清楚")
OPEN: Final = "待局方确认"


class Question(forms.Form):
    """The few facts one scheme turns on."""

    def __init__(
        self,
        data: QueryDict | None,
        *,
        book: AllowanceBook,
        scheme: str,
        today: date,
        initial: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(data, initial=dict(initial or {}))
        self.today = today
        known = book.schemes[scheme]
        self.fields["region"] = forms.ChoiceField(
            label=gettext_lazy("户籍在哪里"),
            choices=[(HERE, shown_later(book.title)), (NATION, gettext_lazy("别的地方，按全国标准看"))],
        )
        if len(known.categories) > 1:
            titles = [(code, shown_later(title)) for code, title in known.categories.items()]
            self.fields["category"] = forms.ChoiceField(label=gettext_lazy("属于哪一类"), choices=titles)
        for name in ASKED[scheme]:
            self.fields[name] = _field_of(book.vocabulary[name])
        if known.per_service_year:
            self.fields["served_from"] = _day(gettext_lazy("义务兵役从哪一天起"))
            self.fields["served_to"] = _day(gettext_lazy("到哪一天止"))
        self.fields["approved_on"] = _day(gettext_lazy("哪一天批准的"))
        year = today.year
        self.fields["first"] = _month(gettext_lazy("从哪个月算起"), month_at(year, 1))
        self.fields["last"] = _month(gettext_lazy("算到哪个月"), month_of(today))

    def clean(self) -> dict[str, Any]:
        """Months in order and not too many, service the right way round."""
        told: dict[str, Any] = super().clean() or {}
        first, last = (self._month(told, name) for name in ("first", "last"))
        if first is not None and last is not None and not 0 <= last - first < MOST_MONTHS:
            self.add_error("last", _("要在起月以后，一次最多算 120 个月。"))
        begun, ended = told.get("served_from"), told.get("served_to")
        if begun and ended and ended < begun:
            self.add_error("served_to", _("要在起日以后。"))
        return told

    def _month(self, told: Mapping[str, Any], name: str) -> int | None:
        if name not in told:
            return None
        try:
            found: int = read_month(told[name])
        except ValueError:
            found = 0
        if not month_of(EARLIEST) <= found <= month_at(self.today.year + 1, 12):
            self.add_error(name, _("写成 2026-11 这样的月份。"))
            return None
        return found


def _day(label: Any, *, required: bool = True) -> forms.DateField:
    return forms.DateField(
        label=label,
        required=required,
        input_formats=["%Y-%m-%d"],
        widget=forms.DateInput({"type": "date", "autocomplete": "off"}, format="%Y-%m-%d"),
        error_messages={"invalid": gettext_lazy("写成 1976-03-10 这样的日期。")},
        validators=[_of_our_time],
    )


def _of_our_time(day: date) -> None:
    if day < EARLIEST or day.year > 2100:
        raise forms.ValidationError(_("写成 1976-03-10 这样的日期。"))


def _month(label: Any, initial: int) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=7,
        initial=month_text(initial),
        widget=forms.TextInput({"type": "month", "autocomplete": "off"}),
    )


def _field_of(fact: Fact) -> forms.Field:
    needed, label = fact.name in NEEDED, shown_later(fact.question or fact.label)
    if fact.kind == "date":
        return _day(label, required=needed)
    choices: list[tuple[str, Any]] = [] if needed else [("", UNKNOWN)]
    if fact.kind == "bool":
        choices += [("yes", gettext_lazy("是")), ("no", gettext_lazy("否"))]
    elif fact.kind == "int":
        choices += [(str(grade), str(grade)) for grade in range(1, 11)]
    else:
        choices += [(code, shown_later(word)) for code, word in fact.values.items()]
    if fact.name == "rated_in_service":
        choices[1:] = [("yes", gettext_lazy("服役期间")), ("no", gettext_lazy("退役后补办"))]
    return forms.ChoiceField(label=label, choices=choices, required=needed)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@anyone("a calculation about nobody in particular; nothing of what is typed is kept")
def calculator(request: ActingRequest) -> HttpResponse:
    """What an allowance comes to, month by month, from a few facts; nothing is kept."""
    book, today = _book(), today_of(request)
    scheme = request.POST.get("scheme", "")
    context: dict[str, Any] = {
        "schemes": [(code, shown_later(book.schemes[code].title)) for code in ASKED if code in book.schemes],
        "city": book.title,
    }
    # Another size of type is chosen in the middle of filling in: what is there stays, nothing is a fault yet.
    is_resized = "type" in request.POST
    large = request.POST.get("type") or request.POST.get("large")
    if large in {"yes", "no"}:
        context["look"] = {"face": "citizen", "large": large == "yes"} | _manifest()
        context["large"] = large
    if scheme not in ASKED or scheme not in book.schemes:
        return render(request, "allowances/calculator.html", context)
    asked = "approved_on" in request.POST
    form = Question(request.POST if asked else None, book=book, scheme=scheme, today=today)
    context |= {"form": form, "scheme": scheme, "title": book.schemes[scheme].title}
    status = 200
    if asked and form.is_valid():
        context |= _answer(form.cleaned_data, scheme=scheme, book=book, today=today)
    elif is_resized:
        said = request.POST.dict()
        context["form"] = Question(None, book=book, scheme=scheme, today=today, initial=said)
    elif asked:
        status = 422
    return render(request, "allowances/calculator.html", context, status=status)


def _book() -> AllowanceBook:
    """The book with what the bureau confirmed of it, read in a scope in which nobody lives."""
    with acting_as_job("allowances.calculate", scope=NOWHERE):
        return paying_book()


def _manifest() -> dict[str, str]:
    return {"manifest": reverse("citizen:manifest")}


def _answer(told: Mapping[str, Any], *, scheme: str, book: AllowanceBook, today: date) -> dict[str, Any]:
    asked = book if told["region"] == HERE else _national(settings.ALLOWANCES_FICTIONAL)
    try:
        found = quote(read_case(case_of(told, scheme=scheme, book=asked, today=today)), book=asked)
    except Unfit:
        return {"unfit": True}
    return {"answer": _told(found)}


@lru_cache(maxsize=2)
def _national(fictional: str) -> AllowanceBook:
    use = "paid" if fictional == "paid" else "left-out"
    return load_allowances(settings.POLICY_ROOT, place="national", fictional=use)  # type: ignore[arg-type]


def case_of(told: Mapping[str, Any], *, scheme: str, book: AllowanceBook, today: date) -> dict[str, Any]:
    """A case as `contracts/allowances-case.schema.json` has it, of what the form was told."""
    said = {name: _value(told[name], book.vocabulary[name]) for name in ASKED[scheme] if told[name] != ""}
    said = {name: value for name, value in said.items() if value is not None}
    known = book.schemes[scheme]
    details = {name: value for name, value in said.items() if name not in OF_THE_PERSON}
    history: list[dict[str, Any]] = []
    if known.per_service_year:
        details["enlisted_on"] = told["served_from"].isoformat()
        served = {"start": told["served_from"].isoformat(), "end": told["served_to"].isoformat()}
        history.append({"kind": "service", **served})
    history.append(
        {
            "kind": "award",
            "ref": scheme,
            "scheme": scheme,
            "category": told.get("category") or next(iter(known.categories)),
            "approved_on": told["approved_on"].isoformat(),
            "details": details,
        }
    )
    since = EARLIEST.isoformat()
    history += [
        {"kind": "fact", "name": name, "value": value, "since": value if name == "birth_date" else since}
        for name, value in said.items()
        if name in OF_THE_PERSON
    ]
    return {
        "place": book.place,
        "known_at": today.isoformat(),
        "months": {"first": told["first"], "last": told["last"]},
        "history": history,
    }


def _value(given: Any, fact: Fact) -> Any:
    if given is None:
        return None
    if fact.kind == "date":
        return given.isoformat()
    if fact.kind == "bool":
        return given == "yes"
    return int(given) if fact.kind == "int" else given


def _told(found: Quote) -> dict[str, Any]:
    owed = found.owed
    lines = [_line(line) for line in owed.lines]
    return {
        "months": months_in_chinese(owed.first, owed.last),
        "total": owed.fen.text,
        "is_nothing_yet": not owed.fen and not owed.is_complete,
        "lines": lines,
        "doubts": list(dict.fromkeys(word for line in lines for word in line["doubts"])),
        "gaps": [gap.text for gap in owed.gaps],
        "refused": [reason for each in owed.refused for reason in _reasons(each.reasons)],
        "todo": list(_reasons(owed.follow_ups)),
        "is_complete": owed.is_complete and not owed.refused,
    }


def _line(line: Line) -> dict[str, Any]:
    is_owed = line.state == "owed"
    return {
        "title": line.title,
        "months": line.period_text,
        "state": STATES[line.state],
        "is_owed": is_owed,
        "fen": line.fen.text,
        "monthly": "" if line.is_once or not is_owed else Fen(round_half_up(line.monthly)).text,
        "reasons": list(_reasons(line.reasons)),
        # Of the rate itself: a demo pays by what is invented, and says so here all the same.
        "doubts": list(line.rate.obstacles) if line.rate else [],
    }


def _reasons(reasons: tuple[Reason, ...]) -> Iterator[dict[str, Any]]:
    for reason in reasons:
        # A clause that says itself that it waits for the bureau needs no mark beside it.
        is_marked = not reason.is_stated and OPEN not in reason.clause
        yield {"text": reason.text, "clause": reason.clause, "is_marked": is_marked}
