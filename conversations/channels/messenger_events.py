"""One element of a Messenger webhook, read into one item.

The element says what it is by the key it carries. For what a customer does, sender is the customer and
recipient the page; for echoes it is the other way round. An element that does not fit the page it was
delivered for becomes an UnknownItem of that page, so that no entry can speak for another account.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from conversations.channels import messenger_attachments, wire
from conversations.channels.items import (
    UNKNOWN_TIME,
    AudienceChange,
    DeliveryReport,
    IncomingMessage,
    Item,
    JsonObject,
    MessageEcho,
    MessageEdited,
    MessageReaction,
    MessageUnsent,
    UnknownItem,
)

STANDBY = "standby"
"""Set to True in `Item.raw` when another app owns the thread: do not answer by machine, warn the agent."""

_EMOJIS = {
    "smile": "😆",
    "angry": "😠",
    "sad": "😢",
    "wow": "😮",
    "love": "❤️",
    "like": "👍",
    "dislike": "👎",
    "other": "❓",
}
_ENVELOPE = frozenset({"sender", "recipient", "timestamp", "id", "time", "value", STANDBY})


@dataclass(frozen=True, slots=True)
class _Element:
    account_id: str
    raw: JsonObject

    @property
    def sender(self) -> str:
        return wire.identifier(wire.mapping(self.raw, "sender"), "id")

    @property
    def recipient(self) -> str:
        return wire.identifier(wire.mapping(self.raw, "recipient"), "id")

    @property
    def from_customer(self) -> bool:
        return self.recipient == self.account_id and self.sender not in {"", self.account_id}

    @property
    def from_account(self) -> bool:
        return self.sender == self.account_id and self.recipient not in {"", self.account_id}

    @property
    def customer(self) -> str:
        if self.from_customer:
            return self.sender
        return self.recipient if self.from_account else ""

    @property
    def happened_at(self) -> datetime:
        return wire.moment(self.raw.get("timestamp"))

    def body(self, name: str) -> dict[str, Any]:
        return wire.mapping(self.raw, name)

    def made_id(self, name: str) -> str:
        """A stable id for an element that carries none; the same in `messaging` and in `standby`."""
        plain = {key: value for key, value in self.raw.items() if key != STANDBY}
        return wire.stable_id(name, wire.fingerprint(plain))

    def common(self, event_id: str) -> dict[str, Any]:
        return {
            "account_id": self.account_id,
            "event_id": event_id,
            "happened_at": self.happened_at,
            "raw": self.raw,
        }


def read(account_id: str, raw: JsonObject) -> Item:
    """The item that one element of `messaging`, `standby` or `changes` stands for."""
    element = _Element(account_id, raw)
    for name, reader in _READERS.items():
        if isinstance(raw.get(name), dict):
            return reader(element) or _unknown(element, name)
    if "field" in raw:
        return _change(element)
    return _unknown(
        element, next((wire.bounded_id(name) for name in raw if name not in _ENVELOPE), "unknown")
    )


def _unknown(element: _Element, name: str) -> UnknownItem:
    return UnknownItem(**element.common(element.made_id(name)), name=name, address=element.customer)


def _change(element: _Element) -> UnknownItem:
    name = wire.identifier(element.raw, "field") or "change"
    return UnknownItem(
        account_id=element.account_id,
        event_id=element.made_id(name),
        happened_at=wire.moment(element.body("value").get("created_time")),
        raw=element.raw,
        name=name,
    )


# --- messages ----------------------------------------------------------------------------------------------


def _message(element: _Element) -> Item | None:
    message = element.body("message")
    if message.get("is_echo") is True:
        return _echo(element, message)
    if not element.from_customer:
        return None
    given_id = wire.identifier(message, "mid")
    if message.get("is_deleted") is True:
        return _unsent(element, given_id)
    external_id = given_id or element.made_id("message")
    words, attachments = wire.text(message, "text"), messenger_attachments.read(message)
    unsupported = message.get("is_unsupported") is True
    return IncomingMessage(
        **element.common(external_id),
        address=element.sender,
        external_id=external_id,
        text=words,
        kind="unsupported" if unsupported else messenger_attachments.kind_of_message(words, attachments),
        attachments=attachments,
        reply_to=wire.identifier(wire.mapping(message, "reply_to"), "mid"),
        postback=wire.text(wire.mapping(message, "quick_reply"), "payload"),
        referral=wire.mapping(message, "referral"),
    )


def _unsent(element: _Element, external_id: str) -> MessageUnsent | None:
    if not external_id:
        return None
    event_id = wire.stable_id("unsend", external_id)
    return MessageUnsent(**element.common(event_id), address=element.sender, external_id=external_id)


def _echo(element: _Element, message: JsonObject) -> MessageEcho | None:
    external_id = wire.identifier(message, "mid")
    if not element.from_account or not external_id or message.get("is_deleted") is True:
        return None
    words, attachments = wire.text(message, "text"), messenger_attachments.read(message)
    return MessageEcho(
        **element.common(external_id),
        address=element.recipient,
        external_id=external_id,
        text=words,
        kind=messenger_attachments.kind_of_message(words, attachments),
        attachments=attachments,
        correlation=wire.text(message, "metadata"),
    )


# --- everything else a customer does -----------------------------------------------------------------------


def _postback(element: _Element) -> IncomingMessage | None:
    if not element.from_customer:
        return None
    postback = element.body("postback")
    external_id = wire.identifier(postback, "mid") or element.made_id("postback")
    return IncomingMessage(
        **element.common(external_id),
        address=element.sender,
        external_id=external_id,
        text=wire.text(postback, "title"),
        kind="postback",
        postback=wire.text(postback, "payload"),
        referral=wire.mapping(postback, "referral"),
    )


def _referral(element: _Element) -> IncomingMessage | None:
    if not element.from_customer:
        return None
    event_id = element.made_id("referral")
    return IncomingMessage(
        **element.common(event_id),
        address=element.sender,
        external_id=event_id,
        kind="referral",
        referral=element.body("referral"),
    )


def _edit(element: _Element) -> MessageEdited | None:
    edit = element.body("message_edit")
    external_id = wire.identifier(edit, "mid")
    if not element.from_customer or not external_id:
        return None
    number, timestamp = wire.text(edit, "num_edit"), wire.text(element.raw, "timestamp")
    return MessageEdited(
        **element.common(wire.stable_id("edit", external_id, number, timestamp)),
        address=element.sender,
        external_id=external_id,
        text=wire.text(edit, "text"),
    )


def _reaction(element: _Element) -> MessageReaction | None:
    reaction = element.body("reaction")
    external_id, action = wire.identifier(reaction, "mid"), wire.text(reaction, "action")
    if not element.from_customer or not external_id or action not in {"react", "unreact"}:
        return None
    timestamp = wire.text(element.raw, "timestamp")
    emoji = wire.text(reaction, "emoji") or _EMOJIS.get(wire.text(reaction, "reaction"), _EMOJIS["other"])
    return MessageReaction(
        **element.common(wire.stable_id("reaction", external_id, element.sender, action, timestamp)),
        address=element.sender,
        external_id=external_id,
        emoji=emoji if action == "react" else "",
    )


def _delivery(element: _Element) -> DeliveryReport | None:
    return _report(element, "delivery", "delivered")


def _read(element: _Element) -> DeliveryReport | None:
    return _report(element, "read", "read")


def _report(element: _Element, name: str, status: str) -> DeliveryReport | None:
    """Reports carry no id of their own: telling one twice changes nothing."""
    if not element.from_customer:
        return None
    body = element.body(name)
    watermark = wire.moment(body.get("watermark"))
    mids = body.get("mids")
    numbered = {str(index): mid for index, mid in enumerate(mids)} if isinstance(mids, list) else {}
    external_ids = tuple(filter(None, (wire.identifier(numbered, index) for index in numbered)))
    known = watermark if watermark < UNKNOWN_TIME else None
    if known is None and not external_ids:
        return None
    return DeliveryReport(
        account_id=element.account_id,
        event_id="",
        happened_at=wire.moment(element.raw.get("timestamp"), body.get("watermark")),
        raw=element.raw,
        address=element.sender,
        status=status,
        external_ids=external_ids,
        watermark=known,
    )


def _optin(element: _Element) -> AudienceChange | None:
    stopped = wire.text(element.body("optin"), "notification_messages_status") == "STOP_NOTIFICATIONS"
    return _audience(element, "optin", "opted_out" if stopped else "opted_in")


def _optout(element: _Element) -> AudienceChange | None:
    return _audience(element, "optout", "opted_out")


def _audience(element: _Element, name: str, change: str) -> AudienceChange | None:
    if not element.from_customer:
        return None
    return AudienceChange(**element.common(element.made_id(name)), address=element.sender, change=change)


_READERS: dict[str, Callable[[_Element], Item | None]] = {
    "message": _message,
    "postback": _postback,
    "reaction": _reaction,
    "read": _read,
    "delivery": _delivery,
    "message_edit": _edit,
    "referral": _referral,
    "optin": _optin,
    "optout": _optout,
}
