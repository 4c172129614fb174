"""Legal hold: while it lasts nothing of the person is erased, tidied up or merged."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from contacts.holding import hold as locked
from contacts.models import Contact, Erasure, LegalHold
from contacts.privacy.events import ContactHeld, ContactReleased
from tenants.workspace import audit
from tenants.workspace.events import Actor, record, unit_of_work
from tenants.workspace.models import Agent

LONGEST_REASON = 500


class Restricted(Exception):
    """A legal hold lies on the person: this may not be done now."""


class HoldRefused(ValueError):
    """The hold cannot be placed or lifted; `code` says why: no_reason, review_in_past, held_already, being_erased,
    not_held."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def place(contact: Contact, *, reason: str, owner: Agent | None, review_on: date, by: Actor) -> LegalHold:
    """Put a hold on a person. owner: who answers for it and reviews it on the day. Raises HoldRefused."""
    if not reason.strip():
        raise HoldRefused("no_reason")
    now = timezone.now()
    if review_on < now.date():
        raise HoldRefused("review_in_past")
    with unit_of_work():
        person = locked(contact.pk)
        if is_held([person.id]):
            raise HoldRefused("held_already")
        if is_being_erased([person.id]):
            raise HoldRefused("being_erased")
        hold = LegalHold.objects.create(
            contact=person,
            reason=reason.strip()[:LONGEST_REASON],
            owner=owner,
            review_on=review_on,
            placed_by=by.id,
            placed_at=now,
        )
        record(ContactHeld(contact_id=person.id, hold_id=hold.id), by=by)
        audit.note_by(by, "contact.held", "contact", person.id, "", changes={"review_on": str(review_on)})
    return hold


def lift(contact: Contact, *, by: Actor) -> LegalHold:
    """Take the hold off. Raises HoldRefused."""
    with unit_of_work():
        hold = LegalHold.objects.select_for_update().filter(contact=contact, lifted_at__isnull=True).first()
        if hold is None:
            raise HoldRefused("not_held")
        hold.lifted_at, hold.lifted_by = timezone.now(), by.id
        hold.save(update_fields=["lifted_at", "lifted_by"])
        record(ContactReleased(contact_id=contact.id, hold_id=hold.id), by=by)
        audit.note_by(by, "contact.released", "contact", contact.id, "")
    return hold


def live() -> QuerySet[LegalHold]:
    """The holds that are in force, those to be reviewed first in front."""
    return (
        LegalHold.objects.filter(lifted_at__isnull=True)
        .select_related("contact", "owner")
        .order_by("review_on", "id")
    )


def is_held(contact_ids: Iterable[UUID]) -> bool:
    """Whether a hold lies on one of these contacts, or on one that was merged into them."""
    ids = list(contact_ids)
    return LegalHold.objects.filter(
        Q(contact_id__in=ids) | Q(contact__merged_into__in=ids), lifted_at__isnull=True
    ).exists()


def on(path: str) -> Exists:
    """The condition that a hold lies on the contact that a row's field `path` names."""
    return Exists(LegalHold.objects.filter(contact_id=OuterRef(path), lifted_at__isnull=True))


def is_being_erased(contact_ids: Iterable[UUID]) -> bool:
    """Whether an erasing of one of these contacts is confirmed and not finished."""
    return Erasure.objects.filter(contact_id__in=list(contact_ids), state__in=Erasure.AT_WORK).exists()
