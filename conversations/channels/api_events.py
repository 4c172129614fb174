"""One event that an integrator's system sends, read into one item.

An event is {"id", "type", "at", "customer": {"id", "name", "language"}, …}: a message, an edit, an unsend, a
reaction, a status of one of our messages, or a subscription. `id` makes a second telling of it harmless.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from conversations.channels import wire
from conversations.channels.errors import DeliveryError, ErrorKind
from conversations.channels.items import (
    AddressChanged,
    AudienceChange,
    DeliveryReport,
    IncomingAttachment,
    IncomingMessage,
    Item,
    JsonObject,
    MessageEdited,
    MessageReaction,
    MessageUnsent,
    UnknownItem,
)

ATTACHMENTS = frozenset({"image", "video", "audio", "file", "sticker", "location", "link", "card"})
MOST_ATTACHMENTS = 20
STATUSES = frozenset({"delivered", "read", "failed"})
_ERRORS = {
    "recipient_gone": ErrorKind.RECIPIENT_GONE,
    "window_closed": ErrorKind.WINDOW_CLOSED,
    "media": ErrorKind.MEDIA,
}
_SUBSCRIPTIONS = frozenset({"followed", "unfollowed", "opted_in", "opted_out"})


@dataclass(frozen=True, slots=True)
class _Event:
    account_id: str
    raw: JsonObject

    @property
    def customer(self) -> dict[str, Any]:
        return wire.mapping(self.raw, "customer")

    @property
    def address(self) -> str:
        return wire.identifier(self.customer, "id")

    @property
    def event_id(self) -> str:
        return wire.identifier(self.raw, "id") or wire.stable_id("event", wire.fingerprint(self.raw))

    def body(self, name: str) -> dict[str, Any]:
        return wire.mapping(self.raw, name)

    def message_id(self) -> str:
        return wire.identifier(self.body("message"), "id")

    def common(self) -> dict[str, Any]:
        return {
            "account_id": self.account_id,
            "event_id": self.event_id,
            "happened_at": wire.moment(self.raw.get("at")),
            "raw": self.raw,
        }


def read(account_id: str, raw: JsonObject) -> Item:
    """The item that an event stands for."""
    event = _Event(account_id, raw)
    name = wire.identifier(raw, "type") or "unknown"
    reader = _READERS.get(name)
    item = reader(event) if reader and event.address else None
    return item or UnknownItem(**event.common(), name=name, address=event.address)


def _message(event: _Event) -> IncomingMessage | None:
    message, words = event.body("message"), wire.text(event.body("message"), "text")
    attachments = _attachments(message)
    tapped = wire.text(message, "postback")
    if not event.message_id() or not (words.strip() or attachments or tapped):
        return None
    return IncomingMessage(
        **event.common(),
        address=event.address,
        external_id=event.message_id(),
        text=words,
        kind=_kind(attachments, is_tap=bool(tapped)),
        attachments=attachments,
        reply_to=wire.identifier(message, "reply_to"),
        thread=wire.identifier(message, "thread"),
        postback=tapped,
        referral=wire.mapping(message, "referral"),
        sender_name=wire.text(event.customer, "name"),
        sender_language=wire.text(event.customer, "language")[:35],
        is_automatic=message.get("automatic") is True,
    )


def _attachments(message: JsonObject) -> tuple[IncomingAttachment, ...]:
    found = [_attachment(each) for each in wire.objects(message, "attachments")[:MOST_ATTACHMENTS]]
    return tuple(filter(None, found))


def _attachment(raw: JsonObject) -> IncomingAttachment | None:
    kind, url = wire.text(raw, "kind"), wire.text(raw, "url")
    details = {
        name: number for name in ("latitude", "longitude") if (number := wire.decimal(raw, name)) is not None
    }
    is_told = url.startswith("https://") or kind == "sticker" or (kind == "location" and len(details) == 2)
    if kind not in ATTACHMENTS or not is_told:
        return None
    return IncomingAttachment(
        kind=kind,
        url=url if url.startswith("https://") else "",
        name=wire.text(raw, "name"),
        mime=wire.text(raw, "mime")[:120],
        size=wire.whole_number(raw, "size"),
        details=details,
    )


def _kind(attachments: tuple[IncomingAttachment, ...], *, is_tap: bool) -> str:
    kinds = {attachment.kind for attachment in attachments}
    if is_tap or not kinds:
        return "postback" if is_tap else "text"
    return kinds.pop() if kinds in ({"sticker"}, {"location"}) else "attachment"


def _edit(event: _Event) -> MessageEdited | None:
    text = wire.text(event.body("message"), "text")
    if not event.message_id() or not text.strip():
        return None
    return MessageEdited(**event.common(), address=event.address, external_id=event.message_id(), text=text)


def _unsend(event: _Event) -> MessageUnsent | None:
    if not event.message_id():
        return None
    return MessageUnsent(**event.common(), address=event.address, external_id=event.message_id())


def _reaction(event: _Event) -> MessageReaction | None:
    if not event.message_id():
        return None
    return MessageReaction(
        **event.common(),
        address=event.address,
        external_id=event.message_id(),
        emoji=wire.text(event.raw, "emoji"),
    )


def _status(event: _Event) -> DeliveryReport | None:
    """How far a message of ours came; named by the id that we gave it, or by the integrator's own."""
    status, message = wire.text(event.raw, "status"), event.body("message")
    ours, theirs = wire.identifier(message, "correlation"), event.message_id()
    if status not in STATUSES or not (ours or theirs):
        return None
    error = wire.mapping(event.raw, "error")
    kind = _ERRORS.get(wire.text(error, "kind"), ErrorKind.BAD_REQUEST)
    failure = DeliveryError(kind, code=wire.text(error, "code")[:60], detail=wire.text(error, "detail")[:500])
    return DeliveryReport(
        **event.common(),
        address=event.address,
        status=status,
        external_ids=(theirs or ours,),
        correlation=ours,
        error=failure if status == "failed" else None,
    )


def _subscription(event: _Event) -> AudienceChange | None:
    change = wire.text(event.raw, "change")
    if change not in _SUBSCRIPTIONS:
        return None
    return AudienceChange(**event.common(), address=event.address, change=change)


def _moved(event: _Event) -> AddressChanged | None:
    new = wire.identifier(event.customer, "new_id")
    if not new or new == event.address:
        return None
    return AddressChanged(**event.common(), address=event.address, new_address=new)


_READERS: dict[str, Callable[[_Event], Item | None]] = {
    "message": _message,
    "edit": _edit,
    "unsend": _unsend,
    "reaction": _reaction,
    "status": _status,
    "subscription": _subscription,
    "customer_moved": _moved,
}
