"""The attachments of a Messenger message: files, stickers, places, shared links and cards."""

from __future__ import annotations

from typing import Any

from conversations.channels import wire
from conversations.channels.items import IncomingAttachment, JsonObject

_KINDS = {
    "image": "image",
    "video": "video",
    "audio": "audio",
    "file": "file",
    "sticker": "sticker",
    "location": "location",
    "fallback": "link",
    "reel": "link",
    "ig_reel": "link",
    "post": "link",
    "ig_post": "link",
    "share": "link",
}


def read(message: JsonObject) -> tuple[IncomingAttachment, ...]:
    """All attachments; a sticker told in its old and its new shape at once counts once."""
    found: list[IncomingAttachment] = []
    stickers: set[str] = set()
    for raw in wire.objects(message, "attachments"):
        attachment = _attachment(raw)
        sticker_id = str(attachment.details.get("sticker_id", ""))
        if not sticker_id or sticker_id not in stickers:
            found.append(attachment)
        stickers.add(sticker_id)
    return tuple(found)


def _attachment(raw: JsonObject) -> IncomingAttachment:
    payload = wire.mapping(raw, "payload")
    sticker_id = wire.identifier(payload, "sticker_id")
    shape = "sticker" if sticker_id else wire.text(raw, "type")
    details: dict[str, Any] = {"type": wire.text(raw, "type")}
    if sticker_id:
        details["sticker_id"] = sticker_id
    coordinates = wire.mapping(payload, "coordinates")
    if coordinates:
        details["latitude"] = wire.decimal(coordinates, "lat")
        details["longitude"] = wire.decimal(coordinates, "long")
    cards = wire.objects(payload, "elements") or wire.objects(wire.mapping(payload, "product"), "elements")
    if cards:
        details["elements"] = cards
    return IncomingAttachment(
        kind=_KINDS.get(shape, "card"),
        url=wire.text(payload, "url") or wire.text(raw, "url"),
        name=wire.text(payload, "title") or wire.text(raw, "title"),
        details=details,
    )


def kind_of_message(words: str, attachments: tuple[IncomingAttachment, ...]) -> str:
    """What a message is, by its text and its attachments."""
    kinds = {attachment.kind for attachment in attachments}
    if not kinds:
        return "text" if words else "unsupported"
    if kinds in ({"sticker"}, {"location"}):
        return kinds.pop()
    # A text with a link in it comes with a preview of that link.
    return "text" if words and kinds == {"link"} else "attachment"
