"""A label put on many contacts, or taken off them, in small steps; and taken back."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db.models import F, QuerySet
from django.db.models.expressions import Combinable
from django.utils import timezone

from contacts.events import ContactLabelled, ContactUnlabelled
from contacts.lists import selecting
from contacts.lists.selecting import Kind, SelectionRefused, State
from contacts.models import BulkRun, Contact, ContactLabel, Label, SelectedContact
from contacts.signposts import LIVING
from tenants.jobs import BULK, defer, job
from tenants.workspace import audit
from tenants.workspace.events import Actor, record, unit_of_work

CONTACTS_AT_ONCE = 500
STEPS_PER_JOB = 20
Outcome = SelectedContact.Outcome


def ask(people: QuerySet[Contact], label: Label | None, *, put: bool, by: Actor) -> BulkRun:
    """Have a label put on (or taken off) all of these contacts. Raises SelectionRefused."""
    if label is None:
        raise SelectionRefused("no_label")
    with unit_of_work():
        kind = Kind.PUT_LABEL if put else Kind.TAKE_LABEL
        run = selecting.write_down(kind, people, by=by, label=label)
        audit.note_by(by, f"contacts.{kind}", "label", label.id, label.name, changes={"contacts": run.total})
        start(run.id)
    return run


def undo(run: BulkRun, *, by: Actor) -> None:
    """Take the work back: contacts that it changed are again as they were. Raises SelectionRefused."""
    with unit_of_work():
        labelled = BulkRun.objects.filter(id=run.id, kind__in=(Kind.PUT_LABEL, Kind.TAKE_LABEL))
        done = labelled.filter(state=State.DONE, label__isnull=False)
        if not done.update(state=State.UNDOING, position=0):
            raise SelectionRefused("wrong_state")
        audit.note_by(
            by, "contacts.label_undone", "label", run.label_id, "", changes={"contacts": run.changed}
        )
        start(run.id)


def start(run_id: UUID) -> None:
    """Have the work done."""
    defer(work, lock=f"bulk:{run_id}", only_one=f"bulk:{run_id}", run_id=str(run_id))


@job(queue=BULK, name="contacts.lists.label")
def work(run_id: str) -> None:
    """Go on with the work for some steps."""
    for _number in range(STEPS_PER_JOB):
        if not step(UUID(run_id)):
            return
    start(UUID(run_id))


def step(run_id: UUID) -> bool:
    """The next contacts, with the position in one transaction. Returns whether there may be more."""
    with unit_of_work():
        run = BulkRun.objects.select_for_update(no_key=True).filter(id=run_id).first()
        if run is None or run.state not in BulkRun.AT_WORK:
            return False
        is_undoing = run.state == State.UNDOING
        rows = list(
            SelectedContact.objects.filter(run=run, number__gt=run.position).order_by("number")[
                :CONTACTS_AT_ONCE
            ]
        )
        label = None if run.label_id is None else Label.objects.filter(id=run.label_id).first()
        if not rows or label is None:
            end = State.UNDONE if is_undoing else State.DONE if label else State.FAILED
            BulkRun.objects.filter(id=run.id).update(state=end, finished_at=timezone.now())
            return False
        if is_undoing:
            rows_to_do = [row for row in rows if row.outcome == Outcome.CHANGED]
            _label(run, rows_to_do, label, put=run.kind == Kind.TAKE_LABEL)
            counts: dict[str, Combinable] = {}
        else:
            counts = _counted(_label(run, rows, label, put=run.kind == Kind.PUT_LABEL))
            SelectedContact.objects.bulk_update(rows, ["outcome"])
        state = State.UNDOING if is_undoing else State.RUNNING
        BulkRun.objects.filter(id=run.id).update(position=rows[-1].number, state=state, **counts)
    return True


def _counted(rows: Sequence[SelectedContact]) -> dict[str, Combinable]:
    changed = sum(row.outcome == Outcome.CHANGED for row in rows)
    gone = sum(row.outcome == Outcome.GONE for row in rows)
    return {"changed": F("changed") + changed, "failed": F("failed") + gone}


def _label(
    run: BulkRun, rows: Sequence[SelectedContact], label: Label, *, put: bool
) -> Sequence[SelectedContact]:
    """Put or take the label, and note on each row what became of it. A constant number of statements."""
    by = Actor(run.asked_by_kind, run.asked_by)
    ids = [row.contact_id for row in rows]
    living = Contact.objects.select_for_update(no_key=True).filter(LIVING, id__in=ids)
    alive = {row.id for row in living.order_by("id").only("id")}
    worn = ContactLabel.objects.filter(label=label, contact_id__in=alive)
    wearing = set(worn.values_list("contact_id", flat=True))
    concerned = alive - wearing if put else wearing
    if put:
        ContactLabel.objects.bulk_create([ContactLabel(contact_id=each, label=label) for each in concerned])
    else:
        worn.delete()
    happened = ContactLabelled if put else ContactUnlabelled
    for row in rows:
        if row.contact_id in concerned:
            row.outcome = Outcome.CHANGED
            record(happened(contact_id=row.contact_id, label_id=label.id), by=by)
        else:
            row.outcome = Outcome.UNCHANGED if row.contact_id in alive else Outcome.GONE
    return rows
