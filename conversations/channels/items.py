"""What platforms tell us, in the same words for every kind of channel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from conversations.channels.errors import DeliveryError

JsonObject = Mapping[str, Any]

UNKNOWN_TIME = datetime(2100, 1, 1, tzinfo=UTC)
"""Stands for a time that the platform did not give, or gave as nonsense. It lies in the future, where
readers of `Item.happened_at` fall back on the arrival anyway: `min(item.happened_at, received_at)`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingAttachment:
    """One file, sticker, place or link of a message, as the platform names it. The URL is untrusted."""

    kind: str  # image | video | audio | file | sticker | location | link | card
    url: str = ""
    media_id: str = ""
    name: str = ""
    mime: str = ""
    size: int | None = None
    details: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing that a platform told us.

    account_id: the receiving account (page, destination, site), by which the tenant is found; "" where the
    platform does not say: then it is the only account of the application whose address was called.
    event_id: the platform's own id of this event, "" where it gives none.
    happened_at: platform time, aware UTC; UNKNOWN_TIME where the platform gave none.
    raw: the platform's element, kept for replay and dispute.
    """

    account_id: str
    event_id: str
    happened_at: datetime
    raw: JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingMessage(Item):
    """A customer wrote. `address` is the customer's id inside the account's scope."""

    address: str
    external_id: str
    text: str = ""
    kind: str = "text"  # text | attachment | sticker | location | postback | referral | unsupported
    attachments: tuple[IncomingAttachment, ...] = ()
    reply_to: str = ""
    thread: str = ""  # group or room id; "" for a one-to-one chat
    postback: str = ""
    referral: JsonObject = field(default_factory=dict)
    reply_handle: str = ""  # LINE: the reply token
    sender_name: str = ""
    sender_language: str = ""
    sender_username: str = ""
    aliases: tuple[str, ...] = ()  # other addresses of the same customer that this very event vouches for
    details: JsonObject = field(default_factory=dict)  # what only this kind knows: subject, parts, order
    answers: tuple[str, ...] = ()  # e-mail: external ids of the messages that it may answer, newest first
    is_automatic: bool = False  # written by a machine (out of office, list): never answered by one of ours
    opens_brief_window: bool = False  # no message of theirs: opens `Capabilities.brief_window` only

    @property
    def is_standby(self) -> bool:
        """Whether another app of the account owns the thread now."""
        return bool(self.details.get("standby"))


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressChanged(Item):
    """The customer's address became another one: the same person."""

    address: str
    new_address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentChanged(Item):
    """Somebody wrote, changed, hid or took back a public comment. address: its author; `change` "added" also
    stands for our own ones (`by_account`)."""

    address: str
    change: str  # added | edited | removed | hidden | unhidden
    comment_id: str
    post_id: str
    parent_id: str = ""  # the comment that is answered; "" directly below the post
    text: str = ""
    sender_name: str = ""
    by_account: bool = False
    is_mention: bool = False
    attachments: tuple[IncomingAttachment, ...] = ()
    post: JsonObject = field(default_factory=dict)  # text, picture_url, url of the post where the event tells


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountChange(Item):
    """News of the account itself: a template was approved, the quality changed, a permission was lost."""

    change: str  # template | quality | disconnected | thread_control | other
    details: JsonObject = field(default_factory=dict)
    address: str = ""  # of the customer, where it concerns one


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageEcho(Item):
    """Something was sent as the account: by us (correlation set), or by somebody in the platform's inbox."""

    address: str
    external_id: str
    text: str = ""
    kind: str = "text"
    attachments: tuple[IncomingAttachment, ...] = ()
    correlation: str = ""
    is_standby: bool = False  # another app of the account owns the thread now


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageEdited(Item):
    """The customer changed a message."""

    address: str
    external_id: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageUnsent(Item):
    """The customer took a message back: its content must go, a tombstone stays."""

    address: str
    external_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageReaction(Item):
    """The customer reacted to a message; an empty emoji takes the reaction back."""

    address: str
    external_id: str
    emoji: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryReport(Item):
    """How far our messages came: by their ids, or all sent up to `watermark`. correlation: our own id of the one
    message it speaks of, where the platform carries it."""

    address: str
    status: str  # sent | delivered | read | failed
    external_ids: tuple[str, ...] = ()
    correlation: str = ""
    watermark: datetime | None = None
    error: DeliveryError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AudienceChange(Item):
    """The customer followed, blocked, opted in or out.

    about: the platform's id of the message of ours that they complain of, where anybody could tell such a thing: it
    counts only when that message went to them.
    """

    address: str
    change: str  # followed | unfollowed | opted_in | opted_out
    about: str = ""
    reply_handle: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownItem(Item):
    """An element of a kind we do not read yet: stored, never an error. `address` is "" where none is told."""

    name: str
    address: str = ""
