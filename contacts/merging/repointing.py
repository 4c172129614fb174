"""The log follows a merge: events said of a contact are said of the one who is left, in short steps after the commit.

Until a step has passed, reads find them all the same: they ask for a contact together with its sign-posts. Which
events went over is noted, so that an undo takes them back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from django.db.models import OuterRef, Subquery

from contacts.merging import relations
from contacts.merging.relations import Relation
from contacts.models import MergedContact, MergeRecord, MovedEvents
from tenants import jobs
from tenants.jobs import BULK, job
from tenants.workspace.events import unit_of_work
from tenants.workspace.models import Event

STEP = 1_000
"""Events that one transaction moves."""

STEPS_PER_JOB = 20


def defer_after_merge(record_id: UUID) -> None:
    """Let the events follow a merge, in the open transaction."""
    jobs.defer(follow_merge, record_id=str(record_id))


def defer_after_undo(record_id: UUID) -> None:
    """Let the events follow an undo."""
    jobs.defer(follow_undo, record_id=str(record_id))


def defer_after_split(left_id: UUID) -> None:
    """Let the events of threads that left a contact follow them."""
    jobs.defer(follow_threads, left_id=str(left_id))


@job(queue=BULK)
def follow_merge(record_id: str) -> None:
    """Point the merged contacts' events at the survivor; and rows that were written to them at the last moment."""
    row = MergeRecord.objects.filter(id=record_id).first()
    if row is None:
        return
    _sweep(row)
    for _step in range(STEPS_PER_JOB):
        if not _move_some(row.id):
            defer_after_split(row.survivor_id)  # what came along of threads that had left already
            return
    defer_after_merge(row.id)


@job(queue=BULK)
def follow_undo(record_id: str) -> None:
    """Point the events back, and those since the merge that belong to the threads of who stands for themselves."""
    row = MergeRecord.objects.filter(id=record_id, undone_at__isnull=False).first()
    if row is None:
        return
    for _step in range(STEPS_PER_JOB):
        if not _move_some_back(row):
            break
    else:
        defer_after_undo(row.id)
        return
    for contact_id in (row.survivor_id, *row.merged.values_list("contact_id", flat=True)):
        defer_after_split(contact_id)  # of the merged ones too: a thread may have been split off meanwhile


@job(queue=BULK)
def follow_threads(left_id: str) -> None:
    """Events of conversations that are somebody else's by now, whoever's, but are still said of `left_id`."""
    left = UUID(left_id)
    for relation in relations.following():
        for _step in range(STEPS_PER_JOB):
            if not _move_on_some(left, relation):
                break
        else:
            defer_after_split(left)


def _move_on_some(left: UUID, relation: Relation) -> bool:
    """One step; False when nothing is left to do."""
    gone = relation.model._default_manager.exclude(**{relation.column: left})
    whose = gone.filter(pk=OuterRef("conversation_id")).values(relation.column)
    with unit_of_work():
        rows = Event.objects.filter(contact_id=left).annotate(now=Subquery(whose)).exclude(now=None)
        found = list(rows.order_by("sequence").values_list("sequence", "now")[:STEP])
        for now in {each for _sequence, each in found}:
            _say_of([sequence for sequence, each in found if each == now], was=[left], now=now)
    return len(found) == STEP


def _sweep(row: MergeRecord) -> None:
    """Rows of who did not know of the merge yet when they wrote."""
    with unit_of_work():
        held = MergeRecord.objects.select_for_update().get(id=row.id)
        if held.undone_at is not None:
            return
        merged = {each.contact_id: each for each in held.merged.all()}
        moved = relations.move(held.survivor_id, list(merged), twins=False)
        for contact_id, found in moved.rows.items():
            known = merged[contact_id].moved
            merged[contact_id].moved = known | {
                label: [*known.get(label, []), *ids] for label, ids in found.items()
            }
        MergedContact.objects.bulk_update(merged.values(), ["moved"])


def _move_some(record_id: UUID) -> bool:
    """One step; False when nothing is left to do."""
    with unit_of_work():
        row = MergeRecord.objects.select_for_update().get(id=record_id)
        if row.undone_at is not None:
            return False
        merged = {each.contact_id: each for each in row.merged.all()}
        rows = Event.objects.filter(contact_id__in=merged).order_by("sequence")
        found = list(rows.values_list("sequence", "contact_id")[:STEP])
        by_contact: dict[UUID, list[int]] = {}
        for sequence, contact_id in found:
            by_contact.setdefault(contact_id, []).append(sequence)  # type: ignore[arg-type]
        MovedEvents.objects.bulk_create(
            MovedEvents(merged=merged[contact_id], sequences=sequences)
            for contact_id, sequences in by_contact.items()
        )
        _say_of([sequence for sequence, _ in found], was=merged, now=row.survivor_id)
    return len(found) == STEP


def _move_some_back(row: MergeRecord) -> bool:
    with unit_of_work():
        step = MovedEvents.objects.select_for_update(of=("self",)).filter(merged__record=row)
        moved = step.select_related("merged").order_by("id").first()
        if moved is None:
            return False
        _say_of(moved.sequences, was=[row.survivor_id], now=moved.merged.contact_id)
        moved.delete()
    return True


def _say_of(sequences: Sequence[int], *, was: Iterable[UUID], now: UUID) -> None:
    if sequences:
        rows = Event.objects.filter(sequence__in=sequences, contact_id__in=list(was))
        rows.update(contact_id=now)
