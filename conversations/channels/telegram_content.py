"""What stands in a Telegram message beside its text: files, stickers, places, people, questions, dice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from conversations.channels import wire
from conversations.channels.items import IncomingAttachment, JsonObject
from conversations.channels.names import full_name

SERVICE = (
    "new_chat_members", "left_chat_member", "new_chat_title", "new_chat_photo", "delete_chat_photo",
    "group_chat_created", "supergroup_chat_created", "channel_chat_created", "message_auto_delete_timer_changed",
    "migrate_to_chat_id", "migrate_from_chat_id", "pinned_message", "forum_topic_created", "forum_topic_closed",
    "forum_topic_reopened", "video_chat_started", "video_chat_ended", "video_chat_scheduled",
    "video_chat_participants_invited", "chat_background_set", "boost_added", "write_access_allowed", "users_shared",
)  # fmt: skip
"""Parts of a message that tell what became of the chat: nobody says them."""

_FILES = {
    "animation": ("video", "video/mp4"),
    "video": ("video", "video/mp4"),
    "video_note": ("video", "video/mp4"),
    "voice": ("audio", "audio/ogg"),
    "audio": ("audio", "audio/mpeg"),
    "document": ("file", ""),
}
"""In this order: an animation is told a second time as a document, for programs that know none."""


def kind(message: JsonObject) -> str:
    """What a message is, in the house's words."""
    if "text" in message:
        return "text"
    if "sticker" in message:
        return "sticker"
    if "location" in message or "venue" in message:
        return "location"
    return "attachment" if attachments(message) else "unsupported"


def attachments(message: JsonObject) -> tuple[IncomingAttachment, ...]:
    """The one thing that a message carries, if any: an album comes as several messages."""
    for name, reader in _READERS.items():
        if name in message:
            found = reader(message)
            return (found,) if found else ()
    for name in _FILES:
        if isinstance(message.get(name), dict):
            return (_file(message, name),)
    return ()


def label_of(message: JsonObject, payload: str) -> str:
    """The words on the button with this payload, below one of our messages; "" where it is not told."""
    rows = wire.mapping(message, "reply_markup").get("inline_keyboard")
    buttons = (
        [button for row in rows if isinstance(row, list) for button in row] if isinstance(rows, list) else []
    )
    for button in buttons:
        if isinstance(button, dict) and button.get("callback_data") == payload:
            return wire.text(button, "text")
    return ""


def _file(message: JsonObject, name: str) -> IncomingAttachment:
    content, (shown_as, mime) = wire.mapping(message, name), _FILES[name]
    details: dict[str, Any] = {"type": name}
    for field in ("duration", "width", "height"):
        number = wire.whole_number(content, field)
        if number is not None:
            details["duration_milliseconds" if field == "duration" else field] = (
                number * 1000 if field == "duration" else number
            )
    title = " – ".join(filter(None, [wire.text(content, "performer"), wire.text(content, "title")]))
    return IncomingAttachment(
        kind=shown_as,
        media_id=wire.identifier(content, "file_id"),
        name=wire.text(content, "file_name") or title,
        mime=wire.text(content, "mime_type") or mime,
        size=wire.whole_number(content, "file_size"),
        details=details,
    )


def _photo(message: JsonObject) -> IncomingAttachment | None:
    """The largest of a picture's sizes."""
    sizes = wire.objects(message, "photo")
    if not sizes:
        return None
    largest = max(
        sizes,
        key=lambda each: (wire.whole_number(each, "width") or 0) * (wire.whole_number(each, "height") or 0),
    )
    return IncomingAttachment(
        kind="image",
        media_id=wire.identifier(largest, "file_id"),
        mime="image/jpeg",
        size=wire.whole_number(largest, "file_size"),
        details={name: wire.whole_number(largest, name) for name in ("width", "height")},
    )


def _sticker(message: JsonObject) -> IncomingAttachment:
    content = wire.mapping(message, "sticker")
    moves = content.get("is_animated") is True or content.get("is_video") is True
    return IncomingAttachment(
        kind="sticker",
        media_id=wire.identifier(content, "file_id"),
        name=wire.text(content, "emoji"),
        size=wire.whole_number(content, "file_size"),
        details={"set": wire.text(content, "set_name"), "moves": moves},
    )


def _place(message: JsonObject) -> IncomingAttachment:
    venue = wire.mapping(message, "venue")
    where = wire.mapping(venue, "location") or wire.mapping(message, "location")
    details = {
        "latitude": wire.decimal(where, "latitude"),
        "longitude": wire.decimal(where, "longitude"),
        "address": wire.text(venue, "address"),
    }
    return IncomingAttachment(kind="location", name=wire.text(venue, "title"), details=details)


def _contact(message: JsonObject) -> IncomingAttachment:
    """Somebody's name and number."""
    content = wire.mapping(message, "contact")
    name = full_name(wire.text(content, "first_name"), wire.text(content, "last_name"))
    number = wire.text(content, "phone_number")
    return IncomingAttachment(
        kind="card",
        name=" ".join(filter(None, [name, number])),
        details={"type": "contact", "phone_number": number},
    )


def _poll(message: JsonObject) -> IncomingAttachment:
    content = wire.mapping(message, "poll")
    options = [wire.text(option, "text") for option in wire.objects(content, "options")]
    return IncomingAttachment(
        kind="card", name=wire.text(content, "question"), details={"type": "poll", "options": options}
    )


def _dice(message: JsonObject) -> IncomingAttachment:
    content = wire.mapping(message, "dice")
    name = " ".join(filter(None, [wire.text(content, "emoji"), wire.text(content, "value")]))
    return IncomingAttachment(kind="card", name=name, details={"type": "dice"})


_READERS: dict[str, Callable[[JsonObject], IncomingAttachment | None]] = {
    "photo": _photo,
    "sticker": _sticker,
    "venue": _place,
    "location": _place,
    "contact": _contact,
    "poll": _poll,
    "dice": _dice,
}
