"""What is kept sealed: what it is bound to, by what it is found, and how it is opened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

from rongjun.audit.api import keys
from rongjun.kernel.errors import Refused
from rongjun.registry.models import (
    Assertion,
    BankAccount,
    Contact,
    IdentityDocument,
    Payee,
    Residence,
)
from rongjun.registry.queries.privacy import is_closed

# Purposes of the keys that seal and index what the registry keeps covered.
SEAL = "registry"
NUMBER_INDEX = "registry-identity-number"
PHONE_INDEX = "registry-phone"
ACCOUNT_INDEX = "registry-account"
CARD_INDEX = "registry-card"
COVERED_ADDRESS = "＊＊＊＊＊＊"
# Kinds of assertion that keep something sealed.
COVERED: Mapping[str, type[Assertion]] = {
    "document": IdentityDocument,
    "contact": Contact,
    "account": BankAccount,
    "payee": Payee,
    "residence": Residence,
}


def open_covered(kind: str, assertion: int) -> str | None:
    """The whole number or address of an assertion of one of COVERED; None out of scope.

    The caller has logged the purpose. Refused("registry.restricted") when the file is restricted for whoever
    asks. Raises Tampered when the sealed value was changed or belongs to another person or number.
    """
    row = COVERED[kind].objects.filter(pk=assertion).first()  # type: ignore[attr-defined]
    if row is None:
        return None
    if is_closed(row.person_id):
        raise Refused("registry.restricted")
    return opened(row)


def opened(row: Any) -> str:
    """What a row keeps sealed, whole; "" when it keeps nothing."""
    sealed = bytes(row.address_sealed if isinstance(row, Residence) else row.number_sealed)
    return keys().open(SEAL, sealed, sealed_place(row, row.person_id)).decode() if sealed else ""


def sealed_place(row: Any, person: UUID) -> bytes:
    """What a row's sealed value is bound to when it is said of a person."""
    if isinstance(row, Residence):
        return address_place(person)
    if isinstance(row, Contact):
        return phone_place(person)
    place = {IdentityDocument: number_place, BankAccount: account_place, Payee: payee_place}[type(row)]
    return place(person, bytes(row.number_index))


def number_index(kind: str, number: str) -> bytes:
    """By what a document's number is found again without being readable."""
    return keys().index(NUMBER_INDEX, f"{kind}:{number}".encode())


def number_place(person: UUID, index: bytes) -> bytes:
    """What a sealed number is bound to: moved to another person or document it does not open."""
    return b"registry:identity-number:" + person.bytes + index


def phone_place(person: UUID) -> bytes:
    """What a sealed telephone number is bound to."""
    return b"registry:phone:" + person.bytes


def address_place(person: UUID) -> bytes:
    """What a sealed address is bound to."""
    return b"registry:address:" + person.bytes


def account_place(person: UUID, index: bytes) -> bytes:
    """What a sealed account number is bound to."""
    return b"registry:account:" + person.bytes + index


def payee_place(person: UUID, index: bytes) -> bytes:
    """What a payee's sealed document number is bound to: the person they receive for, and the number."""
    return b"registry:payee:" + person.bytes + index


class Held(NamedTuple):
    """Whose document a number is, for numbers on file within scope."""

    person: UUID
    name: str
    division: int


def held_numbers(indexes: Sequence[bytes]) -> dict[bytes, Held]:
    """Of these numbers, those on file within scope, and whose they are."""
    sql = """
        select d.number_index, p.id, p.name, p.division from registry_identitydocument d
        join registry_person p on p.id = d.person_id
        where d.number_index = any (%s::bytea[]) and d.superseded_at is null
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, [list(indexes)])
        return {bytes(index): Held(*whose) for index, *whose in cursor.fetchall()}


def numbers_taken(indexes: Sequence[bytes]) -> set[bytes]:
    """Which of these numbers are on file anywhere: yes or no, never whose (a function of the database)."""
    with connection.cursor() as cursor:
        cursor.execute("select registry_numbers_taken(%s::bytea[])", [list(indexes)])
        return {bytes(row[0]) for row in cursor.fetchall()}
