"""What comes with a message on Meta's platforms: files, stickers, places, shared links, stories and cards."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from conversations.channels import wire
from conversations.channels.base import Account, PlatformRequest
from conversations.channels.items import IncomingAttachment, JsonObject

STORY_REPLY = "story_reply"
STORY_MENTION = "story_mention"

_KINDS = {
    "image": "image",
    "video": "video",
    "audio": "audio",
    "file": "file",
    "sticker": "sticker",
    "like_heart": "sticker",
    "location": "location",
    **dict.fromkeys(("fallback", "reel", "ig_reel", "post", "ig_post", "share", STORY_MENTION), "link"),
}
_FILES = frozenset({"image", "video", "audio", "file", "sticker"})
_FILE_HOSTS = (".fbcdn.net", ".fbsbx.com", ".cdninstagram.com")


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
    story = wire.mapping(wire.mapping(message, "reply_to"), "story")
    return (*found, _story(story)) if story else tuple(found)


def kind_of_message(words: str, attachments: tuple[IncomingAttachment, ...]) -> str:
    """What a message is, by its text and its attachments."""
    kinds = {attachment.kind for attachment in attachments}
    if not kinds:
        return "text" if words else "unsupported"
    if kinds in ({"sticker"}, {"location"}):
        return kinds.pop()
    # A text with a link in it comes with a preview of that link; an answer to a story with the story.
    return "text" if words and kinds == {"link"} else "attachment"


def file_request(attachment: IncomingAttachment, account: Account) -> PlatformRequest | None:
    """The call that gives a file. None for links, places and stories, whose media Meta forbids to keep, and for
    addresses that are neither Meta's file servers nor the account's own platform."""
    try:
        parts = urlsplit(attachment.url)
        host = parts.hostname or ""
    except ValueError:
        return None
    is_meta = parts.scheme == "https" and f".{host}".endswith(_FILE_HOSTS)
    is_own = bool(host) and parts.netloc == urlsplit(account.base_url).netloc
    if attachment.kind not in _FILES or not (is_meta or is_own):
        return None
    return PlatformRequest(method="GET", url=attachment.url)


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
    name = wire.text(payload, "title") or wire.text(raw, "title")
    return IncomingAttachment(
        kind=_KINDS.get(shape, "card"),
        url=wire.text(payload, "url") or wire.text(raw, "url"),
        name="❤️" if shape == "like_heart" and not name else name,
        details=details,
    )


def _story(story: JsonObject) -> IncomingAttachment:
    details = {"type": STORY_REPLY, "story_id": wire.identifier(story, "id")}
    return IncomingAttachment(kind="link", url=wire.text(story, "url"), details=details)
