"""Erasing a person: dry run, second confirmation, then a job in small steps that can be interrupted anywhere.

Anonymising is the same with `Mode.ANONYMISE`: the person goes, texts stay with what names the person taken out. Times
of conversations, sessions and waits stay in both, and with them every figure of the reports.
"""

from __future__ import annotations

import time
from contextlib import suppress
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.http import Http404
from django.utils import timezone

from contacts.models import Contact, ContactIdentity, Erasure
from contacts.privacy import certificates, closing, hold, holders
from contacts.privacy.events import ContactErased
from contacts.privacy.hold import Restricted
from contacts.privacy.holders import Holder, Person
from tenants.jobs import BULK, defer, job
from tenants.workspace import audit
from tenants.workspace.events import Actor, record, unit_of_work
from tenants.workspace.models import Agent

ROWS_FOUND_AT_ONCE = 50_000
ROWS_AT_ONCE = 500  # emptied in one transaction
SECONDS_PER_JOB = 20.0  # then other bulk work gets its turn
State = Erasure.State


class ErasureRefused(ValueError):
    """This erasing cannot be planned or confirmed; `code` says why: erased_already, at_work, merged_away,
    unknown_mode, unknown_identity, not_planned, not_confirmed_twice."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def plan(
    contact: Contact, *, mode: str, by: Actor, identity: ContactIdentity | None = None, ground: str = ""
) -> Erasure:
    """The dry run: counts what an erasing would touch and waits for a second confirmation.

    identity: only this address, with its threads; None: the whole person. Raises ErasureRefused, Restricted.
    """
    if mode not in Erasure.Mode.values:
        raise ErasureRefused("unknown_mode")
    if identity is not None and (identity.contact_id != contact.id or identity.stands_for_id is not None):
        raise ErasureRefused("unknown_identity")
    with unit_of_work():
        _lock_free(contact)
        erasure = Erasure(
            contact_id=contact.id,
            identity_id=None if identity is None else identity.id,
            mode=mode,
            ground=ground.strip()[:200],
            planned_by=by.id,
            created_at=timezone.now(),
        )
        erasure.planned = closing.counted(erasure)
        _number(erasure)
        audit.note_by(by, "erasure.planned", "erasure", erasure.id, _title(erasure))
    return erasure


def confirm(erasure: Erasure, *, by: Actor, typed: str = "") -> None:
    """The second confirmation: by another person, or by typing what `name_to_type` says. The work begins after the
    commit. Raises ErasureRefused, Restricted."""
    with unit_of_work():
        row = (
            Erasure.objects.select_for_update(no_key=True).filter(id=erasure.id, state=State.PLANNED).first()
        )
        if row is None:
            raise ErasureRefused("not_planned")
        contact = Contact.objects.get(id=row.contact_id)
        _lock_free(contact)
        if row.identity_id is not None and not contact.identities.filter(id=row.identity_id).exists():
            raise ErasureRefused("unknown_identity")
        if (by.id is None or by.id == row.planned_by) and typed.strip() != name_to_type(contact):
            raise ErasureRefused("not_confirmed_twice")
        row.state, row.confirmed_by, row.confirmed_at = State.CONFIRMED, by.id, timezone.now()
        row.save(update_fields=["state", "confirmed_by", "confirmed_at"])
        audit.note_by(by, "erasure.confirmed", "erasure", row.id, _title(row))
        start(row.id)


def withdraw(erasure: Erasure, *, by: Actor) -> None:
    """Take a plan back. Raises ErasureRefused once it is confirmed."""
    with unit_of_work():
        gone, _each = Erasure.objects.filter(id=erasure.id, state=State.PLANNED).delete()
        if not gone:
            raise ErasureRefused("not_planned")
        audit.note_by(by, "erasure.withdrawn", "erasure", erasure.id, _title(erasure))


def name_to_type(contact: Contact) -> str:
    """What one person alone types to confirm: the contact's name, or the first address of a nameless one."""
    if contact.name.strip():
        return contact.name.strip()
    first = ContactIdentity.objects.filter(contact=contact).order_by("created_at", "id").first()
    return str(contact.id) if first is None else first.address


def access(erasure_id: UUID) -> Erasure:
    """The erasing. Raises Http404."""
    row = Erasure.objects.filter(id=erasure_id).first()
    if row is None:
        raise Http404
    return row


def newest_number() -> int:
    """The number of the newest erasing, 0 when there is none."""
    return Erasure.objects.aggregate(newest=Max("number"))["newest"] or 0


def start(erasure_id: UUID) -> None:
    """Have the work done, or gone on with; while it waits or runs, asking again changes nothing."""
    defer(work_on, lock=f"erasure:{erasure_id}", only_one=f"erasure:{erasure_id}", erasure_id=str(erasure_id))


def sweep() -> None:
    """Go on with what a killed worker has left. For the scope's brand."""
    for erasure_id in Erasure.objects.filter(state__in=Erasure.AT_WORK).values_list("id", flat=True):
        start(erasure_id)


@job(queue=BULK, name="contacts.privacy.erase")
def work_on(erasure_id: str) -> None:
    """A turn of an erasing: as many steps as fit, then the next job goes on."""
    erasure = Erasure.objects.filter(id=UUID(erasure_id)).first()
    if erasure is None or erasure.state not in Erasure.AT_WORK:
        return
    ends_at = time.monotonic() + SECONDS_PER_JOB
    if erasure.state == State.CONFIRMED:
        closing.close(erasure)
    person = closing.remembered(erasure)
    while _round(erasure, person, ends_at):  # what came in the meantime is found by the next round
        if time.monotonic() > ends_at:
            start(erasure.id)
            return
    _finish(erasure)


def _round(erasure: Erasure, person: Person, ends_at: float) -> bool:
    """Empty holder after holder, in small steps, until the time is over. False when nothing was left anywhere."""
    found = False
    for holder in holders.registered():
        # Found many at a time: each search passes what is already empty, and a small limit leads the server astray.
        keys = list(holder.holding(person).order_by().values_list("pk", flat=True)[:ROWS_FOUND_AT_ONCE])
        for start_at in range(0, len(keys), ROWS_AT_ONCE):
            found = True
            _clear(erasure, holder, person, keys[start_at : start_at + ROWS_AT_ONCE])
            if time.monotonic() > ends_at:
                return True
    return found


def _clear(erasure: Erasure, holder: Holder, person: Person, keys: list[object]) -> None:
    if holder.outside:
        holder.clear(person, keys)
    with unit_of_work():
        if not holder.outside:
            holder.clear(person, keys)
        erasure.erased[holder.name] = erasure.erased.get(holder.name, 0) + len(keys)
        erasure.save(update_fields=["erased"])


def _finish(erasure: Erasure) -> None:
    contact_id = erasure.erased_contact_id
    assert contact_id is not None
    identity_ids = ContactIdentity.objects.filter(contact_id=contact_id).values_list("id", flat=True)
    by = _confirmer(erasure)
    with unit_of_work():
        erasure.state, erasure.finished_at, erasure.sealed_memory = State.DONE, timezone.now(), ""
        erasure.sha256 = certificates.digest(erasure)
        erasure.save(update_fields=["state", "finished_at", "sealed_memory", "sha256"])
        erased = ContactErased(
            contact_id=contact_id,
            erasure_id=erasure.id,
            identity_ids=tuple(identity_ids),
            mode=erasure.mode,
        )
        record(erased, by=by)
        audit.note_by(by, "erasure.finished", "erasure", erasure.id, _title(erasure))


def _confirmer(erasure: Erasure) -> Actor:
    is_agent = erasure.confirmed_by is not None and Agent.objects.filter(id=erasure.confirmed_by).exists()
    return Actor("agent" if is_agent else "token", erasure.confirmed_by)


def _lock_free(contact: Contact) -> None:
    row = Contact.objects.select_for_update(no_key=True).get(id=contact.id)
    if row.merged_into_id is not None:
        raise ErasureRefused("merged_away")
    if row.erased_at is not None:
        raise ErasureRefused("erased_already")
    if hold.is_held([row.id]):
        raise Restricted(str(row.id))
    if hold.is_being_erased([row.id]):
        raise ErasureRefused("at_work")


def _number(erasure: Erasure) -> None:
    """Write the row under the next free number; who planned another one at the same moment may take it first."""
    while erasure._state.adding:
        erasure.number = newest_number() + 1
        with suppress(IntegrityError), transaction.atomic():
            erasure.save(force_insert=True)


def _title(erasure: Erasure) -> str:
    return f"#{erasure.number}"
