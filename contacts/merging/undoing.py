"""A merge is taken back: every row and value as it was, and what happened meanwhile stays where it belongs.

Threads follow their identity, so what a customer wrote since is theirs. What somebody changed at the survivor since
stays as they left it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from contacts import profile
from contacts.events import ContactUnmerged
from contacts.merging import holding, refusals, relations, repointing
from contacts.merging.refusals import MergeRefused
from contacts.models import Contact, ContactIdentity, MergedContact, MergeRecord
from tenants.workspace.events import Actor, record, unit_of_work

_TIMES = ("created_at", "last_seen_at")


def undo(record_id: UUID, *, by: Actor) -> MergeRecord:
    """Take a merge back. Raises MergeRecord.DoesNotExist; MergeRefused: already_undone, too_late,
    undo_later_first (`merge`: which one), or a registered reason."""
    with unit_of_work():
        row = MergeRecord.objects.select_for_update(of=("self",)).get(id=record_id)
        merged = list(row.merged.order_by("contact_id"))
        ids = [each.contact_id for each in merged]
        contacts = holding.hold([row.survivor_id, *ids])
        _raise_if_late(row)
        refusals.raise_if_refused([row.survivor_id, *ids])
        Contact.objects.filter(id__in=ids).update(merged_into=None)
        for each in merged:
            relations.move_back(row.survivor_id, each.contact_id, each.moved)
        relations.unlearn(row.rows)
        _give_back(contacts[row.survivor_id], row.fields)
        _see_again(row, merged)
        row.undone_at, row.undone_by_kind, row.undone_by_id = timezone.now(), by.kind, by.id
        row.save(update_fields=["undone_at", "undone_by_kind", "undone_by_id"])
        event = ContactUnmerged(contact_id=row.survivor_id, merged_ids=tuple(ids), merge_id=row.id)
        record(event, by=by)
        repointing.defer_after_undo(row.id)
    return row


def _later_merge(row: MergeRecord) -> MergeRecord | None:
    """The newest standing merge that builds on this one, and must be undone first."""
    rows = MergeRecord.objects.filter(undone_at__isnull=True, merged_at__gte=row.merged_at).exclude(id=row.id)
    touches = Q(survivor_id=row.survivor_id) | Q(merged__contact_id=row.survivor_id)
    return rows.filter(touches).order_by("-merged_at", "-id").first()


def _raise_if_late(row: MergeRecord) -> None:
    if row.undone_at is not None:
        raise MergeRefused("already_undone")
    if row.undo_until < timezone.now():
        raise MergeRefused("too_late")
    later = _later_merge(row)
    if later is not None:
        raise MergeRefused("undo_later_first", merge=str(later.id))


def _give_back(kept: Contact, changed: Mapping[str, Any]) -> None:
    """The survivor's fields as they were, but for those that somebody changed since."""
    back = set()
    for name, change in changed.items():
        if name in _TIMES:
            continue
        now = {"value": profile.value_of(kept, name), "mark": kept.marks.get(name)}
        if now == change["after"]:
            profile.set_as_marked(kept, name, change["before"]["value"], change["before"]["mark"])
            back.add(name)
    columns = profile.columns_of(back)
    since = changed["created_at"]
    if kept.created_at == _moment(since["after"]["value"]) and since["before"] != since["after"]:
        kept.created_at = datetime.fromisoformat(since["before"]["value"])
        columns.add("created_at")
    if columns:
        kept.save(update_fields=sorted(columns))


def _see_again(row: MergeRecord, merged: Sequence[MergedContact]) -> None:
    """When each of them was last seen: as before, or since then under an identity that is theirs."""
    ids = [row.survivor_id, *(each.contact_id for each in merged)]
    seen = dict(Contact.objects.filter(id__in=ids).values_list("id", "last_seen_at"))
    known = dict(seen) | {row.survivor_id: _moment(row.fields["last_seen_at"]["before"]["value"])}
    for identity in ContactIdentity.objects.filter(contact_id__in=ids, last_used_at__isnull=False):
        at, before = identity.last_used_at, _moment(row.last_used.get(str(identity.id)))
        if at is not None and (before is None or before < at):
            known[identity.contact_id] = max(known[identity.contact_id] or at, at)
    for contact_id, last in known.items():
        if seen[contact_id] != last:
            Contact.objects.filter(id=contact_id).update(last_seen_at=last)


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
