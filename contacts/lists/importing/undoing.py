"""Taking an import back: who was made by it goes, what it changed is put back, and what anybody did since stays."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from contacts import profile
from contacts.events import ContactRemoved, ContactUnlabelled, ContactUpdated
from contacts.lists.importing.planning import Outcome
from contacts.models import Contact, ContactAddress, ContactLabel, ImportRow, ImportRun
from contacts.profile import Source
from contacts.signposts import LIVING
from tenants.workspace.events import Actor, record, unit_of_work

ROWS_AT_ONCE = 500
State = ImportRun.State
DERIVED = {"contacts.contactterms", "contacts.matchkey", "contacts.suggestion"}
"""Rows that the house makes of a contact by itself: they say nothing of anybody having worked on it."""


def go_on(run: ImportRun, is_time_up: Callable[[], bool]) -> bool:
    """Take rows back, the last first. Returns whether all are."""
    while _step(run):
        if is_time_up():
            return False
    return True


def _step(run: ImportRun) -> bool:
    """The next rows in one transaction; each is forgotten with what it undid. Returns whether there may be more."""
    with unit_of_work():
        held = ImportRun.objects.select_for_update(no_key=True).get(id=run.id)
        if held.state != State.UNDOING:
            return False
        wrote = Q(outcome__in=(Outcome.CREATED, Outcome.UPDATED))
        rows = list(ImportRow.objects.filter(wrote, run=run).order_by("-number")[:ROWS_AT_ONCE])
        if not rows:
            ImportRun.objects.filter(id=run.id).update(state=State.UNDONE, finished_at=timezone.now())
            return False
        undone = _take_back(rows, by=Actor(held.asked_by_kind, held.asked_by))
        ImportRow.objects.filter(id__in=[row.id for row in rows]).delete()
        ImportRun.objects.filter(id=run.id).update(
            undone=F("undone") + undone, kept=F("kept") + len(rows) - undone
        )
    return True


def _take_back(rows: Sequence[ImportRow], *, by: Actor) -> int:
    """Returns how many rows are as they were before; of the others somebody has worked on the contact since."""
    ids = {row.contact_id for row in rows if row.contact_id}
    held = Contact.objects.select_for_update(no_key=True).filter(LIVING, id__in=ids)
    people = {row.id: row for row in held.order_by("id")}
    busy = _worked_on(people, rows)
    undone: list[ImportRow] = []
    doomed: set[UUID] = set()
    changed: dict[UUID, Contact] = {}
    for row in rows:
        contact = people.get(row.contact_id) if row.contact_id else None
        if contact is None:
            continue
        if row.outcome == Outcome.CREATED:
            if contact.id in busy or not _is_as_imported(contact, row):
                continue
            doomed.add(contact.id)
            record(ContactRemoved(contact_id=contact.id), by=by)
        else:
            changed[contact.id] = contact
            _put_back(contact, row, by=by)
        undone.append(row)
    _take_off(undone, doomed, by=by)
    _save([row for row in changed.values() if row.id not in doomed], doomed)
    return len(undone)


def _save(changed: Sequence[Contact], doomed: Iterable[UUID]) -> None:
    if changed:
        Contact.objects.bulk_update(changed, [*profile.BLANK])
    Contact.objects.filter(id__in=doomed).delete()


def _take_off(rows: Sequence[ImportRow], doomed: Iterable[UUID], *, by: Actor) -> None:
    """The labels and claims that the rows gave; a claim that was proven since, or used, stays."""
    claims = [each for row in rows for each in row.changes.get("addresses", ())]
    unproven = ContactAddress.objects.filter(source=Source.IMPORT, is_verified=False, last_used_at=None)
    unproven.filter(id__in=claims).delete()
    labels = [each for row in rows for each in row.changes.get("labels", ())]
    worn = ContactLabel.objects.filter(id__in=labels)
    for contact_id, label_id in worn.exclude(contact__in=doomed).values_list("contact_id", "label_id"):
        record(ContactUnlabelled(contact_id=contact_id, label_id=label_id), by=by)
    worn.delete()


def _is_as_imported(contact: Contact, row: ImportRow) -> bool:
    """Whether nobody has set a field since, or besides."""
    fields = row.changes.get("fields", {})
    same = all(profile.value_of(contact, name) == after for name, (_before, after, _mark) in fields.items())
    return same and contact.marks.keys() <= fields.keys()


def _put_back(contact: Contact, row: ImportRow, *, by: Actor) -> None:
    """Fields that still hold what was imported hold again what they held before."""
    names = []
    for name, (before, after, mark) in row.changes.get("fields", {}).items():
        if profile.value_of(contact, name) == after:
            profile.set_as_marked(contact, name, before, mark)
            names.append(name)
    if row.changes.get("addresses"):
        names.append("addresses")
    if names:
        record(ContactUpdated(contact_id=contact.id, fields=tuple(names)), by=by)


def _worked_on(people: Iterable[UUID], rows: Sequence[ImportRow]) -> set[UUID]:
    """Contacts to which anything leads that these rows did not give: a conversation, a note, a proven address. One
    query."""
    given = {
        ContactAddress: [each for row in rows for each in row.changes.get("addresses", ())],
        ContactLabel: [each for row in rows for each in row.changes.get("labels", ())],
    }
    leads = Q()
    for relation in Contact._meta.related_objects:
        model = relation.related_model
        if isinstance(model, str) or model._meta.label_lower in DERIVED:
            continue
        leading = model._default_manager.filter(**{relation.field.name: OuterRef("pk")})
        if model is ContactAddress:
            own = Q(id__in=given[model], source=Source.IMPORT, is_verified=False, last_used_at=None)
            leading = leading.exclude(own)
        elif model is ContactLabel:
            leading = leading.exclude(id__in=given[model])
        leads |= Q(Exists(leading))
    return set(Contact.objects.filter(leads, id__in=people).values_list("id", flat=True))
