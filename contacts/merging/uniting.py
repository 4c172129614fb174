"""Several contacts become one.

    record = merge(kept.id, [double.id], {"name": double.id}, by=member.actor)

The merged ones stay as sign-posts, with their fields as they were; everything that points at them goes over to the
survivor. What exactly happened stands in the MergeRecord, for `undoing`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from contacts import profile
from contacts.events import ContactMerged
from contacts.merging import fields, holding, refusals, relations, repointing
from contacts.merging.refusals import MOST, MergeRefused
from contacts.merging.relations import Moved
from contacts.models import Contact, ContactIdentity, MergedContact, MergeRecord
from tenants.workspace.events import Actor, record, unit_of_work

UNDO_DAYS = 30


def merge(
    kept_id: UUID,
    merged_ids: Sequence[UUID],
    choices: Mapping[str, UUID] | None = None,
    *,
    by: Actor,
    version: str = "",
) -> MergeRecord:
    """Make `merged_ids` one with the contact `kept_id`, 2 to 50 altogether.

    choices: whose value each field takes, where it is not to be the best one (`fields.compare`). version: that of the
    preview which was looked at; with it, a contact that changed since is refused. Raises UnknownContacts for ids that
    are not contacts here, MergeRefused: too_few, too_many, already_merged, changed_meanwhile, or a registered reason.
    """
    merged_ids = [each for each in dict.fromkeys(merged_ids) if each != kept_id]
    if not merged_ids:
        raise MergeRefused("too_few")
    if len(merged_ids) >= MOST:
        raise MergeRefused("too_many")
    everybody = [kept_id, *merged_ids]
    with unit_of_work():
        contacts = holding.hold(everybody)
        holding.standing(contacts)
        if version and version != version_of(contacts.values()):
            raise MergeRefused("changed_meanwhile")
        refusals.raise_if_refused(everybody)
        kept = contacts[kept_id]
        row = _begin(kept, by)
        row.fields = _settle(kept, [contacts[each] for each in everybody], choices or {})
        row.last_used = _last_used(everybody)
        moved = relations.move(kept_id, merged_ids)
        row.rows = moved.learned
        Contact.objects.filter(id__in=merged_ids).update(merged_into=kept)
        _write(row, merged_ids, moved)
        record(ContactMerged(contact_id=kept_id, merged_ids=tuple(merged_ids), merge_id=row.id), by=by)
        repointing.defer_after_merge(row.id)
    return row


def version_of(contacts: Iterable[Contact]) -> str:
    """A mark that changes when a field of one of the contacts does, or when one is merged."""
    names = (*profile.BLANK, "merged_into_id")
    rows = sorted([str(each.id), *(getattr(each, name) for name in names)] for each in contacts)
    text = json.dumps(rows, default=str, sort_keys=True)
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=12).hexdigest()


def _begin(kept: Contact, by: Actor) -> MergeRecord:
    now = timezone.now()
    return MergeRecord(
        survivor=kept,
        merged_at=now,
        by_kind=by.kind,
        by_id=by.id,
        undo_until=now + timedelta(days=UNDO_DAYS),
    )


def _settle(kept: Contact, contacts: Sequence[Contact], choices: Mapping[str, UUID]) -> dict[str, Any]:
    """Give the survivor the chosen values; returns what changed, as a MergeRecord keeps it."""
    changed: dict[str, Any] = {}
    for field in fields.compare(contacts, choices):
        before, mark = profile.value_of(kept, field.name), kept.marks.get(field.name)
        chosen = field.chosen
        if (before, mark) == (chosen.value, chosen.mark):
            continue
        profile.set_as_marked(kept, field.name, chosen.value, chosen.mark)
        changed[field.name] = {
            "from": str(chosen.contact_id),
            "before": {"value": before, "mark": mark},
            "after": {"value": chosen.value, "mark": chosen.mark},
        }
    columns = profile.columns_of(changed) | _widen(kept, contacts, changed)
    if columns:
        kept.save(update_fields=sorted(columns))
    return changed


def _widen(kept: Contact, contacts: Sequence[Contact], changed: dict[str, Any]) -> set[str]:
    """A customer since the first of them, seen when the last of them was."""
    since = min(each.created_at for each in contacts)
    seen = max((each.last_seen_at for each in contacts if each.last_seen_at is not None), default=None)
    columns = set()
    for name, value in (("created_at", since), ("last_seen_at", seen)):
        before = getattr(kept, name)
        changed[name] = {"before": {"value": _text(before)}, "after": {"value": _text(value)}}
        if value != before:
            setattr(kept, name, value)
            columns.add(name)
    return columns


def _text(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _last_used(contact_ids: Sequence[UUID]) -> dict[str, str | None]:
    rows = ContactIdentity.objects.filter(contact_id__in=contact_ids).values_list("id", "last_used_at")
    return {str(row_id): _text(at) for row_id, at in rows}


def _write(row: MergeRecord, merged_ids: Sequence[UUID], moved: Moved) -> None:
    row.save(force_insert=True)
    MergedContact.objects.bulk_create(
        MergedContact(record=row, contact_id=each, moved=moved.rows.get(each, {})) for each in merged_ids
    )
