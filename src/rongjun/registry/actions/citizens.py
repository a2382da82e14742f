"""Citizens and their accounts: whoever proves to have a number on file gets the account of that file."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from rongjun.access.api import acting_as_job, open_citizen_account
from rongjun.audit import api as audit
from rongjun.kernel.errors import Refused
from rongjun.kernel.identifiers import DocumentType, IdentityNumber
from rongjun.registry.models import CitizenLink, Death, IdentityDocument, Person
from rongjun.registry.queries.covered import number_index
from rongjun.registry.queries.merged import all_files_of, kept_file

_JOB = "registry.citizen-arrives"


def account_of_number(number: IdentityNumber, *, now: datetime) -> UUID:
    """The account of the person with this identity number, opened and linked when they first come.

    Nobody types the number: the provincial single sign-on vouches for it. It is found by its blind index.
    Refused("registry.citizen-unknown") when there is no such file, "registry.citizen-died" when the person is
    on file as dead.
    """
    with transaction.atomic():
        _take_turn(number)
        with acting_as_job(_JOB):
            person = _person_with(number)
            linked = CitizenLink.objects.filter(person_id__in=all_files_of(person.id)).order_by("id").first()
        if linked:
            return UUID(str(linked.account_id))
        # Accounts are opened as who signs in, links made as a job: neither may do the other.
        account = open_citizen_account(name=person.name, by=f"job:{_JOB}", now=now)
        with acting_as_job(_JOB):
            CitizenLink.objects.create(
                person=person, division=person.division, account_id=account, linked_at=now
            )
            audit.note(
                "registry.citizen-linked",
                by=f"job:{_JOB}",
                about=[f"person:{person.id}", f"account:{account}"],
                division=person.division,
                at=now,
            )
    return account


def _take_turn(number: IdentityNumber) -> None:
    """One at a time for each number: two windows of one first sign-in would both open an account."""
    index = number_index(DocumentType.RESIDENT_ID, number.number).hex()
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"citizen {index}"])


def _person_with(number: IdentityNumber) -> Person:
    index = number_index(DocumentType.RESIDENT_ID, number.number)
    document = IdentityDocument.objects.filter(number_index=index, superseded_at=None).first()
    if document is None:
        raise Refused("registry.citizen-unknown")
    person = Person.objects.get(pk=kept_file(document.person_id))
    if Death.objects.filter(person_id__in=all_files_of(person.id), superseded_at=None).exists():
        raise Refused("registry.citizen-died")
    return person
