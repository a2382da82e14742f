"""Several files of one person: which of them are read together, and which one stands for the person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.expressions import RawSQL

from rongjun.registry.duplicates import roots_of
from rongjun.registry.models import Merge, Person

# Asked as known at this moment, pointers that have not ended are those there are.
LATEST = datetime.max.replace(tzinfo=UTC)


def pointers(known_at: datetime) -> dict[UUID, UUID]:
    """Every file in scope that was merged into another, and the kept file of that person, at a moment."""
    held = Merge.objects.filter(at__lte=known_at).filter(Q(ended_at=None) | Q(ended_at__gt=known_at))
    return roots_of(dict(held.values_list("other_id", "kept_id")))


def merged_files(*, known_at: datetime = LATEST) -> dict[UUID, UUID]:
    """Every file in scope that is merged into another, and that person's kept file; now or as known."""
    return pointers(known_at)


def files_of(person: UUID, known_at: datetime = LATEST) -> RawSQL:
    """The person's file and every one merged into it, as known at a moment: for `person_id__in`."""
    return RawSQL("select registry_files_of(%s, %s)", [person, known_at])


def all_files_of(person: UUID) -> RawSQL:
    """The same as of now, whichever of the person's files is named."""
    return RawSQL("select registry_files_of(registry_root_of(%s, 'infinity'), 'infinity')", [person])


def file_ids_of(person: UUID) -> list[UUID]:
    """The person's kept file, then every file merged into it, as of now."""
    kept = kept_file(person)
    return [kept, *sorted(merged_into([kept], known_at=LATEST))]


def kept_file(file: UUID, *, known_at: datetime = LATEST) -> UUID:
    """The file a file was merged into, at the end of the chain; itself when it was not, or out of scope."""
    with connection.cursor() as cursor:
        cursor.execute("select registry_root_of(%s, %s)", [file, known_at])
        root: UUID = cursor.fetchone()[0]
    return root


def merged_into(people: Sequence[UUID], *, known_at: datetime) -> dict[UUID, UUID]:
    """Every file merged into one of these people's, with the kept one it belongs to."""
    sql = """
        select file, kept from unnest(%s::uuid[]) kept, registry_files_of(kept, %s) file where file <> kept
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, [list(people), known_at])
        return dict(cursor.fetchall())


def not_merged() -> QuerySet[Person]:
    """The files in scope that are somebody's: not merged into another, as of now."""
    pointing = Merge.objects.filter(other=OuterRef("pk"), at__isnull=False, ended_at=None)
    return Person.objects.filter(~Exists(pointing))


def as_kept(files: Sequence[UUID]) -> list[UUID]:
    """The same people by their kept files, each once, in order."""
    # One array instead of a thousand parameters, and the roots in the same answer.
    sql = """
        select other_id, registry_root_of(other_id, %s) from registry_merge
        where other_id = any (%s::uuid[]) and at is not null and ended_at is null
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, [LATEST, list(files)])
        kept: dict[UUID, UUID] = dict(cursor.fetchall())
    return list(dict.fromkeys(kept.get(file, file) for file in files))
