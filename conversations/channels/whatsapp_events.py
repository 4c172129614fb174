"""One element of a WhatsApp webhook, read into one item.

An element's `raw` says by its key what it is: {"message": …, "contact": …}, {"status": …}, {"echo": …},
{"error": …}, or {"field": …, "value": …} for what concerns the account. The contact is what the same change told
of the writer.

A customer is named by a phone number, by a business-scoped user id (BSUID, "TW.4471188220033661"), or by both.
The number is the address where there is one, since it also stands in older events; the BSUID is then an alias.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from conversations.channels import whatsapp_content, whatsapp_errors, whatsapp_news, wire
from conversations.channels.items import (
    AccountChange,
    AddressChanged,
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

_STATUSES = {"sent": "sent", "delivered": "delivered", "read": "read", "played": "read", "failed": "failed"}
_SILENT = frozenset({"request_welcome"})  # the chat was opened: nothing was said


@dataclass(frozen=True, slots=True)
class _Element:
    account_id: str
    raw: JsonObject
    body: JsonObject  # the part of `raw` that its key names

    @property
    def contact(self) -> dict[str, Any]:
        return wire.mapping(self.raw, "contact")

    @property
    def phone(self) -> str:
        return wire.identifier(self.body, "from") or wire.identifier(self.contact, "wa_id")

    @property
    def user_id(self) -> str:
        return wire.identifier(self.body, "from_user_id") or wire.identifier(self.contact, "user_id")

    @property
    def address(self) -> str:
        return self.phone or self.user_id

    @property
    def aliases(self) -> tuple[str, ...]:
        return (self.user_id,) if self.phone and self.user_id else ()

    @property
    def external_id(self) -> str:
        return wire.identifier(self.body, "id")

    def common(self, event_id: str) -> dict[str, Any]:
        return {
            "account_id": self.account_id,
            "event_id": event_id,
            "happened_at": wire.moment(self.body.get("timestamp")),
            "raw": self.raw,
        }


def read(account_id: str, raw: JsonObject) -> Item:
    """The item that an element stands for."""
    for name, reader in _READERS.items():
        if isinstance(raw.get(name), dict):
            element = _Element(account_id, raw, wire.mapping(raw, name))
            return (reader(element) if account_id else None) or _unknown(element, name)
    if "error" in raw or "field" in raw:
        return whatsapp_news.read(account_id, raw)
    return _unknown(_Element(account_id, raw, {}), "unknown")


def _unknown(element: _Element, name: str) -> UnknownItem:
    event_id = wire.stable_id(name, element.external_id or wire.fingerprint(element.raw))
    shape = wire.identifier(element.body, "type")
    return UnknownItem(**element.common(event_id), name=shape or name, address=element.address)


# --- what customers do -------------------------------------------------------------------------------------


def _message(element: _Element) -> Item | None:
    if not element.address:
        return None
    shape = wire.text(element.body, "type")
    reader = _ACTS.get(shape)
    if reader is not None:
        return reader(element)
    if not shape or shape in _SILENT:
        return None
    content = whatsapp_content.read(element.body)
    external_id = element.external_id or wire.stable_id("message", wire.fingerprint(element.raw))
    context = wire.mapping(element.body, "context")
    return IncomingMessage(
        **element.common(external_id),
        address=element.address,
        aliases=element.aliases,
        external_id=external_id,
        text=content.text,
        kind=content.kind,
        attachments=content.attachments,
        reply_to=wire.identifier(context, "id"),
        thread=wire.identifier(element.body, "group_id"),
        postback=content.postback,
        referral=wire.mapping(element.body, "referral"),
        sender_name=wire.text(wire.mapping(element.contact, "profile"), "name"),
        sender_username=wire.text(wire.mapping(element.contact, "profile"), "username"),
        details={**content.details, **_marks(context)},
    )


def _marks(context: JsonObject) -> dict[str, Any]:
    """Whether it was passed on from another chat, and the product that it asks about."""
    marks: dict[str, Any] = {}
    if context.get("forwarded") is True or context.get("frequently_forwarded") is True:
        marks["forwarded"] = True
    if product := wire.mapping(context, "referred_product"):
        marks["product"] = product
    return marks


def _reaction(element: _Element) -> MessageReaction | None:
    reaction = wire.mapping(element.body, "reaction")
    target = wire.identifier(reaction, "message_id")
    if not target:
        return None
    event_id = element.external_id or wire.stable_id("reaction", wire.fingerprint(element.raw))
    return MessageReaction(
        **element.common(event_id),
        address=element.address,
        external_id=target,
        emoji=wire.text(reaction, "emoji"),
    )


def _edit(element: _Element) -> MessageEdited | None:
    edit = wire.mapping(element.body, "edit")
    target = wire.identifier(edit, "original_message_id")
    if not target:
        return None
    event_id = element.external_id or wire.stable_id("edit", wire.fingerprint(element.raw))
    return MessageEdited(
        **element.common(event_id),
        address=element.address,
        external_id=target,
        text=whatsapp_content.read(wire.mapping(edit, "message")).text,
    )


def _revoke(element: _Element) -> MessageUnsent | None:
    target = wire.identifier(wire.mapping(element.body, "revoke"), "original_message_id")
    if not target:
        return None
    event_id = wire.stable_id("revoke", target)
    return MessageUnsent(**element.common(event_id), address=element.address, external_id=target)


def _system(element: _Element) -> Item | None:
    """The customer's number changed, or the phone behind it did."""
    system = wire.mapping(element.body, "system")
    event_id = element.external_id or wire.stable_id("system", wire.fingerprint(element.raw))
    shape = wire.text(system, "type")
    number, user_id = wire.identifier(system, "wa_id"), wire.identifier(system, "user_id")
    moves = {
        "user_changed_number": (element.address, number or user_id),
        "user_changed_user_id": (wire.identifier(element.body, "from_user_id"), user_id),
    }
    old, new = moves.get(shape, ("", ""))
    if old and new and old != new:
        return AddressChanged(**element.common(event_id), address=old, new_address=new)
    if shape == "customer_identity_changed":
        return AccountChange(
            **element.common(event_id), change="other", details={"event": shape}, address=element.address
        )
    return None


_ACTS: dict[str, Callable[[_Element], Item | None]] = {
    "reaction": _reaction,
    "edit": _edit,
    "revoke": _revoke,
    "system": _system,
}


# --- what became of ours -----------------------------------------------------------------------------------


def _status(element: _Element) -> DeliveryReport | None:
    """How far one message came. Its callback data is our own message's id: it also tells of a send whose answer
    got lost on the way."""
    status = _STATUSES.get(wire.text(element.body, "status"))
    names = ("recipient_id", "recipient_user_id", "recipient_participant_id", "recipient_participant_user_id")
    found = (wire.identifier(element.body, name) for name in names)
    address = next(filter(None, found), "")
    if status is None or not address or not element.external_id:
        return None
    errors = wire.objects(element.body, "errors")
    return DeliveryReport(
        **element.common(wire.stable_id(status, element.external_id)),
        address=address,
        status=status,
        external_ids=(element.external_id,),
        correlation=wire.text(element.body, "biz_opaque_callback_data"),
        error=whatsapp_errors.of_report(errors[0] if errors else {}) if status == "failed" else None,
    )


def _echo(element: _Element) -> MessageEcho | None:
    """The owner wrote from the WhatsApp Business app, which shares the number. What the owner does to such a
    message afterwards is not followed."""
    address = wire.identifier(element.body, "to") or wire.identifier(element.body, "to_user_id")
    if not address or not element.external_id or wire.text(element.body, "type") in _ACTS:
        return None
    content = whatsapp_content.read(element.body)
    return MessageEcho(
        **element.common(element.external_id),
        address=address,
        external_id=element.external_id,
        text=content.text,
        kind=content.kind,
        attachments=content.attachments,
    )


_READERS: dict[str, Callable[[_Element], Item | None]] = {
    "message": _message,
    "status": _status,
    "echo": _echo,
}
