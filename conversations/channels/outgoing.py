"""What a message of ours may hold beside its text: files, quick replies, a template of the platform, cards.

One `OutgoingMessage` is one call of a platform: what a platform cannot put into one message is written as
several messages, each with its own state.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from conversations.channels.cards import Card

PUBLIC, PRIVATE = "comment:", "private:"
"""How `OutgoingMessage.to` begins; the platform's id of the comment that is answered follows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingFile:
    """One stored file. url: a signed address that the platform may fetch for a while; read: its bytes."""

    kind: str  # image | video | audio | file
    name: str
    mime: str
    size: int  # bytes
    url: str
    read: Callable[[], bytes] = field(repr=False, compare=False)
    preview_url: str = ""  # a small picture, where we have one
    seconds: float | None = None  # length of audio and video, where known


@dataclass(frozen=True, slots=True)
class QuickReply:
    """An answer that the customer may tap. payload: what comes back."""

    label: str
    payload: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A text that the platform has approved before, with the values of its gaps.

    parts: "header" | "body" | "button:<index>" -> the values in order, or "body:<name>" -> the one value of a gap
    that has a name; a header's file stands in `OutgoingMessage.files`. is_marketing: the platform counts it as
    advertising, which takes the customer's consent.
    """

    name: str
    language: str
    parts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    is_marketing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingMessage:
    """One message for the platform.

    correlation: our message id; comes back in echoes where the platform carries it.
    retry_key: a UUID that is the same on every try of this message.
    tried_at: when this try began, for what is signed with its time.
    reply_handle: a reply token that was still usable when the attempt began, else "".
    outside_window: the free reply window is closed and a person chose to send all the same.
    reply_to: the platform's id of the message that is answered, "" for none.
    subject, references: of e-mail; references are the Message-IDs of the thread, oldest first.
    reply_address: of e-mail: where the customer's answer goes, signed for this conversation.
    cc, bcc: of e-mail: who else gets it; bcc in secret.
    to: where a public or private answer to a comment goes: "comment:<id>", "private:<comment id>", else "".
    """

    address: str
    text: str
    correlation: str
    retry_key: str
    reply_handle: str = ""
    outside_window: bool = False
    sender_name: str = ""
    files: tuple[OutgoingFile, ...] = ()
    cards: tuple[Card, ...] = ()
    quick_replies: tuple[QuickReply, ...] = ()
    template: Template | None = None
    reply_to: str = ""
    subject: str = ""
    references: tuple[str, ...] = ()
    reply_address: str = ""
    cc: tuple[str, ...] = ()
    bcc: tuple[str, ...] = ()
    to: str = ""
    tried_at: datetime | None = None
