"""The work of an import: in steps, each with the position it has reached, so that a killed worker loses nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from contacts.lists.importing import tables, undoing, uploads, writing
from contacts.lists.importing.tables import BadTable, Cells
from contacts.lists.importing.uploads import ImportRefused
from contacts.models import ImportRun
from tenants.jobs import BULK, defer, job
from tenants.workspace import audit
from tenants.workspace.events import Actor, unit_of_work

ROWS_AT_ONCE = 500
SECONDS_PER_JOB = 20.0
UPLOAD_LIFE = timedelta(days=1)  # of a table that nobody starts to import
LIFE = timedelta(days=30)  # in which an import can be undone
State = ImportRun.State


def start(run: ImportRun, *, by: Actor) -> None:
    """Begin an import. Raises ImportRefused."""
    _begin(run, State.UPLOADED, State.WAITING, "import.started", by=by)


def undo(run: ImportRun, *, by: Actor) -> None:
    """Take an import back. What somebody has worked on since stays as it is. Raises ImportRefused."""
    if run.finished_at is not None and run.finished_at < timezone.now() - LIFE:
        raise ImportRefused("wrong_state")
    _begin(run, (State.DONE, State.FAILED), State.UNDOING, "import.undone", by=by)


def _begin(run: ImportRun, before: object, after: str, act: str, *, by: Actor) -> None:
    states = before if isinstance(before, tuple) else (before,)
    with unit_of_work():
        changed = ImportRun.objects.filter(id=run.id, state__in=states).update(state=after)
        if not changed:
            raise ImportRefused("wrong_state")
        audit.note_by(by, act, "import", run.id, run.file_name)
        _ask(run.id)


def sweep() -> None:
    """For the scope's brand: go on with what a killed worker has left, and forget what has served its time."""
    for run_id in ImportRun.objects.filter(
        state__in=(State.WAITING, State.RUNNING, State.UNDOING)
    ).values_list("id", flat=True):
        _ask(run_id)
    now = timezone.now()
    forgotten = ImportRun.objects.filter(state=State.UPLOADED, created_at__lt=now - UPLOAD_LIFE)
    for run in [*forgotten, *ImportRun.objects.filter(finished_at__lt=now - LIFE)]:
        uploads.forget_file(run)
        ImportRun.objects.filter(id=run.id).delete()


@job(queue=BULK, name="contacts.lists.import")
def work(run_id: str) -> None:
    """Go on with an import, or with taking one back, for some seconds."""
    if not go_on(UUID(run_id)):
        _ask(UUID(run_id))


def go_on(run_id: UUID) -> bool:
    """Work for SECONDS_PER_JOB at most. Returns whether there is nothing more to be done."""
    run = ImportRun.objects.filter(id=run_id).first()
    if run is None:
        return True
    until = time.monotonic() + SECONDS_PER_JOB
    if run.state == State.UNDOING:
        return undoing.go_on(run, lambda: time.monotonic() > until)
    if run.state in (State.WAITING, State.RUNNING):
        return _import(run, until)
    return True


def _import(run: ImportRun, until: float) -> bool:
    """Returns whether there is nothing more to be done."""
    try:
        if run.state == State.WAITING and not _count(run):
            return True
        with uploads.opened(run) as content:
            for cells in _batches(tables.rows(content, uploads.form_of(run)), run.position):
                if not writing.take(run, cells):
                    return True
                if time.monotonic() > until:
                    return False
    except BadTable as error:
        _end(run, State.FAILED, error.code)
    else:
        _end(run, State.DONE)
    return True


def _count(run: ImportRun) -> bool:
    """How many rows there are; whoever cannot read them all imports none. Returns whether the work begins."""
    with uploads.opened(run) as content:
        total = sum(1 for _row in tables.rows(content, uploads.form_of(run))) - 1
    waiting = ImportRun.objects.filter(id=run.id, state=State.WAITING)
    begun = waiting.update(state=State.RUNNING, rows_total=max(total, 0))
    run.state, run.rows_total = State.RUNNING, total
    return bool(begun)


def _batches(rows: Iterator[Cells], position: int) -> Iterator[list[Cells]]:
    batch: list[Cells] = []
    for number, cells in enumerate(rows):
        if number <= position:  # the heading, and what is done
            continue
        batch.append(cells)
        if len(batch) == ROWS_AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch


def _end(run: ImportRun, state: str, reason: str = "") -> None:
    rows = ImportRun.objects.filter(id=run.id, state__in=(State.WAITING, State.RUNNING))
    rows.update(state=state, reason=reason, finished_at=timezone.now())
    uploads.forget_file(run)


def _ask(run_id: UUID) -> None:
    defer(work, lock=f"import:{run_id}", only_one=f"import:{run_id}", run_id=str(run_id))
