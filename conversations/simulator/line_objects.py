"""LINE's message objects as its API takes them: what is refused, and how the others look on a phone.

Limits: LINE's Messaging API reference ("Message objects", "Flex Message", "Action objects").
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from conversations.channels import wire
from conversations.channels.base import text_length
from conversations.simulator.world import Bubble

TEXT_LIMIT = 5000
SENDER_NAME_LIMIT = 20
LABEL_LIMIT = 20
ALT_TEXT_LIMIT = 400
POSTBACK_LIMIT = 300
ACTION_URL_LIMIT = 1000
URL_LIMIT = 2000
MOST_QUICK_REPLIES = 13
MOST_BUBBLES = 12
BUBBLE_BYTES = 30_000

Object = Mapping[str, Any]


def is_good(message: Object) -> bool:
    """Whether LINE would take the message object."""
    name = wire.text(wire.mapping(message, "sender"), "name")
    if text_length(name, "utf16") > SENDER_NAME_LIMIT or "line" in name.lower():
        return False
    quick = message.get("quickReply")
    items = wire.objects(wire.mapping(message, "quickReply"), "items")
    if quick is not None and not 1 <= len(items) <= MOST_QUICK_REPLIES:
        return False
    check = _CHECKS.get(wire.text(message, "type"))
    return check is not None and check(message) and all(map(_is_action, (_action(item) for item in items)))


def put(bubble: Bubble, message: Object) -> None:
    """Show a message object in a bubble."""
    shape = wire.text(message, "type")
    bubble.text = wire.text(message, "text")
    bubble.sender = wire.text(wire.mapping(message, "sender"), "name")
    if shape in _FILES:
        bubble.kind = shape
        bubble.files.append({"kind": shape, "name": "", "url": wire.text(message, "originalContentUrl")})
    if shape == "flex":
        bubble.cards += [_drawn(each) for each in _bubbles(wire.mapping(message, "contents"))]
    items = wire.objects(wire.mapping(message, "quickReply"), "items")
    bubble.choices += [_choice(_action(item)) for item in items]


# --- what is refused ---------------------------------------------------------------------------------------


def _is_text(message: Object) -> bool:
    return 1 <= text_length(wire.text(message, "text"), "utf16") <= TEXT_LIMIT


def _is_picture(message: Object) -> bool:
    return _is_address(message, "originalContentUrl") and _is_address(message, "previewImageUrl")


def _is_sound(message: Object) -> bool:
    return _is_address(message, "originalContentUrl") and (wire.whole_number(message, "duration") or 0) > 0


def _is_flex(message: Object) -> bool:
    bubbles = _bubbles(wire.mapping(message, "contents"))
    if not 1 <= text_length(wire.text(message, "altText"), "utf16") <= ALT_TEXT_LIMIT:
        return False
    return 1 <= len(bubbles) <= MOST_BUBBLES and all(map(_is_bubble, bubbles))


def _is_bubble(bubble: Object) -> bool:
    if bubble.get("type") != "bubble" or len(json.dumps(bubble)) > BUBBLE_BYTES:
        return False
    return all(map(_is_part, _parts(bubble)))


def _is_part(part: Object) -> bool:
    action = part.get("action")
    is_right = {
        "text": lambda: bool(wire.text(part, "text")),
        "image": lambda: _is_address(part, "url"),
        "button": lambda: action is not None,
    }.get(wire.text(part, "type"), lambda: True)()
    return is_right and (action is None or _is_action(wire.mapping(part, "action")))


def _is_action(action: Object) -> bool:
    if not 1 <= len(wire.text(action, "label")) <= LABEL_LIMIT:
        return False
    if action.get("type") == "uri":
        return _is_address(action, "uri", ACTION_URL_LIMIT)
    return action.get("type") == "postback" and 1 <= len(wire.text(action, "data")) <= POSTBACK_LIMIT


def _is_address(source: Object, name: str, limit: int = URL_LIMIT) -> bool:
    """https, as LINE wants it; or this very machine, where there are no certificates."""
    url = wire.text(source, name)
    parts = urlsplit(url)
    is_here = (parts.hostname or "").rpartition(".")[2] in {"localhost", "1"}
    return len(url) <= limit and (parts.scheme == "https" or (parts.scheme == "http" and is_here))


_CHECKS = {
    "text": _is_text,
    "image": _is_picture,
    "video": _is_picture,
    "audio": _is_sound,
    "flex": _is_flex,
}
_FILES = frozenset({"image", "video", "audio"})


# --- how it looks ------------------------------------------------------------------------------------------


def _bubbles(contents: Object) -> list[dict[str, Any]]:
    return wire.objects(contents, "contents") if contents.get("type") == "carousel" else [dict(contents)]


def _parts(part: Object) -> Iterator[Object]:
    """A component and everything inside it, from top to bottom."""
    if part.get("type") != "bubble":
        yield part
    for name in ("header", "hero", "body", "footer"):
        if isinstance(part.get(name), dict):
            yield from _parts(part[name])
    for inner in wire.objects(part, "contents"):
        yield from _parts(inner)


def _drawn(bubble: Object) -> dict[str, Any]:
    """A flex bubble as a phone of ours shows it."""
    body = wire.objects(wire.mapping(bubble, "body"), "contents")
    words = [wire.text(part, "text") for part in body if part.get("type") == "text"]
    rows = [
        [wire.text(each, "text") for each in wire.objects(part, "contents")]
        for part in body
        if part.get("type") == "box"
    ]
    return {
        "title": next(iter(words), ""),
        "text": "\n".join(words[1:]),
        "picture": wire.text(wire.mapping(bubble, "hero"), "url"),
        "rows": [[row[0], row[1] if len(row) > 1 else ""] for row in rows if row],
        "buttons": [
            _choice(_action(part))
            for part in _parts(wire.mapping(bubble, "footer"))
            if part.get("type") == "button"
        ],
    }


def _action(part: Object) -> dict[str, Any]:
    return wire.mapping(part, "action")


def _choice(action: Object) -> dict[str, str]:
    label = wire.text(action, "label")
    if action.get("type") == "uri":
        return {"label": label, "url": wire.text(action, "uri")}
    return {"label": label, "payload": wire.text(action, "data")}
