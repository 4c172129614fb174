"""One event of a LINE webhook, read into one item.

`mode` "standby" means that another module answers this chat and we must not: there is no reply token then, and
the message's details say so. A chat may be one to one, a group or a room; a group is one conversation, so its
address is the group's id, and who spoke stands in the message's details under `sender`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from conversations.channels import wire
from conversations.channels.items import (
    AccountChange,
    AudienceChange,
    IncomingAttachment,
    IncomingMessage,
    Item,
    JsonObject,
    MessageEdited,
    MessageUnsent,
    UnknownItem,
)

GROUP, ROOM = "C", "R"
"""How the ids of groups and rooms begin."""

_MEDIA = frozenset({"image", "video", "audio", "file"})
_CHOSEN_TIME = ("datetime", "date", "time")


@dataclass(frozen=True, slots=True)
class _Event:
    account_id: str
    raw: JsonObject

    @property
    def source(self) -> dict[str, Any]:
        return wire.mapping(self.raw, "source")

    @property
    def group(self) -> str:
        return wire.identifier(self.source, "groupId") or wire.identifier(self.source, "roomId")

    @property
    def address(self) -> str:
        return self.group or self.member

    @property
    def member(self) -> str:
        return wire.identifier(self.source, "userId")

    @property
    def event_id(self) -> str:
        return wire.identifier(self.raw, "webhookEventId") or wire.stable_id("event", self.fingerprint)

    @property
    def fingerprint(self) -> str:
        """The same for a redelivered event, which differs in `deliveryContext` only."""
        plain = {key: value for key, value in self.raw.items() if key != "deliveryContext"}
        return wire.fingerprint(plain)

    @property
    def reply_handle(self) -> str:
        return "" if self.raw.get("mode") == "standby" else wire.text(self.raw, "replyToken")

    @property
    def details(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if self.group and self.member:
            found["sender"] = {"id": self.member}
        if self.raw.get("mode") == "standby":
            found["standby"] = True
        return found

    def body(self, name: str) -> dict[str, Any]:
        return wire.mapping(self.raw, name)

    def common(self) -> dict[str, Any]:
        return {
            "account_id": self.account_id,
            "event_id": self.event_id,
            "happened_at": wire.moment(self.raw.get("timestamp")),
            "raw": self.raw,
        }


def read(account_id: str, raw: JsonObject) -> Item:
    """The item that one element of `events` stands for."""
    event = _Event(account_id, raw)
    name = wire.identifier(raw, "type") or "unknown"
    reader = _READERS.get(name)
    item = reader(event) if reader and (event.address or name in _OF_THE_ACCOUNT) else None
    return item or UnknownItem(**event.common(), name=name, address=event.address)


def _message(event: _Event) -> IncomingMessage | None:
    message = event.body("message")
    external_id = wire.identifier(message, "id")
    if not external_id:
        return None
    shape = wire.text(message, "type")
    attachment = _attachment(shape, message)
    kind = "attachment" if shape in _MEDIA else shape
    common = event.common()
    return IncomingMessage(
        **{**common, "happened_at": _in_order(common["happened_at"], message)},
        address=event.address,
        external_id=external_id,
        text=wire.text(message, "text") if shape == "text" else "",
        kind=kind if kind in {"text", "attachment", "sticker", "location"} else "unsupported",
        attachments=(attachment,) if attachment else (),
        reply_to=wire.identifier(message, "quotedMessageId"),
        reply_handle=event.reply_handle,
        details=event.details,
    )


def _in_order(at: datetime, message: JsonObject) -> datetime:
    """Pictures sent together carry one time and their place in the set, and come in any order: the place
    becomes microseconds, which LINE's times do not have."""
    place = wire.whole_number(wire.mapping(message, "imageSet"), "index") or 0
    return at + timedelta(microseconds=min(place, 999))


def _attachment(shape: str, message: JsonObject) -> IncomingAttachment | None:
    if shape in _MEDIA:
        return _media(shape, message)
    if shape == "sticker":
        return IncomingAttachment(kind="sticker", name=wire.text(message, "text"), details=_sticker(message))
    if shape == "location":
        details = {
            "latitude": wire.decimal(message, "latitude"),
            "longitude": wire.decimal(message, "longitude"),
            "address": wire.text(message, "address"),
        }
        return IncomingAttachment(kind="location", name=wire.text(message, "title"), details=details)
    return None


def _media(shape: str, message: JsonObject) -> IncomingAttachment:
    """A picture, film, sound or file: by address where a third party keeps it, else by id."""
    provider = wire.mapping(message, "contentProvider")
    external = wire.text(provider, "type") == "external"
    duration, image_set = wire.whole_number(message, "duration"), wire.mapping(message, "imageSet")
    details: dict[str, Any] = {}
    if duration is not None:
        details["duration_milliseconds"] = duration
    if image_set:
        details["image_set"] = image_set
    return IncomingAttachment(
        kind=shape,
        url=wire.text(provider, "originalContentUrl") if external else "",
        media_id="" if external else wire.identifier(message, "id"),
        name=wire.text(message, "fileName"),
        size=wire.whole_number(message, "fileSize"),
        details=details,
    )


def _sticker(message: JsonObject) -> dict[str, Any]:
    keywords = message.get("keywords")
    return {
        "package_id": wire.identifier(message, "packageId"),
        "sticker_id": wire.identifier(message, "stickerId"),
        "type": wire.identifier(message, "stickerResourceType"),
        "keywords": [word for word in keywords if isinstance(word, str)]
        if isinstance(keywords, list)
        else [],
    }


def _postback(event: _Event) -> IncomingMessage:
    """A tapped button. What the customer chose in a date picker is shown as the text."""
    postback = event.body("postback")
    params = wire.mapping(postback, "params")
    chosen = [wire.text(params, name) for name in _CHOSEN_TIME]
    return IncomingMessage(
        **event.common(),
        address=event.address,
        external_id=event.event_id,
        text=" ".join(filter(None, chosen)),
        kind="postback",
        postback=wire.text(postback, "data"),
        reply_handle=event.reply_handle,
        details=event.details,
    )


def _edited(event: _Event) -> MessageEdited | None:
    message = event.body("message")
    external_id = wire.identifier(message, "id")
    if not external_id:
        return None
    return MessageEdited(
        **event.common(),
        address=event.address,
        external_id=external_id,
        text=wire.text(message, "text"),
    )


def _unsent(event: _Event) -> MessageUnsent | None:
    external_id = wire.identifier(event.body("unsend"), "messageId")
    if not external_id:
        return None
    return MessageUnsent(**event.common(), address=event.address, external_id=external_id)


def _followed(event: _Event) -> AudienceChange:
    """A customer added the account or unblocked it, or a group took it in."""
    return AudienceChange(
        **event.common(), address=event.address, change="followed", reply_handle=event.reply_handle
    )


def _unfollowed(event: _Event) -> AudienceChange:
    """A customer blocked the account, or a group put it out."""
    return AudienceChange(**event.common(), address=event.address, change="unfollowed")


def _told(event: _Event) -> AccountChange:
    """News that concern the account, or a customer outside of what was said."""
    name = wire.identifier(event.raw, "type")
    details = {key: value for key, value in event.raw.items() if key not in _ENVELOPE}
    return AccountChange(
        **event.common(),
        change=_CHANGES.get(name, "other"),
        address=event.address,
        details={"event": name, **details},
    )


_ENVELOPE = frozenset(
    {"type", "mode", "timestamp", "source", "webhookEventId", "deliveryContext", "replyToken"}
)
_CHANGES = {
    "botSuspended": "disconnected",
    "activated": "thread_control",
    "deactivated": "thread_control",
    "module": "thread_control",
}
_OF_A_CHAT = (
    "memberJoined",
    "memberLeft",
    "accountLink",
    "membership",
    "beacon",
    "videoPlayComplete",
    "delivery",
)
_OF_THE_ACCOUNT = ("module", "activated", "deactivated", "botSuspended", "botResumed")

_READERS: dict[str, Callable[[_Event], Item | None]] = {
    "message": _message,
    "postback": _postback,
    "messageEdited": _edited,
    "unsend": _unsent,
    "follow": _followed,
    "unfollow": _unfollowed,
    "join": _followed,
    "leave": _unfollowed,
    **dict.fromkeys((*_OF_A_CHAT, *_OF_THE_ACCOUNT), _told),
}
