"""What can happen to a contact."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from tenants.workspace.events import DomainEvent


@dataclass(frozen=True, slots=True)
class ContactCreated(DomainEvent):
    """A customer reached us under an address that we did not know."""

    name = "contact.created"
    contact_id: UUID
    identity_id: UUID
    channel: str


@dataclass(frozen=True, slots=True)
class ContactUpdated(DomainEvent):
    """Fields of a contact changed; `fields` names them. conversation_id: the talk in which it came to light."""

    name = "contact.updated"
    contact_id: UUID
    fields: tuple[str, ...]
    conversation_id: UUID | None = None
