"""Which kinds of assertion there are, and how what is told becomes the columns of one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from rongjun.audit import api as audit
from rongjun.kernel.errors import Refused, Unfit
from rongjun.kernel.identifiers import (
    DOCUMENT_LABELS,
    AccountKind,
    BankCard,
    ForeignPermit,
    IdentityNumber,
    Masked,
    Phone,
    admit,
    read_document,
)
from rongjun.registry.logic import Tie, fit_to_show, stated_text, stated_texts, tidy_name
from rongjun.registry.logic.deciding import read_proposal
from rongjun.registry.logic.telling import MERITS, PAYEE_KINDS, PURPOSES, SEXES, Told
from rongjun.registry.models import (
    Assertion,
    BankAccount,
    Contact,
    Death,
    DisabilityRating,
    Household,
    IdentityDocument,
    Merit,
    Particulars,
    Payee,
    Person,
    Relation,
    Residence,
    Service,
    Statement,
    Status,
)
from rongjun.registry.queries.covered import (
    ACCOUNT_INDEX,
    PHONE_INDEX,
    SEAL,
    account_place,
    address_place,
    held_numbers,
    number_index,
    number_place,
    numbers_taken,
    payee_place,
    phone_place,
)
from rongjun.registry.roster import HOUSEHOLD_KINDS, PLACEMENT_MODES, RANK_GROUPS

Columns = dict[str, Any]
_DOCUMENTS: Mapping[str, str] = {str(kind): label for kind, label in DOCUMENT_LABELS.items()}
_ACCOUNT_KINDS = {AccountKind.CARD.value: "银行卡", AccountKind.PASSBOOK.value: "存折"}


@dataclass(frozen=True, slots=True)
class Telling:
    """One kind of assertion. `slot`: what a person has one of a day, by these columns; None for any number.

    What `is_checked` is only written by the approval of a proposal.
    """

    model: type[Assertion]
    label: str
    columns: Callable[[Person, Told, bool], Columns]
    slot: tuple[str, ...] | None = None
    is_checked: bool = False


def telling_of(kind: str) -> Telling:
    """The kind of assertion of this name. Refused("registry.unknown-kind")."""
    found = KINDS.get(kind)
    if found is None:
        raise Refused("registry.unknown-kind")
    return found


def read_told(
    telling: Telling,
    person: Person,
    given: Mapping[str, object],
    *,
    synthetic: bool,
    old: Assertion | None = None,
) -> Columns:
    """The columns of what is told. Refused("registry.unfit-assertion") says what does not fit."""
    try:
        return telling.columns(person, Told(given, old), synthetic)
    except Unfit as unfit:
        raise Refused("registry.unfit-assertion", fault=unfit.sentence) from unfit


def _inverse(words: Mapping[str, str]) -> dict[str, str]:
    return {code: label for label, code in words.items()}


def _particulars(_person: Person, told: Told, _synthetic: bool) -> Columns:
    name = tidy_name(told.text("name", "姓名", longest=64, required=True))
    if not name:
        raise Unfit("registry.unfit-name", "姓名要填写。")
    return {
        "name": name,
        "sex": told.choice("sex", "性别", SEXES, required=False),
        "birth_date": told.day("birth_date", "出生日期"),
    }


def _document(person: Person, told: Told, synthetic: bool) -> Columns:
    kind = told.choice("kind", "证件类型", _DOCUMENTS)
    number = admit(read_document(kind, told.text("number", "证件号码", longest=40)), synthetic=synthetic)
    index = number_index(kind, number.number)
    _refuse_taken(index, person)
    shows_tail = isinstance(number, IdentityNumber | ForeignPermit)
    return {
        "kind": kind,
        "number_sealed": _sealed(number.number, number_place(person.id, index)),
        "number_index": index,
        "number_mask": number.masked,
        "number_tail": number.number[-4:] if shows_tail else "",
    }


def _refuse_taken(index: bytes, person: Person) -> None:
    """A number has one file in the whole house; the person's own does not count against it."""
    held = held_numbers([index]).get(index)
    if (held.person if held else None) != person.id and numbers_taken([index]):
        raise Refused("registry.number-taken")


def _contact(person: Person, told: Told, synthetic: bool) -> Columns:
    phone = admit(Phone.from_text(told.text("number", "手机号码", longest=20)), synthetic=synthetic)
    return {
        "number_sealed": _sealed(phone.number, phone_place(person.id)),
        "number_index": audit.keys().index(PHONE_INDEX, phone.number.encode()),
        "number_mask": phone.masked,
        "number_tail": phone.number[-4:],
    }


def _service(_person: Person, told: Told, _synthetic: bool) -> Columns:
    enlisted, discharged = told.day("enlisted_on", "入伍日期"), told.day("discharged_on", "退役日期")
    if enlisted and discharged and discharged <= enlisted:
        raise Unfit("registry.unfit-service", "退役日期要在入伍日期之后。")
    return {
        "enlisted_on": enlisted,
        "discharged_on": discharged,
        "rank_group": told.choice("rank_group", "服役身份", _inverse(RANK_GROUPS), required=False),
        "placement_mode": told.choice(
            "placement_mode", "安置方式", _inverse(PLACEMENT_MODES), required=False
        ),
    }


def _household(_person: Person, told: Told, _synthetic: bool) -> Columns:
    return {
        "county": told.county("county", "户籍地"),
        "kind": told.choice("kind", "户籍类别", _inverse(HOUSEHOLD_KINDS), required=False),
    }


def _residence(person: Person, told: Told, _synthetic: bool) -> Columns:
    columns: Columns = {"county": told.county("county", "常住地")}
    if told.says("address"):
        address = told.text("address", "地址", longest=120)
        columns["address_sealed"] = _sealed(address, address_place(person.id)) if address else b""
    return columns


def _merit(_person: Person, told: Told, _synthetic: bool) -> Columns:
    return {
        "rank": told.number("rank", "功绩级", least=min(MERITS), most=max(MERITS)),
        "title": fit_to_show(told.text("title", "名称", longest=60)),
    }


def _account(person: Person, told: Told, synthetic: bool) -> Columns:
    kind = told.choice("kind", "账户类型", _ACCOUNT_KINDS)
    owner = told.key("belongs_to", "户主") or person.id
    payees = Payee.objects.filter(person=person, series=owner, superseded_at=None)
    if owner != person.id and not payees.exists():
        raise Unfit("registry.unfit-account", "这个收款人没有登记。")
    columns: Columns = {
        "belongs_to": owner,
        "purpose": told.choice("purpose", "用途", PURPOSES),
        "kind": kind,
        "bank": fit_to_show(told.text("bank", "开户银行", longest=60, required=True)),
        "holder": tidy_name(told.text("holder", "户名", longest=64, required=True)),
    }
    if told.says("number", "kind"):
        # Another kind of account is another way to check its number, so that comes with it.
        text = told.text("number", "账号", longest=40, required=True)
        number = admit(BankCard.from_text(text, kind=AccountKind(kind)), synthetic=synthetic)
        index = audit.keys().index(ACCOUNT_INDEX, number.number.encode())
        sealed = _sealed(number.number, account_place(person.id, index))
        columns |= {"number_sealed": sealed, "number_index": index, "number_mask": number.masked}
    return columns


def _payee(person: Person, told: Told, synthetic: bool) -> Columns:
    kind, payee = told.choice("kind", "收款人身份", PAYEE_KINDS), told.key("payee_id", "收款人")
    if payee == person.id:
        raise Unfit("registry.payee-is-self", "收款人就是本人，不用登记。")
    if payee is not None:
        if not Person.objects.filter(pk=payee).exists():
            raise Refused("registry.no-such-file")
        return {"kind": kind, "payee_id": payee, **_nobody_named()}
    columns: Columns = {
        "kind": kind,
        "payee_id": None,
        "name": tidy_name(told.text("name", "收款人姓名", longest=64, required=True)),
    }
    if told.says("number", "document_kind"):
        document = told.choice("document_kind", "收款人证件类型", _DOCUMENTS)
        number = admit(
            read_document(document, told.text("number", "收款人证件号码", longest=40)), synthetic=synthetic
        )
        columns |= _named(person, document, number)
    elif not told.text("number_mask", "收款人证件号码", longest=40):
        raise Unfit("registry.unfit-payee", "收款人没有档案的，要填写证件类型和号码。")
    return columns


def _named(person: Person, document: str, number: Any) -> Columns:
    assert isinstance(number, Masked)
    index = number_index(document, number.number)  # type: ignore[attr-defined]
    return {
        "document_kind": document,
        "number_sealed": _sealed(number.number, payee_place(person.id, index)),  # type: ignore[attr-defined]
        "number_index": index,
        "number_mask": number.masked,
    }


def _nobody_named() -> Columns:
    return {"name": "", "document_kind": "", "number_sealed": b"", "number_index": b"", "number_mask": ""}


def _death(_person: Person, _told: Told, _synthetic: bool) -> Columns:
    return {}


def _status(_person: Person, told: Told, _synthetic: bool) -> Columns:
    return read_proposal("status", {"category": told.text("category", "身份类别", longest=32)})


def _rating(_person: Person, told: Told, _synthetic: bool) -> Columns:
    said = {name: told.text(name, "残疾等级", longest=16) for name in ("grade", "cause")}
    read = read_proposal("rating", said)
    return {"grade": read["grade"], "cause": read["cause"]}


def _statement(_person: Person, told: Told, _synthetic: bool) -> Columns:
    fact = told.text("fact", "情况", longest=64, required=True)
    return {"fact": fact, "value": stated_text(fact, told.text("value", "回答", longest=200))}


def _relation(_person: Person, told: Told, _synthetic: bool) -> Columns:
    words = {
        name: told.text(name, "关系", longest=32) for name in ("dependant_of", "relation", "deceased_kind")
    }
    columns: Columns = asdict(Tie(**words))
    if told.says("stated"):
        columns["stated"] = stated_texts(told.mapping("stated"))
    return columns


def _sealed(text: str, bound_to: bytes) -> bytes:
    return audit.keys().seal(SEAL, text.encode(), bound_to)


KINDS: Mapping[str, Telling] = {
    "particulars": Telling(Particulars, "基本信息", _particulars, slot=()),
    "document": Telling(IdentityDocument, "证件", _document),
    "contact": Telling(Contact, "联系电话", _contact),
    "service": Telling(Service, "服役经历", _service),
    "household": Telling(Household, "户籍", _household, slot=()),
    "residence": Telling(Residence, "常住地", _residence, slot=()),
    "merit": Telling(Merit, "功勋荣誉表彰", _merit),
    "account": Telling(BankAccount, "银行账户", _account, slot=("belongs_to", "purpose")),
    "payee": Telling(Payee, "收款人", _payee),
    "death": Telling(Death, "去世", _death, slot=()),
    "statement": Telling(Statement, "补充情况", _statement, slot=("fact",)),
    "relation": Telling(Relation, "与军人的关系", _relation),
    "status": Telling(Status, "身份类别", _status, is_checked=True),
    "rating": Telling(DisabilityRating, "残疾等级", _rating, is_checked=True),
}
