"""What can happen to a person's privacy."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from tenants.workspace.events import DomainEvent


@dataclass(frozen=True, slots=True)
class AccessAlertRaised(DomainEvent):
    """Somebody of the staff saw more contacts within an hour than the brand's limit. Who it was stands in the alert,
    for whoever may read the log of accesses."""

    name = "access_alert.raised"
    alert_id: UUID


@dataclass(frozen=True, slots=True)
class ContactHeld(DomainEvent):
    """A legal hold was placed: nothing of the person may be erased."""

    name = "contact.held"
    contact_id: UUID
    hold_id: UUID


@dataclass(frozen=True, slots=True)
class ContactReleased(DomainEvent):
    """A legal hold was lifted."""

    name = "contact.released"
    contact_id: UUID
    hold_id: UUID


@dataclass(frozen=True, slots=True)
class ContactErased(DomainEvent):
    """A person was erased: whoever got their data from us forgets them too. identity_ids: the addresses that were
    erased; mode: erase, or anonymise, where texts stay."""

    name = "contact.erased"
    contact_id: UUID
    erasure_id: UUID
    identity_ids: tuple[UUID, ...]
    mode: str


@dataclass(frozen=True, slots=True)
class ContactExported(DomainEvent):
    """Somebody asked for everything that we hold of a person."""

    name = "contact.exported"
    contact_id: UUID
    export_id: UUID
