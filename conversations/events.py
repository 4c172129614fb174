"""What can happen to a conversation and its messages. Ids and changed values only, never message text."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tenants.workspace.events import DomainEvent


@dataclass(frozen=True, slots=True)
class ConversationOpened(DomainEvent):
    """A new thread began."""

    name = "conversation.opened"
    conversation_id: UUID
    contact_id: UUID
    inbox_id: UUID
    session_id: UUID


@dataclass(frozen=True, slots=True)
class ConversationReopened(DomainEvent):
    """A resolved, snoozed or pending thread came back to the open list; a new session where one had ended."""

    name = "conversation.reopened"
    conversation_id: UUID
    contact_id: UUID
    session_id: UUID
    previous_status: str


@dataclass(frozen=True, slots=True)
class ConversationAssigned(DomainEvent):
    """Somebody became responsible. Unassigned: assignee_id is None."""

    name = "conversation.assigned"
    conversation_id: UUID
    contact_id: UUID
    assignee_id: UUID | None
    previous_assignee_id: UUID | None


@dataclass(frozen=True, slots=True)
class ConversationGivenToTeam(DomainEvent):
    """The team in charge changed; None takes it off every team."""

    name = "conversation.given_to_team"
    conversation_id: UUID
    contact_id: UUID
    team_id: UUID | None
    previous_team_id: UUID | None


@dataclass(frozen=True, slots=True)
class ConversationSnoozed(DomainEvent):
    """Put to sleep until a time, or until the next message (None)."""

    name = "conversation.snoozed"
    conversation_id: UUID
    contact_id: UUID
    until: datetime | None


@dataclass(frozen=True, slots=True)
class ConversationPended(DomainEvent):
    """Waits on a bot or an outsider."""

    name = "conversation.pended"
    conversation_id: UUID
    contact_id: UUID


@dataclass(frozen=True, slots=True)
class ConversationResolved(DomainEvent):
    """The session's work is done."""

    name = "conversation.resolved"
    conversation_id: UUID
    contact_id: UUID
    session_id: UUID | None


@dataclass(frozen=True, slots=True)
class ConversationPrioritised(DomainEvent):
    """Its priority changed."""

    name = "conversation.prioritised"
    conversation_id: UUID
    contact_id: UUID
    priority: int
    previous_priority: int


@dataclass(frozen=True, slots=True)
class MessageReceived(DomainEvent):
    """The customer wrote."""

    name = "message.received"
    conversation_id: UUID
    contact_id: UUID
    message_id: UUID
    inbox_id: UUID
    number: int


@dataclass(frozen=True, slots=True)
class MessageEchoed(DomainEvent):
    """Somebody answered in the platform's own inbox."""

    name = "message.echoed"
    conversation_id: UUID
    contact_id: UUID
    message_id: UUID
    inbox_id: UUID
    number: int


@dataclass(frozen=True, slots=True)
class MessageReplied(DomainEvent):
    """We wrote to the customer: the row stands, the platform does not know it yet."""

    name = "message.replied"
    conversation_id: UUID
    contact_id: UUID
    message_id: UUID
    inbox_id: UUID
    number: int
    client_id: UUID | None


@dataclass(frozen=True, slots=True)
class MessageSent(DomainEvent):
    """The platform accepted our message."""

    name = "message.sent"
    conversation_id: UUID
    contact_id: UUID
    message_id: UUID


@dataclass(frozen=True, slots=True)
class MessageDelivered(DomainEvent):
    """Our message reached the customer's device."""

    name = "message.delivered"
    conversation_id: UUID
    contact_id: UUID
    message_id: UUID


@dataclass(frozen=True, slots=True)
class MessageRead(DomainEvent):
    """The customer saw our message."""

    name = "message.read"
    conversation_id: UUID
    contact_id: UUID
    message_id: UUID


@dataclass(frozen=True, slots=True)
class MessageFailed(DomainEvent):
    """Our message did not go out; `error_kind` is a word of channels.base.ErrorKind."""

    name = "message.failed"
    conversation_id: UUID
    contact_id: UUID
    message_id: UUID
    error_kind: str


@dataclass(frozen=True, slots=True)
class MessageUnconfirmed(DomainEvent):
    """Our message may have arrived; a person decides whether to send it again."""

    name = "message.unconfirmed"
    conversation_id: UUID
    contact_id: UUID
    message_id: UUID


@dataclass(frozen=True, slots=True)
class MessageRequeued(DomainEvent):
    """A person asked for another try of a failed or unconfirmed message."""

    name = "message.requeued"
    conversation_id: UUID
    contact_id: UUID
    message_id: UUID


@dataclass(frozen=True, slots=True)
class MessageSkipped(DomainEvent):
    """A person gave a message up, so that those behind it can go."""

    name = "message.skipped"
    conversation_id: UUID
    contact_id: UUID
    message_id: UUID


@dataclass(frozen=True, slots=True)
class MessageEdited(DomainEvent):
    """The customer changed a message."""

    name = "message.edited"
    conversation_id: UUID
    contact_id: UUID
    message_id: UUID


@dataclass(frozen=True, slots=True)
class MessageUnsent(DomainEvent):
    """The customer took a message back; its content is gone."""

    name = "message.unsent"
    conversation_id: UUID
    contact_id: UUID
    message_id: UUID


@dataclass(frozen=True, slots=True)
class MessageReacted(DomainEvent):
    """The customer reacted to a message, or took the reaction back."""

    name = "message.reacted"
    conversation_id: UUID
    contact_id: UUID
    message_id: UUID


@dataclass(frozen=True, slots=True)
class ConversationSeen(DomainEvent):
    """An agent read up to a message number: clears the unread mark in that agent's other windows."""

    name = "conversation.seen"
    conversation_id: UUID
    number: int


@dataclass(frozen=True, slots=True)
class InboxFailing(DomainEvent):
    """Sending through an inbox stopped; `health` says whether it is probed or must be reconnected."""

    name = "inbox.failing"
    inbox_id: UUID
    health: str
    error_kind: str


@dataclass(frozen=True, slots=True)
class InboxRecovered(DomainEvent):
    """Sending through an inbox works again."""

    name = "inbox.recovered"
    inbox_id: UUID


@dataclass(frozen=True, slots=True)
class InboundDied(DomainEvent):
    """What a platform told us could not be read after all tries: it waits in the dead letters for a person."""

    name = "inbound.died"
    record_id: UUID
    channel: str


@dataclass(frozen=True, slots=True)
class InboundReplayed(DomainEvent):
    """A person asked for a dead letter to be read again."""

    name = "inbound.replayed"
    record_id: UUID
