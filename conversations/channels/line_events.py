"""One event of a LINE webhook, read into one item.

`mode` stands in `Item.raw`: "standby" means that another module answers this chat and we must not. A chat may
be one to one, a group or a room; in the latter two the thread is the group's id and the address its member's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from conversations.channels import wire
from conversations.channels.items import (
    AudienceChange,
    IncomingAttachment,
    IncomingMessage,
    Item,
    JsonObject,
    MessageEdited,
    MessageUnsent,
    UnknownItem,
)

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
    def thread(self) -> str:
        return wire.identifier(self.source, "groupId") or wire.identifier(self.source, "roomId")

    @property
    def address(self) -> str:
        return wire.identifier(self.source, "userId") or self.thread

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
    item = reader(event) if reader and event.address else None
    return item or UnknownItem(**event.common(), name=name, address=event.address)


def _message(event: _Event) -> IncomingMessage | None:
    message = event.body("message")
    external_id = wire.identifier(message, "id")
    if not external_id:
        return None
    shape = wire.text(message, "type")
    attachment = _attachment(shape, message)
    kind = "attachment" if shape in _MEDIA else shape
    return IncomingMessage(
        **event.common(),
        address=event.address,
        external_id=external_id,
        text=wire.text(message, "text") if shape == "text" else "",
        kind=kind if kind in {"text", "attachment", "sticker", "location"} else "unsupported",
        attachments=(attachment,) if attachment else (),
        reply_to=wire.identifier(message, "quotedMessageId"),
        thread=event.thread,
        reply_handle=event.reply_handle,
    )


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
        thread=event.thread,
        postback=wire.text(postback, "data"),
        reply_handle=event.reply_handle,
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
    return AudienceChange(
        **event.common(), address=event.address, change="followed", reply_handle=event.reply_handle
    )


def _unfollowed(event: _Event) -> AudienceChange:
    return AudienceChange(**event.common(), address=event.address, change="unfollowed")


_READERS: dict[str, Callable[[_Event], Item | None]] = {
    "message": _message,
    "postback": _postback,
    "messageEdited": _edited,
    "unsend": _unsent,
    "follow": _followed,
    "unfollow": _unfollowed,
}
