"""Everything that we hold of a person, as one archive: asked for, made by a job, fetched by whoever asked.

The archive holds `person.json`, the same as `person.html` to be read by anybody, the files, and `manifest.json` with
the SHA-256 of each. Other people's addresses are masked: the person has a right to their own data alone.
"""

from __future__ import annotations

import hashlib
import tempfile
from datetime import timedelta
from typing import IO
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import Http404
from django.utils import timezone
from django.utils.translation import override

from contacts.models import Contact, PersonExport
from contacts.privacy import archives, hold, holders, packing
from contacts.privacy.events import ContactExported
from tenants.jobs import BULK, defer, job
from tenants.scope import scoped_tenant
from tenants.workspace import audit
from tenants.workspace.events import Actor, record, unit_of_work

LIFE = timedelta(days=7)
MOST_TRIES = 3
CHUNK_BYTES = 65_536
SWEPT_AT_ONCE = 100
State = PersonExport.State


class ExportRefused(ValueError):
    """`code` says why there is no export: erased, merged_away, nobody (it must be asked for by somebody)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def ask(contact: Contact, *, by: Actor) -> PersonExport:
    """Have an export made; one that waits or is at work for the same asker is answered instead of a second one."""
    if by.id is None:
        raise ExportRefused("nobody")
    with unit_of_work():
        row = Contact.objects.select_for_update(no_key=True).get(id=contact.id)
        if row.merged_into_id is not None:
            raise ExportRefused("merged_away")
        if row.erased_at is not None:
            raise ExportRefused("erased")
        at_work = PersonExport.objects.filter(
            contact=row, asked_by=by.id, state__in=PersonExport.AT_WORK
        ).first()
        if at_work is not None:
            return at_work
        now = timezone.now()
        export = PersonExport.objects.create(
            contact=row, asked_by=by.id, created_at=now, expires_at=now + LIFE
        )
        record(ContactExported(contact_id=row.id, export_id=export.id), by=by)
        audit.note_by(by, "contact.exported", "contact", row.id, "")
        start(export.id)
    return export


def access(export_id: UUID, *, by: Actor) -> PersonExport:
    """The export, for whoever asked for it. Raises Http404 for everybody else."""
    row = PersonExport.objects.filter(id=export_id, asked_by=by.id).first() if by.id else None
    if row is None:
        raise Http404
    return row


def start(export_id: UUID) -> None:
    """Have the work done; while it waits or runs, asking again changes nothing."""
    defer(make, lock=f"export:{export_id}", only_one=f"export:{export_id}", export_id=str(export_id))


def sweep() -> None:
    """For the scope's brand: go on with what a killed worker has left, and delete what has served its time."""
    for export_id in PersonExport.objects.filter(state__in=PersonExport.AT_WORK).values_list("id", flat=True):
        start(export_id)
    for export in PersonExport.objects.filter(expires_at__lt=timezone.now())[:SWEPT_AT_ONCE]:
        archives.remove(export)


@job(queue=BULK, name="contacts.privacy.export")
def make(export_id: str) -> None:
    """Make an export. A try is counted before it begins; after the third one it has failed."""
    export = PersonExport.objects.filter(id=UUID(export_id), state__in=PersonExport.AT_WORK).first()
    if export is None or hold.is_being_erased([export.contact_id]):
        return
    if export.tries >= MOST_TRIES:
        PersonExport.objects.filter(id=export.id).update(state=State.FAILED, finished_at=timezone.now())
        return
    person = holders.person_of(Contact.objects.get(id=export.contact_id))
    export.state, export.tries = State.RUNNING, export.tries + 1
    export.rows_done, export.rows_total = 0, packing.size(person)
    export.save(update_fields=["state", "tries", "rows_done", "rows_total"])
    brand = scoped_tenant()
    with (
        tempfile.TemporaryFile() as content,
        override(getattr(brand, "language", "en")),
        timezone.override(ZoneInfo(getattr(brand, "timezone", "UTC"))),
    ):
        packing.pack(person, content, tell=lambda done: _tell(export, done))
        _keep(export, content)


def _tell(export: PersonExport, done: int) -> None:
    PersonExport.objects.filter(id=export.id).update(rows_done=done)


def _keep(export: PersonExport, content: IO[bytes]) -> None:
    content.seek(0)
    digest, size = hashlib.sha256(), 0
    while chunk := content.read(CHUNK_BYTES):
        digest.update(chunk)
        size += len(chunk)
    content.seek(0)
    path = archives.path_of(export)
    archives.write(path, content)
    is_wanted = PersonExport.objects.filter(id=export.id, state=State.RUNNING).update(
        state=State.DONE,
        path=path,
        size=size,
        sha256=digest.hexdigest(),
        rows_done=export.rows_total,
        finished_at=timezone.now(),
    )
    if not is_wanted:  # the person was erased meanwhile, and the export with them
        archives.discard(path)
