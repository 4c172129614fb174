"""Who may see what of a batch. One audience per socket; equal audiences share the prepared text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from conversations.realtime.frames import Batch, as_json
from conversations.realtime.presence import Presence


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """What the hub knows of a conversation without asking again: neither ever changes."""

    inbox_id: UUID
    identity_id: UUID


class Audience(Protocol):
    """What the hub asks of a socket."""

    def text_of(self, batch: Batch) -> str | None:
        """The prepared frame for this socket, or None when nothing in the batch concerns it."""

    def presence_text(
        self, conversation_id: UUID, place: Whereabouts, presence: Presence, now: float
    ) -> str | None:
        """The frame about who is around in a conversation, or None when this socket may not know."""


@dataclass(slots=True)
class DeskAudience:
    """An agent: every event, those of other inboxes than `inbox_ids` (None: all) as bare numbers."""

    inbox_ids: frozenset[UUID] | None

    def text_of(self, batch: Batch) -> str | None:
        return batch.text_for(self.inbox_ids)

    def presence_text(
        self, conversation_id: UUID, place: Whereabouts, presence: Presence, now: float
    ) -> str | None:
        if self.inbox_ids is not None and place.inbox_id not in self.inbox_ids:
            return None
        return as_json(presence.frame(conversation_id, now))


@dataclass(slots=True)
class CustomerAudience:
    """A customer in the website chat: the public side of their own conversations, and nothing else."""

    identity_id: UUID
    _was_typing: bool = False

    def text_of(self, batch: Batch) -> str | None:
        return batch.text_for_customer(self.identity_id)

    def presence_text(
        self, conversation_id: UUID, place: Whereabouts, presence: Presence, now: float
    ) -> str | None:
        if place.identity_id != self.identity_id:
            return None
        typing = presence.agent_is_typing(conversation_id, now)
        if typing == self._was_typing:
            return None
        self._was_typing = typing
        return as_json({"type": "typing", "typing": typing})
