"""One webhook of Twilio's messaging, read into items. `raw` is its form.

A text that stops or allows messages is two things: words of the customer, and a change of what we may send. The
second is read from the same form with AUDIENCE set, so that each can be read again by itself.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Any

from conversations.channels import twilio, wire
from conversations.channels.errors import DeliveryError
from conversations.channels.items import (
    UNKNOWN_TIME,
    AudienceChange,
    DeliveryReport,
    IncomingAttachment,
    IncomingMessage,
    Item,
    JsonObject,
    UnknownItem,
)

AUDIENCE = "kontor:audience"
MOST_MEDIA = 20

_ARRIVING = frozenset({"", "received", "receiving"})
_STATUSES = {
    "sent": "sent",
    "partially_delivered": "sent",
    "delivered": "delivered",
    "read": "read",
    "undelivered": "failed",
    "failed": "failed",
    "canceled": "failed",
}
# What Twilio takes for a customer's wish unless the account sets words of its own, which it then tells; and what
# people in Taiwan, Hong Kong, China and Japan write for it, as whole messages, which Twilio hands on as any text.
_WORDS = {
    **dict.fromkeys(
        ("stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"), "opted_out"
    ),
    **dict.fromkeys(("取消訂閱", "退訂", "停止訂閱", "取消订阅", "退订", "停止订阅"), "opted_out"),
    **dict.fromkeys(("配信停止", "停止", "登録解除", "購読解除"), "opted_out"),
    **dict.fromkeys(("start", "yes", "unstop"), "opted_in"),
    **dict.fromkeys(("恢復訂閱", "重新訂閱", "恢复订阅", "重新订阅", "配信再開", "再開"), "opted_in"),
}
_WISHES = {"stop": "opted_out", "start": "opted_in"}
_MEDIA = frozenset({"image", "video", "audio"})


@dataclass(frozen=True, slots=True)
class _Told:
    account_id: str
    raw: JsonObject

    @property
    def sid(self) -> str:
        return wire.identifier(self.raw, "MessageSid") or wire.identifier(self.raw, "SmsSid")

    @property
    def status(self) -> str:
        return (wire.text(self.raw, "MessageStatus") or wire.text(self.raw, "SmsStatus")).lower()

    @property
    def change(self) -> str:
        """What the text changes about what we may send, "" for nothing."""
        told = wire.text(self.raw, "OptOutType").lower()
        if told:
            return _WISHES.get(told, "")
        return _WORDS.get(unicodedata.normalize("NFKC", wire.text(self.raw, "Body")).strip().lower(), "")

    def common(self, event_id: str) -> dict[str, Any]:
        return {
            "account_id": self.account_id,
            "event_id": event_id,
            "happened_at": UNKNOWN_TIME,  # Twilio tells none
            "raw": self.raw,
        }


def read_all(account_id: str, raw: JsonObject) -> list[Item]:
    """The items that a webhook stands for."""
    first = read(account_id, raw)
    if isinstance(first, IncomingMessage) and _Told(account_id, raw).change:
        return [first, read(account_id, {**raw, AUDIENCE: "1"})]
    return [first]


def read(account_id: str, raw: JsonObject) -> Item:
    """The one item that a stored form stands for."""
    told = _Told(account_id, raw)
    customer = wire.identifier(raw, "From" if told.status in _ARRIVING else "To")
    if not told.sid or not customer:
        return UnknownItem(**told.common(""), name=told.status[:60] or "unknown", address=customer)
    if told.status not in _ARRIVING:
        return _status(told, customer)
    return _audience(told, customer) if AUDIENCE in raw else _message(told, customer)


def _message(told: _Told, customer: str) -> IncomingMessage:
    payload = wire.text(told.raw, "ButtonPayload")
    text = wire.text(told.raw, "Body") or wire.text(told.raw, "ButtonText")
    place = _place(told.raw)
    attachments = (*_media(told.raw), *([place] if place else []))
    kind = "attachment" if attachments and not text else "text"
    return IncomingMessage(
        **told.common(told.sid),
        address=customer,
        external_id=told.sid,
        text=text,
        kind="postback" if payload else "location" if place else kind,
        attachments=attachments,
        postback=payload,
        reply_to=wire.identifier(told.raw, "OriginalRepliedMessageSid"),
        sender_name=wire.text(told.raw, "ProfileName")[:200],
    )


def _media(raw: JsonObject) -> list[IncomingAttachment]:
    number = min(wire.whole_number(raw, "NumMedia") or 0, MOST_MEDIA)
    found = [(wire.text(raw, f"MediaUrl{n}"), wire.text(raw, f"MediaContentType{n}")) for n in range(number)]
    return [IncomingAttachment(kind=_kind_of(mime), url=url, mime=mime[:120]) for url, mime in found if url]


def _kind_of(mime: str) -> str:
    family = mime.partition("/")[0].lower()
    return family if family in _MEDIA else "file"


def _place(raw: JsonObject) -> IncomingAttachment | None:
    """Where the customer is, as WhatsApp through Twilio tells it."""
    try:
        latitude, longitude = float(wire.text(raw, "Latitude")), float(wire.text(raw, "Longitude"))
    except ValueError:
        return None
    place = {"latitude": latitude, "longitude": longitude}
    if any(wire.decimal(place, name) is None for name in place):
        return None
    details = {**place, "address": wire.text(raw, "Address")}
    return IncomingAttachment(kind="location", name=wire.text(raw, "Label"), details=details)


def _audience(told: _Told, customer: str) -> AudienceChange:
    return AudienceChange(
        **told.common(wire.stable_id(told.sid, "audience")),
        address=customer,
        change=told.change or "opted_in",
    )


def _status(told: _Told, customer: str) -> Item:
    event_id = wire.stable_id(told.sid, told.status)
    status = _STATUSES.get(told.status)
    if status is None:  # queued, accepted, sending: not yet anything that people want to know
        return UnknownItem(**told.common(event_id), name=told.status[:60], address=customer)
    return DeliveryReport(
        **told.common(event_id),
        address=customer,
        status=status,
        external_ids=(told.sid,),
        error=_error(told) if status == "failed" else None,
    )


def _error(told: _Told) -> DeliveryError:
    code = wire.whole_number(told.raw, "ErrorCode")
    detail = wire.text(told.raw, "ErrorMessage")[:500] or told.status
    return DeliveryError(twilio.kind_of(code), code=str(code or "unknown"), detail=detail)
