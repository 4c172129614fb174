"""One webhook of an Official Account, read into one item.

`raw` is the object below <xml>; all its values are texts. A message has a MsgId; an event has none, and is known by
who, when and what.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from conversations.channels import wire
from conversations.channels.errors import DeliveryError, ErrorKind
from conversations.channels.items import (
    AccountChange,
    AudienceChange,
    DeliveryReport,
    IncomingAttachment,
    IncomingMessage,
    Item,
    JsonObject,
    UnknownItem,
)

_GIVEN_BACK = {"success": "delivered"}
_BLOCKED = "failed:user block"


@dataclass(frozen=True, slots=True)
class _Told:
    account_id: str
    raw: JsonObject

    @property
    def address(self) -> str:
        return wire.identifier(self.raw, "FromUserName")

    @property
    def kind(self) -> str:
        return wire.text(self.raw, "MsgType").lower()

    @property
    def event(self) -> str:
        return wire.text(self.raw, "Event").lower()

    @property
    def event_id(self) -> str:
        own = wire.identifier(self.raw, "MsgId")
        if own:
            return own
        parts = (self.text("CreateTime"), self.kind, self.event, self.text("EventKey"), self.text("MsgID"))
        return wire.stable_id("event", self.address, *parts)

    def text(self, name: str) -> str:
        return wire.text(self.raw, name)

    def number(self, name: str) -> float | None:
        try:
            return wire.decimal({name: float(self.text(name))}, name)
        except ValueError:
            return None

    def common(self) -> dict[str, Any]:
        return {
            "account_id": self.account_id,
            "event_id": self.event_id,
            "happened_at": wire.moment(self.raw.get("CreateTime")),
            "raw": self.raw,
        }


def read(account_id: str, raw: JsonObject) -> Item:
    """The item that a webhook stands for."""
    told = _Told(account_id, raw)
    if told.kind == "event":
        reader = _EVENTS.get(told.event, _EVENT_FAMILIES.get(told.event.partition("_")[0]))
    else:
        reader = _message if told.kind and wire.identifier(raw, "MsgId") else None
    if reader is None or not told.address:
        return UnknownItem(
            **told.common(), name=(told.event or told.kind or "unknown")[:60], address=told.address
        )
    return reader(told)


def _message(told: _Told) -> IncomingMessage:
    menu_id = wire.text(told.raw, "bizmsgmenuid")  # an entry of a menu that we sent was tapped
    attachment = _ATTACHMENTS[told.kind](told) if told.kind in _ATTACHMENTS else None
    if told.kind == "text":
        kind, text = "postback" if menu_id else "text", told.text("Content")
    elif attachment is not None:
        kind, text = "location" if told.kind == "location" else "attachment", _words_beside(told)
    else:
        kind, text = "unsupported", ""
    return IncomingMessage(
        **told.common(),
        address=told.address,
        external_id=told.event_id,
        text=text,
        kind=kind,
        attachments=(attachment,) if attachment else (),
        postback=menu_id,
    )


def _words_beside(told: _Told) -> str:
    """What WeChat understood of a recording, or what a shared page says of itself."""
    return (
        told.text("Recognition")
        if told.kind == "voice"
        else told.text("Description")
        if told.kind == "link"
        else ""
    )


def _picture(told: _Told) -> IncomingAttachment:
    return IncomingAttachment(kind="image", url=_secure(told.text("PicUrl")), media_id=_media_id(told))


def _voice(told: _Told) -> IncomingAttachment:
    return IncomingAttachment(kind="audio", media_id=_media_id(told), details={"format": told.text("Format")})


def _video(told: _Told) -> IncomingAttachment:
    details = {"thumb_media_id": told.text("ThumbMediaId")}
    return IncomingAttachment(kind="video", media_id=_media_id(told), details=details)


def _location(told: _Told) -> IncomingAttachment:
    details = {"latitude": told.number("Location_X"), "longitude": told.number("Location_Y")}
    return IncomingAttachment(
        kind="location", name=told.text("Label"), details={**details, "scale": told.number("Scale")}
    )


def _link(told: _Told) -> IncomingAttachment:
    return IncomingAttachment(kind="link", url=told.text("Url"), name=told.text("Title"))


def _media_id(told: _Told) -> str:
    return wire.identifier(told.raw, "MediaId")


def _secure(url: str) -> str:
    """WeChat writes http:// before the addresses of pictures, and serves them by https too."""
    return "https://" + url.removeprefix("http://") if url.startswith("http://") else url


def _followed(told: _Told) -> AudienceChange:
    return AudienceChange(**told.common(), address=told.address, change="followed")


def _unfollowed(told: _Told) -> AudienceChange:
    return AudienceChange(**told.common(), address=told.address, change="unfollowed")


def _scanned(told: _Told) -> IncomingMessage:
    """A follower scanned one of our codes."""
    referral = {"source": "scan", "ref": told.text("EventKey"), "ticket": told.text("Ticket")}
    return IncomingMessage(
        **told.common(),
        address=told.address,
        external_id=told.event_id,
        kind="referral",
        referral=referral,
        opens_brief_window=True,
    )


def _tapped(told: _Told) -> IncomingMessage:
    """An entry of the account's menu; one that scans tells what it read."""
    return IncomingMessage(
        **told.common(),
        address=told.address,
        external_id=told.event_id,
        text=wire.text(wire.mapping(told.raw, "ScanCodeInfo"), "ScanResult"),
        kind="postback",
        postback=told.text("EventKey"),
        opens_brief_window=True,
    )


def _template_done(told: _Told) -> DeliveryReport:
    """What became of a template message, by the number that WeChat gave it."""
    outcome = told.text("Status").lower()
    status = _GIVEN_BACK.get(outcome, "failed")
    kind = ErrorKind.RECIPIENT_GONE if outcome == _BLOCKED else ErrorKind.TEMPORARY
    number = wire.identifier(told.raw, "MsgID")
    return DeliveryReport(
        **told.common(),
        address=told.address,
        status=status,
        external_ids=(number,) if number else (),
        error=None if status == "delivered" else DeliveryError(kind, code="template", detail=outcome[:200]),
    )


def _handed_over(told: _Told) -> AccountChange:
    """Somebody took the talk, gave it on or ended it in WeChat's own customer service."""
    names = ("Event", "KfAccount", "FromKfAccount", "ToKfAccount", "CloseType")
    details = {name: told.text(name) for name in names if told.text(name)}
    return AccountChange(**told.common(), change="thread_control", details=details, address=told.address)


_ATTACHMENTS: dict[str, Callable[[_Told], IncomingAttachment]] = {
    "image": _picture,
    "voice": _voice,
    "video": _video,
    "shortvideo": _video,
    "location": _location,
    "link": _link,
}
_EVENTS: dict[str, Callable[[_Told], Item]] = {
    "subscribe": _followed,
    "unsubscribe": _unfollowed,
    "scan": _scanned,
    "click": _tapped,
    "scancode_push": _tapped,
    "scancode_waitmsg": _tapped,
    "templatesendjobfinish": _template_done,
}
_EVENT_FAMILIES: dict[str, Callable[[_Told], Item]] = {"kf": _handed_over}
