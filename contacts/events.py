"""What can happen to a contact."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from tenants.workspace.events import DomainEvent


@dataclass(frozen=True, slots=True)
class ContactCreated(DomainEvent):
    """A customer reached us under an address that we did not know; an imported one has no identity and no channel."""

    name = "contact.created"
    contact_id: UUID
    identity_id: UUID | None
    channel: str


@dataclass(frozen=True, slots=True)
class ContactRemoved(DomainEvent):
    """A contact is gone again: the import that made it was taken back."""

    name = "contact.removed"
    contact_id: UUID


@dataclass(frozen=True, slots=True)
class ContactUpdated(DomainEvent):
    """Fields of a contact changed; `fields` names them. conversation_id: the talk in which it came to light."""

    name = "contact.updated"
    contact_id: UUID
    fields: tuple[str, ...]
    conversation_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class ContactLabelled(DomainEvent):
    """A label was put on a contact."""

    name = "contact.labelled"
    contact_id: UUID
    label_id: UUID


@dataclass(frozen=True, slots=True)
class ContactUnlabelled(DomainEvent):
    """A label was taken off a contact."""

    name = "contact.unlabelled"
    contact_id: UUID
    label_id: UUID


@dataclass(frozen=True, slots=True)
class ContactNoted(DomainEvent):
    """The staff wrote a note on a contact."""

    name = "contact.noted"
    contact_id: UUID
    note_id: UUID


@dataclass(frozen=True, slots=True)
class ContactNoteChanged(DomainEvent):
    """A note on a contact changed; `change` is edited, pinned, unpinned or deleted."""

    name = "contact.note_changed"
    contact_id: UUID
    note_id: UUID
    change: str


@dataclass(frozen=True, slots=True)
class ContactConsented(DomainEvent):
    """A contact allowed something, or took it back; channel is empty where it holds for every channel."""

    name = "contact.consented"
    contact_id: UUID
    consent_id: UUID
    channel: str
    purpose: str
    state: str


@dataclass(frozen=True, slots=True)
class ContactOpted(DomainEvent):
    """A channel told that a contact stopped what we send them (opted_out), or allowed it (opted_in)."""

    name = "contact.opted"
    contact_id: UUID
    channel: str
    change: str


@dataclass(frozen=True, slots=True)
class OrderTold(DomainEvent):
    """A shop told of a contact's order: a new one, or what changed of a known one."""

    name = "order.told"
    contact_id: UUID
    order_id: UUID
    status: str


@dataclass(frozen=True, slots=True)
class ContactMerged(DomainEvent):
    """Other contacts became this one. Their ids go on to be answered with this one's row."""

    name = "contact.merged"
    contact_id: UUID
    merged_ids: tuple[UUID, ...]
    merge_id: UUID


@dataclass(frozen=True, slots=True)
class ContactUnmerged(DomainEvent):
    """A merge was undone: these contacts stand for themselves again."""

    name = "contact.unmerged"
    contact_id: UUID
    merged_ids: tuple[UUID, ...]
    merge_id: UUID


@dataclass(frozen=True, slots=True)
class ContactSplit(DomainEvent):
    """One identity, with all that was said under it, is somebody else: a contact of its own."""

    name = "contact.split"
    contact_id: UUID
    new_contact_id: UUID
    identity_id: UUID


@dataclass(frozen=True, slots=True)
class SuggestionDismissed(DomainEvent):
    """Two contacts that looked like one person are not, somebody said."""

    name = "contact.suggestion_dismissed"
    contact_id: UUID
    other_id: UUID
    suggestion_id: UUID


@dataclass(frozen=True, slots=True)
class SuggestionReopened(DomainEvent):
    """Two contacts may be one person after all, somebody said."""

    name = "contact.suggestion_reopened"
    contact_id: UUID
    other_id: UUID
    suggestion_id: UUID
