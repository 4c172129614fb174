"""The rows of an import that failed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

from django.db.models import QuerySet
from django.utils.translation import gettext

from contacts.lists import writing_tables
from contacts.lists.importing.texts import REASONS
from contacts.models import ImportRow, ImportRun


def first(run: ImportRun, count: int) -> list[ImportRow]:
    """The first rows that failed. One query."""
    return list(_failed(run)[:count])


def write(run: ImportRun, to: IO[bytes]) -> None:
    """Them all as CSV: number, column and reason before what stood in the row."""
    writing_tables.write_csv(_lines(run), to)


def _lines(run: ImportRun) -> Iterator[list[str]]:
    yield [gettext("Row"), gettext("Column"), gettext("Reason"), *run.headers]
    for row in _failed(run).iterator(chunk_size=1_000):
        yield [str(row.number), row.column, str(REASONS.get(row.reason, row.reason)), *row.cells]


def _failed(run: ImportRun) -> QuerySet[ImportRow]:
    return ImportRow.objects.filter(run=run, outcome=ImportRow.Outcome.FAILED).order_by("number")
