"""A settlement told as an ExplanationOfBenefit (HL7 FHIR R4B): read into the national fields, and written.

The resource is checked by `fhir.resources`. What it is to us stands in codes of our own beside HL7's: a sum
is named by its national field, because HL7's example set does not tell one Chinese fund from another. The
rest of the resource is neither read nor kept; docs/explanation/insurance-fhir.md says which element is what.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from rongjun.insurance.cases import CaseError
from rongjun.insurance.national import AMOUNTS, IS_REFUND, OUTSIDE, REFUND, SETTLEMENT

RESOURCE: Final = "ExplanationOfBenefit"
_OURS: Final = "urn:rongjun"
FIELD: Final = f"{_OURS}:settlement-field"
PAYER: Final = f"{_OURS}:payer"
CAUSE: Final = f"{_OURS}:cause"
_ADJUDICATION: Final = "http://terminology.hl7.org/CodeSystem/adjudication"
_HL7: Final[Mapping[str, str]] = {
    "medfee_sumamt": "submitted",
    "inscp_scp_amt": "eligible",
    "preselfpay_amt": "copay",
}  # standards of the field, 5.2; every payer's part is a benefit
_FAULTS: Final = {"missing": "缺少，请补上", "extra_forbidden": "没有这个字段，请删去"}


def is_explanation(given: object) -> bool:
    """Whether what came is such a resource, by what it calls itself."""
    return isinstance(given, dict) and given.get("resourceType") == RESOURCE


def message_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """The message (contracts/settlements.schema.json) a resource stands for, not yet read itself.

    Raises `CaseError` with every fault of the resource; none repeats what was sent. Amounts have to come as
    `parse_case` leaves them, as text, so that no fen is lost.
    """
    told = _checked(given)
    faults: list[str] = []
    record = dict(_fields(told, faults))
    if also := dict(_amounts(told, PAYER, OUTSIDE, faults)):
        record["also_paid"] = also
    record.update(_amounts(told, FIELD, _named(), faults))
    if faults:
        raise CaseError(faults)
    number = _identifier([told.patient.identifier], "certno")
    message: dict[str, Any] = {"certno": number} if number else {}
    if msgid := _identifier(told.identifier or (), "msgid"):
        message["msgid"] = msgid
    if "T" in str(given["created"]):
        message["setl_time"] = str(given["created"])
    kind = "refund" if "init_setl_id" in record else "settlement"
    return {**message, kind: record}


def _checked(given: Mapping[str, Any]) -> Any:
    """The resource as the library reads it."""
    # Some 0.2 s and 30 MiB that nobody pays who is not sent such a resource.
    from fhir.resources.R4B.explanationofbenefit import ExplanationOfBenefit
    from pydantic import ValidationError

    try:
        told = ExplanationOfBenefit.model_validate(given)
    except ValidationError as error:
        said = error.errors(include_url=False, include_context=False, include_input=False)
        raise CaseError([_fault(each["loc"], each["type"]) for each in said]) from None
    wanted = {"status": "active", "use": "claim", "outcome": "complete"}
    if wrong := [
        f"{name}：这里只收 {value}" for name, value in wanted.items() if getattr(told, name) != value
    ]:
        raise CaseError(wrong)
    return told


def _fault(place: Iterable[int | str], kind: str) -> str:
    return f"{'.'.join(map(str, place)) or '最外层'}：{_FAULTS.get(kind, '不合 FHIR R4B 的写法')}"


def _fields(told: Any, faults: list[str]) -> Iterator[tuple[str, Any]]:
    """What a resource says beside sums, by national field."""
    found: dict[str, object] = {
        "setl_id": _identifier(told.identifier or (), "setl_id"),
        "fixmedins_code": _identifier([told.provider.identifier], "fixmedins_code"),
        "mdtrtarea_admvs": _identifier([told.facility and told.facility.identifier], "mdtrtarea_admvs"),
        "med_type": _code(told.type, f"{_OURS}:med_type"),
        "init_setl_id": _taken_back(told),
        "version": _version(told, faults),
    }
    if told.billablePeriod is not None:
        found["begndate"] = _day(told.billablePeriod.start)
        found["enddate"] = _day(told.billablePeriod.end)
    codes = [_code(each.diagnosisCodeableConcept, f"{_OURS}:dise_codg") for each in told.diagnosis or ()]
    found["dise_codg"] = next(filter(None, codes), None)
    causes = [_code(each.code, CAUSE) for each in told.supportingInfo or ()]
    found["causes"] = [*filter(None, causes)] or None
    if found["init_setl_id"]:
        found["refd_setl_flag"] = IS_REFUND
    yield from ((name, value) for name, value in found.items() if value is not None)


def _taken_back(told: Any) -> str | None:
    """The settlement a refund takes back: the prior claim it is related to."""
    prior = (each.claim for each in told.related or () if each.claim is not None)
    return _identifier([each.identifier for each in prior], "setl_id")


def _version(told: Any, faults: list[str]) -> int | None:
    said = told.meta.versionId if told.meta is not None else None
    if said is None or str(said).isdecimal():
        return None if said is None else int(said)
    faults.append("meta.versionId：应是结算单的第几版（整数）")
    return None


def _day(said: Any) -> str | None:
    return said.isoformat()[:10] if said is not None else None


def _named() -> frozenset[str]:
    return frozenset(name for name, use in {**SETTLEMENT, **REFUND}.items() if use.use in AMOUNTS)


def _amounts(told: Any, system: str, names: Iterable[str], faults: list[str]) -> Iterator[tuple[str, str]]:
    """(field, yuan) of each sum that is named in our system; a sum that nobody names is a fault."""
    known, seen = frozenset(names), set[str]()
    for place, each in _sums(told):
        name = _code(each.category, system)
        if name is None:
            if system == FIELD and _code(each.category, PAYER) is None:
                faults.append(f"{place}：缺少 {FIELD} 的编码，不知道是哪一项金额")
            continue
        if name not in known:
            faults.append(f"{place}：{system} 里没有这个编码")
        elif each.amount is None or each.amount.currency != "CNY":
            faults.append(f"{place}.amount：应是人民币（CNY）金额")
        elif name in seen:
            faults.append(f"{place}：{name} 写了两次，请只留一个")
        else:
            seen.add(name)
            yield name, f"{each.amount.value:f}"


def _sums(told: Any) -> Iterator[tuple[str, Any]]:
    for place in ("total", "adjudication"):
        for number, each in enumerate(getattr(told, place) or ()):
            yield f"{place}.{number}", each


def _code(concept: Any, system: str) -> str | None:
    """The code a concept has in a system."""
    codings = (concept.coding or ()) if concept is not None else ()
    return next((str(each.code) for each in codings if each.system == system and each.code), None)


def _identifier(identifiers: Iterable[Any], name: str) -> str | None:
    wanted = f"{_OURS}:{name}"
    said = (each for each in identifiers if each is not None and each.system == wanted)
    return next((str(each.value) for each in said if each.value), None)


# --- written ------------------------------------------------------------------------------------------------


def explanation_of(message: Mapping[str, Any]) -> dict[str, Any]:
    """The resource that says what a message says, as plain values; amounts are text with two decimals.

    `message_of` reads it back into the same message, but for what a refund repeats of its settlement.
    """
    record: Mapping[str, Any] = message.get("refund") or message["settlement"]
    sums = [_sum(name, record[name]) for name in SETTLEMENT if name in record and name in _named()]
    sums += [_sum(name, yuan, PAYER) for name, yuan in record.get("also_paid", {}).items()]
    found: dict[str, Any] = {
        "resourceType": RESOURCE,
        "identifier": [_named_by("msgid", message["msgid"]), _named_by("setl_id", record["setl_id"])],
        "status": "active",
        "use": "claim",
        "outcome": "complete",
        "type": _concept(f"{_OURS}:med_type", record.get("med_type", "refund")),
        "patient": {"identifier": _named_by("certno", message["certno"])},
        "created": message.get("setl_time") or record.get("enddate"),
        "insurer": {"display": "荣军保"},
        "insurance": [{"focal": True, "coverage": {"display": "荣军保"}}],
        "provider": {"identifier": _named_by("fixmedins_code", record["fixmedins_code"])},
        "total": [each for each in sums if _is_total(each)],
        "adjudication": [each for each in sums if not _is_total(each)],
    }
    return {**found, **_where_said(record)}


def _where_said(record: Mapping[str, Any]) -> dict[str, Any]:
    """The elements that are there only where the record says something for them."""
    found: dict[str, Any] = {}
    if "version" in record:
        found["meta"] = {"versionId": str(record["version"])}
    if "mdtrtarea_admvs" in record:
        found["facility"] = {"identifier": _named_by("mdtrtarea_admvs", record["mdtrtarea_admvs"])}
    if "begndate" in record:
        found["billablePeriod"] = {"start": record["begndate"], "end": record["enddate"]}
    if "dise_codg" in record:
        concept = _concept(f"{_OURS}:dise_codg", record["dise_codg"])
        found["diagnosis"] = [{"sequence": 1, "diagnosisCodeableConcept": concept}]
    if causes := record.get("causes"):
        found["supportingInfo"] = [
            {"sequence": place, "category": _concept(_OURS, "cause"), "code": _concept(CAUSE, cause)}
            for place, cause in enumerate(causes, start=1)
        ]
    if "init_setl_id" in record:
        prior = {"identifier": _named_by("setl_id", record["init_setl_id"])}
        found["related"] = [{"claim": prior, "relationship": _concept(_OURS, "prior")}]
    return found


def _sum(name: str, yuan: object, system: str = FIELD) -> dict[str, Any]:
    standard = _HL7.get(name, "benefit" if system == PAYER or SETTLEMENT[name].use == "payer" else None)
    concept = _concept(system, name)
    if standard:
        concept["coding"].append({"system": _ADJUDICATION, "code": standard})
    return {"category": concept, "amount": {"value": str(yuan), "currency": "CNY"}}


def _is_total(said: Mapping[str, Any]) -> bool:
    return bool(said["category"]["coding"][0]["code"] == "medfee_sumamt")


def _concept(system: str, code: object) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": str(code)}]}


def _named_by(name: str, value: object) -> dict[str, str]:
    return {"system": f"{_OURS}:{name}", "value": str(value)}
