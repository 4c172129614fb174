"""What can happen to a conversation and its messages. Ids and changed values only, never message text."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tenants.workspace.events import DomainEvent


@dataclass(frozen=True, slots=True)
class _OfConversation(DomainEvent):
    """What happened to one conversation of one contact."""

    conversation_id: UUID
    contact_id: UUID


@dataclass(frozen=True, slots=True)
class _OfMessage(_OfConversation):
    """What happened to one message."""

    message_id: UUID


@dataclass(frozen=True, slots=True)
class ConversationOpened(_OfConversation):
    """A new thread began."""

    name = "conversation.opened"
    inbox_id: UUID
    session_id: UUID


@dataclass(frozen=True, slots=True)
class ConversationReopened(_OfConversation):
    """A resolved, snoozed or pending thread came back to the open list; a new session where one had ended."""

    name = "conversation.reopened"
    session_id: UUID
    previous_status: str


@dataclass(frozen=True, slots=True)
class ConversationAssigned(_OfConversation):
    """Somebody became responsible. Unassigned: assignee_id is None."""

    name = "conversation.assigned"
    assignee_id: UUID | None
    previous_assignee_id: UUID | None


@dataclass(frozen=True, slots=True)
class ConversationGivenToTeam(_OfConversation):
    """The team in charge changed; None takes it off every team."""

    name = "conversation.given_to_team"
    team_id: UUID | None
    previous_team_id: UUID | None


@dataclass(frozen=True, slots=True)
class ConversationSnoozed(_OfConversation):
    """Put to sleep until a time, or until the next message (None)."""

    name = "conversation.snoozed"
    until: datetime | None


@dataclass(frozen=True, slots=True)
class ConversationPended(_OfConversation):
    """Waits on a bot or an outsider."""

    name = "conversation.pended"


@dataclass(frozen=True, slots=True)
class ConversationResolved(_OfConversation):
    """The session's work is done."""

    name = "conversation.resolved"
    session_id: UUID | None


@dataclass(frozen=True, slots=True)
class ConversationPrioritised(_OfConversation):
    """Its priority changed."""

    name = "conversation.prioritised"
    priority: int
    previous_priority: int


@dataclass(frozen=True, slots=True)
class ConversationHeldElsewhere(_OfConversation):
    """Another app of the account owns the thread on the platform: what we send there may be refused."""

    name = "conversation.held_elsewhere"


@dataclass(frozen=True, slots=True)
class ConversationTakenOver(_OfConversation):
    """The thread on the platform is ours again."""

    name = "conversation.taken_over"


@dataclass(frozen=True, slots=True)
class MessageReceived(_OfMessage):
    """The customer wrote."""

    name = "message.received"
    inbox_id: UUID
    number: int


@dataclass(frozen=True, slots=True)
class MessageEchoed(_OfMessage):
    """Somebody answered in the platform's own inbox."""

    name = "message.echoed"
    inbox_id: UUID
    number: int


@dataclass(frozen=True, slots=True)
class MessageMerged(_OfMessage):
    """What looked like an answer from the platform's own inbox was ours: `twin_id` is gone, one message stands."""

    name = "message.merged"
    twin_id: UUID


@dataclass(frozen=True, slots=True)
class MessageReplied(_OfMessage):
    """We wrote to the customer: the row stands, the platform does not know it yet."""

    name = "message.replied"
    inbox_id: UUID
    number: int
    client_id: UUID | None


@dataclass(frozen=True, slots=True)
class MessageSent(_OfMessage):
    """The platform accepted our message."""

    name = "message.sent"


@dataclass(frozen=True, slots=True)
class MessageDelivered(_OfMessage):
    """Our message reached the customer's device."""

    name = "message.delivered"


@dataclass(frozen=True, slots=True)
class MessageRead(_OfMessage):
    """The customer saw our message."""

    name = "message.read"


@dataclass(frozen=True, slots=True)
class MessageFailed(_OfMessage):
    """Our message did not go out; `error_kind` is a word of channels.base.ErrorKind."""

    name = "message.failed"
    error_kind: str


@dataclass(frozen=True, slots=True)
class MessageUnconfirmed(_OfMessage):
    """Our message may have arrived; a person decides whether to send it again."""

    name = "message.unconfirmed"


@dataclass(frozen=True, slots=True)
class MessageRequeued(_OfMessage):
    """A person asked for another try of a failed or unconfirmed message."""

    name = "message.requeued"


@dataclass(frozen=True, slots=True)
class MessageSkipped(_OfMessage):
    """A person gave a message up, so that those behind it can go."""

    name = "message.skipped"


@dataclass(frozen=True, slots=True)
class MessageEdited(_OfMessage):
    """The customer changed a message."""

    name = "message.edited"


@dataclass(frozen=True, slots=True)
class MessageSenderNamed(_OfMessage):
    """We learned the name of the member of a group who wrote a message."""

    name = "message.sender_named"


@dataclass(frozen=True, slots=True)
class MessageUnsent(_OfMessage):
    """The customer took a message back; its content is gone."""

    name = "message.unsent"


@dataclass(frozen=True, slots=True)
class MessageReacted(_OfMessage):
    """The customer reacted to a message, or took the reaction back."""

    name = "message.reacted"


@dataclass(frozen=True, slots=True)
class FileStored(_OfMessage):
    """A file that came with a message was fetched."""

    name = "file.stored"
    attachment_id: UUID


@dataclass(frozen=True, slots=True)
class FileNotStored(_OfMessage):
    """A file that came with a message could not be fetched; `reason` is a word of files.kinds.REASONS."""

    name = "file.not_stored"
    attachment_id: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class FileRequested(_OfMessage):
    """A person asked for a file to be fetched again."""

    name = "file.requested"
    attachment_id: UUID


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
class InboxWarned(DomainEvent):
    """The platform's word on a connected account became worse: what it refused, or what we ought to know."""

    name = "inbox.warned"
    inbox_id: UUID
    error_kind: str
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InboxTold(DomainEvent):
    """The platform told something of the account itself; `change` is a word of channels.items.AccountChange."""

    name = "inbox.told"
    inbox_id: UUID
    change: str
    details: dict[str, Any]


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
