"""A selection of contacts as a table: asked for, written by a job, fetched by whoever asked, gone after seven days."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import timedelta
from typing import IO, Any
from uuid import UUID

from django.core.files import File
from django.core.files.storage import Storage, storages
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext, override

from contacts import custom_fields
from contacts.lists import labelling, listing, selecting, writing_tables
from contacts.lists.importing.columns import TARGETS
from contacts.lists.selecting import Kind, SelectionRefused, State
from contacts.models import BulkRun, Contact, ContactAddress, SelectedContact
from contacts.queries import CONTACT_FIELDS
from contacts.signposts import LIVING
from tenants.jobs import BULK, defer, job
from tenants.scope import scoped_tenant
from tenants.workspace import audit
from tenants.workspace.events import Actor, unit_of_work

LIFE = timedelta(days=7)
MOST_TRIES = 3
CONTACTS_AT_ONCE = 1_000
EXPORTS = (Kind.EXPORT_CSV, Kind.EXPORT_XLSX)
FIELDS = ("name", "honorific", "company", "language", "timezone", "place")


def ask(people: QuerySet[Contact], *, as_xlsx: bool, by: Actor) -> BulkRun:
    """Have a table made of these contacts. Raises SelectionRefused."""
    with unit_of_work():
        kind = Kind.EXPORT_XLSX if as_xlsx else Kind.EXPORT_CSV
        run = selecting.write_down(kind, people, by=by)
        audit.note_by(by, "contacts.exported", "contacts", run.id, kind, changes={"contacts": run.total})
        start(run.id)
    return run


def start(run_id: UUID) -> None:
    """Have the work done."""
    defer(make, lock=f"bulk:{run_id}", only_one=f"bulk:{run_id}", run_id=str(run_id))


def opened(run: BulkRun) -> IO[bytes]:
    """The table, to be read and closed. Raises SelectionRefused when it is not there, or no more."""
    if run.kind not in EXPORTS or run.state != State.DONE or not run.path:
        raise SelectionRefused("wrong_state")
    if run.created_at + LIFE <= timezone.now():
        raise SelectionRefused("wrong_state")
    content: IO[bytes] = _storage().open(run.path)
    return content


def sweep() -> None:
    """For the scope's brand: go on with what a killed worker has left, and forget what has served its time."""
    for row in BulkRun.objects.filter(state__in=BulkRun.AT_WORK):
        (start if row.kind in EXPORTS else labelling.start)(row.id)
    old = BulkRun.objects.filter(created_at__lt=timezone.now() - LIFE)
    for row in old.exclude(state__in=BulkRun.AT_WORK):
        remove(row)


def remove(run: BulkRun) -> None:
    """Delete a piece of work and its table, the content first. Outside of every transaction."""
    for number in range(1, run.tries + 1):
        _storage().delete(_path(run, number))
    BulkRun.objects.filter(id=run.id).delete()


@job(queue=BULK, name="contacts.lists.export")
def make(run_id: str) -> None:
    """Make a table."""
    go_on(UUID(run_id))


def go_on(run_id: UUID) -> None:
    """The same. A try is counted before it begins; after the third one it has failed."""
    run = BulkRun.objects.filter(id=run_id, state__in=BulkRun.AT_WORK).first()
    if run is None:
        return
    if run.tries >= MOST_TRIES:
        BulkRun.objects.filter(id=run.id).update(state=State.FAILED, finished_at=timezone.now())
        return
    run.tries += 1
    BulkRun.objects.filter(id=run.id).update(state=State.RUNNING, tries=run.tries, position=0)
    with tempfile.TemporaryFile() as content, override(getattr(scoped_tenant(), "language", "en")):
        if run.kind == Kind.EXPORT_XLSX:
            writing_tables.write_xlsx(_lines(run), content, title=gettext("Contacts"))
        else:
            writing_tables.write_csv(_lines(run), content)
        size, path = content.tell(), _path(run, run.tries)
        content.seek(0)
        _storage().save(path, File(content))
    is_wanted = BulkRun.objects.filter(id=run.id, state=State.RUNNING).update(
        state=State.DONE, path=path, size=size, position=run.total, finished_at=timezone.now()
    )
    if not is_wanted:  # somebody of the table was erased meanwhile, and the export with them
        _storage().delete(path)


def _lines(run: BulkRun) -> Iterator[list[str]]:
    """The heading in the brand's language, then the contacts in the order of the selection. Four queries a thousand."""
    own = custom_fields.in_use()
    heading = [str(TARGETS[name]) for name in (*FIELDS, "email", "phone", "labels")]
    times = [gettext("Channels"), gettext("Created"), gettext("Last seen")]
    yield ["ID", *heading, *times, *(field.title for field in own)]
    for first in range(0, run.total, CONTACTS_AT_ONCE):
        for row in _rows(run, first):
            yield [str(row["id"]), *(row[name] for name in FIELDS), *_company(row), *_own(row, own)]
        BulkRun.objects.filter(id=run.id).update(position=min(first + CONTACTS_AT_ONCE, run.total))


def _rows(run: BulkRun, first: int) -> list[listing.Row]:
    numbers = SelectedContact.objects.filter(run=run, number__gt=first, number__lte=first + CONTACTS_AT_ONCE)
    place = dict(numbers.values_list("contact_id", "number"))
    people = Contact.objects.filter(LIVING, id__in=place)
    rows = listing.with_company(people.values(*CONTACT_FIELDS))
    claims: dict[UUID, dict[str, list[str]]] = {}
    said = ContactAddress.objects.filter(contact_id__in=place).order_by("-is_verified", "created_at")
    for contact_id, kind, value in said.values_list("contact_id", "kind", "value"):
        claims.setdefault(contact_id, {}).setdefault(kind, []).append(value)
    for row in rows:
        row["claims"] = claims.get(row["id"], {})
    return sorted(rows, key=lambda row: place[row["id"]])


def _company(row: listing.Row) -> list[str]:
    return [
        "; ".join(row["claims"].get("email", ())),
        "; ".join(row["claims"].get("phone", ())),
        "; ".join(label["name"] for label in row["labels"]),
        "; ".join(row["channels"]),
        row["created_at"].isoformat(timespec="seconds"),
        row["last_seen_at"].isoformat(timespec="seconds") if row["last_seen_at"] else "",
    ]


def _own(row: listing.Row, own: list[Any]) -> list[str]:
    return [_text(row["custom"].get(field.key)) for field in own]


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "; ".join(map(str, value)) if isinstance(value, list) else str(value)


def _path(run: BulkRun, number: int) -> str:
    ending = "xlsx" if run.kind == Kind.EXPORT_XLSX else "csv"
    return f"{scoped_tenant().schema_name}/exports/contacts-{run.id}-{number}.{ending}"


def _storage() -> Storage:
    return storages["files"]
