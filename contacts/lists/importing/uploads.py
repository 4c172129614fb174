"""The verbs of an import before it begins: upload, columns and rule, preview, start; and the way to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import IO
from uuid import UUID

from django.core.files import File
from django.core.files.storage import Storage, storages
from django.http import Http404
from django.utils import timezone

from contacts import custom_fields
from contacts.lists.importing import columns, planning, tables
from contacts.lists.importing.planning import Planned
from contacts.lists.importing.tables import BadTable, Cells, Form
from contacts.models import ImportRun
from tenants.ids import new_id
from tenants.scope import scoped_tenant
from tenants.workspace import audit
from tenants.workspace.events import Actor, unit_of_work

PREVIEWED = 20  # rows
State = ImportRun.State


class ImportRefused(ValueError):
    """It cannot be done with the import as it is. Codes: wrong_state, unknown_policy."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def upload(content: IO[bytes], name: str, *, by: Actor) -> ImportRun:
    """Take a table; what its columns mean is guessed by its heading. Raises BadTable. Outside of every transaction."""
    form = tables.recognise(content)
    heading = next(tables.rows(content, form), None)
    if heading is None:
        raise BadTable("empty")
    run = ImportRun(
        id=new_id(),
        file_name="".join(sign for sign in name if sign.isprintable())[-200:] or "table",
        format=form.format,
        encoding=form.encoding,
        delimiter=form.delimiter,
        headers=heading,
        asked_by_kind=by.kind,
        asked_by=by.id,
        created_at=timezone.now(),
    )
    run.mapping = columns.guessed(heading, custom_fields.in_use())
    run.match_by = columns.checked_keys(columns.KEYS, run.mapping)
    run.path = f"{scoped_tenant().schema_name}/imports/{run.id}"
    content.seek(0)
    storage().save(run.path, File(content))
    with unit_of_work():
        run.save(force_insert=True)
        audit.note_by(by, "import.uploaded", "import", run.id, run.file_name)
    return run


def arrange(
    run: ImportRun,
    *,
    mapping: Mapping[str, str],
    match_by: Iterable[str],
    policy: str,
    only_verified: bool = False,
    encoding: str = "",
    by: Actor,
) -> ImportRun:
    """Say what the columns mean and what tells a known contact. encoding: another one than was recognised.

    Raises BadMapping, BadTable, ImportRefused. Outside of every transaction.
    """
    if policy not in ImportRun.Policy.values:
        raise ImportRefused("unknown_policy")
    headers = _read_anew(run, encoding) if run.state == State.UPLOADED else None
    with unit_of_work():
        row = ImportRun.objects.select_for_update(no_key=True).get(id=run.id)
        if row.state != State.UPLOADED:
            raise ImportRefused("wrong_state")
        if headers is not None:
            row.encoding, row.headers = encoding, headers
        row.mapping = columns.checked(mapping, row.headers, custom_fields.in_use())
        row.match_by = columns.checked_keys(match_by, row.mapping)
        row.policy, row.only_verified = policy, only_verified
        row.save()
        audit.note_by(by, "import.arranged", "import", row.id, row.file_name)
    return row


def preview(run: ImportRun) -> list[Planned]:
    """What the first rows would do. Nothing is written. Raises BadTable."""
    with opened(run) as content:
        cells = tables.part(content, form_of(run), 0, PREVIEWED)
    return planning.plan(run, [(number, row) for number, row in enumerate(cells, 2)], hold=False)


def beginning(run: ImportRun) -> list[Sequence[str]]:
    """The first rows as they stand in the table. Raises BadTable."""
    with opened(run) as content:
        return list(tables.part(content, form_of(run), 0, 3))


def access(run_id: UUID) -> ImportRun:
    """The import. Raises Http404."""
    row = ImportRun.objects.filter(id=run_id).first()
    if row is None:
        raise Http404
    return row


def form_of(run: ImportRun) -> Form:
    """How the run's file is to be read."""
    return Form(run.format, run.encoding, run.delimiter)


def opened(run: ImportRun) -> IO[bytes]:
    """The uploaded file, to be read and closed. Raises BadTable (file_gone)."""
    if not run.path:
        raise BadTable("file_gone")
    try:
        content: IO[bytes] = storage().open(run.path)
    except FileNotFoundError:
        raise BadTable("file_gone") from None
    return content


def forget_file(run: ImportRun) -> None:
    """Delete the upload: what is needed of it stands in rows. Outside of every transaction."""
    if run.path:
        storage().delete(run.path)
        ImportRun.objects.filter(id=run.id).update(path="")


def storage() -> Storage:
    """Where uploads lie."""
    return storages["files"]


def _read_anew(run: ImportRun, encoding: str) -> Cells | None:
    """The heading in another encoding than was recognised; None where it is no other one, or not of CSV. Outside of
    every transaction."""
    if not encoding or run.format != tables.CSV or encoding == run.encoding:
        return None
    if encoding not in tables.NAMES:
        raise BadTable("unknown_encoding")
    with opened(run) as content:
        return next(tables.rows(content, Form(run.format, encoding, run.delimiter)), [])
