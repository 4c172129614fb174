"""Writing what rows of a table do: set-based, in one transaction with the position of the import."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.db.models import F

from contacts import labels
from contacts.events import ContactCreated, ContactLabelled, ContactUpdated
from contacts.lists.importing import planning
from contacts.lists.importing.planning import Outcome, Planned
from contacts.models import Contact, ContactAddress, ContactLabel, ImportRow, ImportRun, Label
from contacts.profile import Source
from tenants.ids import new_id
from tenants.workspace.events import Actor, record, unit_of_work

State = ImportRun.State
COUNTED = {
    Outcome.CREATED: "created",
    Outcome.UPDATED: "updated",
    Outcome.UNCHANGED: "unchanged",
    Outcome.SKIPPED: "skipped",
    Outcome.FAILED: "failed",
}


def take(run: ImportRun, cells: Sequence[Sequence[str]]) -> bool:
    """Import the next rows, and say so. False: somebody else has taken them meanwhile, or the import was ended."""
    with unit_of_work():
        held = ImportRun.objects.select_for_update(no_key=True).get(id=run.id)
        if held.position != run.position or held.state != State.RUNNING:
            return False
        numbered = [(held.position + place + 2, row) for place, row in enumerate(cells)]
        done = planning.plan(held, numbered, hold=True)
        write(held, done)
        counts = {COUNTED[Outcome(outcome)]: 0 for outcome in Outcome.values}
        for each in done:
            counts[COUNTED[Outcome(each.outcome)]] += 1
        ImportRun.objects.filter(id=run.id).update(
            position=held.position + len(cells),
            **{name: F(name) + number for name, number in counts.items() if number},
        )
    run.position += len(cells)
    return True


def write(run: ImportRun, done: Sequence[Planned]) -> None:
    """Write the contacts, what hangs on them, the outcomes and the events. A constant number of statements."""
    by = Actor(run.asked_by_kind, run.asked_by)
    new = [each.contact for each in done if each.outcome == Outcome.CREATED and each.contact is not None]
    Contact.objects.bulk_create(new)
    _update(done, made={row.id for row in new})
    claims = _claims(done)
    ContactAddress.objects.bulk_create(
        [row for rows in claims.values() for row in rows], ignore_conflicts=True
    )
    worn = _labelled(done, by=by)
    ContactLabel.objects.bulk_create([row for rows in worn.values() for row in rows], ignore_conflicts=True)
    ImportRow.objects.bulk_create([_outcome(run, each, claims, worn) for each in done])
    for each in done:
        _tell(each, worn.get(each.draft.number, ()), by=by)


def _update(done: Sequence[Planned], *, made: set[UUID]) -> None:
    """Those made by this step stand in the database as the last of their rows left them."""
    known = [
        each for each in done if each.contact is not None and each.contact.id not in made and each.fields
    ]
    rows = {each.contact.id: each.contact for each in known if each.contact is not None}
    if rows:
        names = {name.partition(".")[0] for each in known for name in each.fields}
        Contact.objects.bulk_update(rows.values(), [*sorted(names), "marks"])


def _claims(done: Iterable[Planned]) -> dict[int, list[ContactAddress]]:
    return {
        each.draft.number: [
            ContactAddress(id=new_id(), contact=each.contact, kind=kind, value=value, source=Source.IMPORT)
            for kind, value in each.addresses
        ]
        for each in done
        if each.addresses
    }


def _labelled(done: Sequence[Planned], *, by: Actor) -> dict[int, list[ContactLabel]]:
    """The labels that are put on; those that the brand does not have are added to it."""
    wanted: dict[str, str] = {}
    for each in done:
        for name in each.labels:
            wanted.setdefault(name.lower(), name)
    if not wanted:
        return {}
    known = {label.name.lower(): label for label in Label.objects.all()}
    for lower in wanted.keys() - known.keys():
        known[lower] = labels.named(wanted[lower], by=by)
    return {
        each.draft.number: [
            ContactLabel(id=new_id(), contact=each.contact, label=known[name.lower()]) for name in each.labels
        ]
        for each in done
        if each.labels
    }


def _outcome(
    run: ImportRun,
    each: Planned,
    claims: dict[int, list[ContactAddress]],
    worn: dict[int, list[ContactLabel]],
) -> ImportRow:
    number = each.draft.number
    changes: dict[str, Any] = {
        "fields": each.fields,
        "addresses": [str(row.id) for row in claims.get(number, ())],
        "labels": [str(row.id) for row in worn.get(number, ())],
    }
    has_failed = each.outcome == Outcome.FAILED
    return ImportRow(
        run=run,
        number=number,
        outcome=each.outcome,
        contact_id=each.contact.id if each.contact else None,
        column=each.column,
        reason=each.reason,
        cells=list(each.draft.cells) if has_failed else [],
        changes={name: value for name, value in changes.items() if value},
    )


def _tell(each: Planned, worn: Iterable[ContactLabel], *, by: Actor) -> None:
    if each.contact is None:
        return
    contact_id = each.contact.id
    if each.outcome == Outcome.CREATED:
        record(ContactCreated(contact_id=contact_id, identity_id=None, channel=""), by=by)
    elif each.outcome == Outcome.UPDATED and (each.fields or each.addresses):
        fields = (*each.fields, *(("addresses",) if each.addresses else ()))
        record(ContactUpdated(contact_id=contact_id, fields=fields), by=by)
    for row in worn:
        record(ContactLabelled(contact_id=contact_id, label_id=row.label_id), by=by)
