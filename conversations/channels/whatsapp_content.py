"""What stands inside a WhatsApp message that came in: its words, its files, what was tapped.

Meta puts the content under the key that `type` names. Nothing here knows who wrote it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from conversations.channels import wire
from conversations.channels.items import IncomingAttachment, JsonObject

MEDIA = frozenset({"image", "video", "audio", "document", "sticker"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """One message's content in our words. kind: as in IncomingMessage."""

    kind: str = "text"
    text: str = ""
    attachments: tuple[IncomingAttachment, ...] = ()
    postback: str = ""
    details: JsonObject = field(default_factory=dict)


def read(message: JsonObject) -> Content:
    """The content of a message; of a kind that we do not know: an unsupported one."""
    shape = wire.text(message, "type")
    if shape in MEDIA:
        return _media(shape, wire.mapping(message, shape))
    reader = _READERS.get(shape)
    return reader(message) if reader else Content(kind="unsupported")


def _text(message: JsonObject) -> Content:
    return Content(text=wire.text(wire.mapping(message, "text"), "body"))


def _media(shape: str, media: JsonObject) -> Content:
    details: dict[str, Any] = {
        name: media[name] for name in ("voice", "animated") if isinstance(media.get(name), bool)
    }
    if digest := wire.text(media, "sha256")[:100]:
        details["sha256"] = digest
    attachment = IncomingAttachment(
        kind="file" if shape == "document" else shape,
        media_id=wire.identifier(media, "id"),
        name=wire.text(media, "filename"),
        mime=wire.text(media, "mime_type").partition(";")[0].strip()[:120],
        details=details,
    )
    return Content(
        kind="sticker" if shape == "sticker" else "attachment",
        text=wire.text(media, "caption"),
        attachments=(attachment,),
    )


def _location(message: JsonObject) -> Content:
    place = wire.mapping(message, "location")
    details = {
        "latitude": wire.decimal(place, "latitude"),
        "longitude": wire.decimal(place, "longitude"),
        "address": wire.text(place, "address"),
    }
    found = IncomingAttachment(
        kind="location", name=wire.text(place, "name"), url=wire.text(place, "url"), details=details
    )
    return Content(kind="location", attachments=(found,))


def _contacts(message: JsonObject) -> Content:
    cards = tuple(
        IncomingAttachment(kind="card", name=_name_of(each), details={"type": "contact", "contact": each})
        for each in wire.objects(message, "contacts")
    )
    return Content(kind="attachment" if cards else "unsupported", attachments=cards)


def _name_of(contact: JsonObject) -> str:
    name = wire.mapping(contact, "name")
    parts = [wire.text(name, "first_name"), wire.text(name, "last_name")]
    phones = [wire.text(each, "phone") for each in wire.objects(contact, "phones")]
    return wire.text(name, "formatted_name") or " ".join(filter(None, parts)) or next(iter(phones), "")


def _button(message: JsonObject) -> Content:
    """A tap on a template's quick reply."""
    tapped = wire.mapping(message, "button")
    return Content(kind="postback", text=wire.text(tapped, "text"), postback=wire.text(tapped, "payload"))


def _interactive(message: JsonObject) -> Content:
    """A tap on a reply button or a row of a list, or a filled-in form."""
    answer = wire.mapping(message, "interactive")
    for name in ("button_reply", "list_reply"):
        tapped = wire.mapping(answer, name)
        if tapped:
            details = {"description": words} if (words := wire.text(tapped, "description")) else {}
            return Content(
                kind="postback",
                text=wire.text(tapped, "title"),
                postback=wire.text(tapped, "id"),
                details=details,
            )
    form = wire.mapping(answer, "nfm_reply")
    if form:
        filled = {"form": wire.text(form, "name"), "filled_in": wire.text(form, "response_json")}
        return Content(kind="postback", text=wire.text(form, "body"), details=filled)
    return Content(kind="unsupported")


def _order(message: JsonObject) -> Content:
    order = wire.mapping(message, "order")
    lines = [
        {
            "product": wire.text(each, "product_retailer_id"),
            "quantity": wire.whole_number(each, "quantity"),
            "price": wire.decimal(each, "item_price"),
            "currency": wire.text(each, "currency")[:3],
        }
        for each in wire.objects(order, "product_items")
    ]
    details = {"type": "order", "catalog": wire.text(order, "catalog_id"), "lines": lines}
    card = IncomingAttachment(kind="card", details=details)
    return Content(kind="attachment", text=wire.text(order, "text"), attachments=(card,))


def _unsupported(message: JsonObject) -> Content:
    reasons = [wire.text(error, "title") for error in wire.objects(message, "errors")]
    shape = wire.text(wire.mapping(message, "unsupported"), "type")
    return Content(kind="unsupported", details={"unsupported": " · ".join(filter(None, [shape, *reasons]))})


_READERS: dict[str, Callable[[JsonObject], Content]] = {
    "text": _text,
    "location": _location,
    "contacts": _contacts,
    "button": _button,
    "interactive": _interactive,
    "order": _order,
    "unsupported": _unsupported,
}
