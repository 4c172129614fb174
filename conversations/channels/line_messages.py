"""Our messages as LINE's message objects: text, files, flex cards, quick replies.

Limits and shapes: LINE's Messaging API reference ("Message objects", "Flex Message") and line/line-openapi.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any

from conversations.channels import cards
from conversations.channels.base import text_length
from conversations.channels.cards import Button, Card, CardLine
from conversations.channels.errors import DeliveryError, ErrorKind
from conversations.channels.outgoing import OutgoingFile, OutgoingMessage, QuickReply

MOST_MESSAGES = 5
MOST_QUICK_REPLIES = 13
MOST_CARDS = 10
TEXT_LIMIT = 5000

_ALT_TEXT_LIMIT = 400
_SENDER_NAME_LIMIT = 20
_LABEL_LIMIT = 20
_URL_LIMIT = 2000
_POSTBACK_LIMIT = 300
_BUBBLE_BYTES = 30_000
_CAROUSEL_BYTES = 50_000
_PREVIEW_BYTES = 1_000_000
_QUIET = "#8c8c8c"

Object = dict[str, Any]


def objects(message: OutgoingMessage) -> list[Object]:
    """The message objects of one call, at most MOST_MESSAGES. Raises DeliveryError for what LINE would refuse."""
    found = [_text(message.text)] if message.text.strip() else []
    if message.cards:
        found.append(_cards(message.cards))
    found += [_file(file) for file in message.files]
    if len(found) > MOST_MESSAGES:
        raise _refused("too_many_parts", f"{len(found)} parts, more than {MOST_MESSAGES}")
    if message.quick_replies:
        items = [_quick_reply(reply) for reply in message.quick_replies]
        found[-1] = {**found[-1], "quickReply": {"items": items}}
    name = _sender_name(message.sender_name)
    return [{**each, "sender": {"name": name}} for each in found] if name else found


def _text(text: str) -> Object:
    return {"type": "text", "text": text}


def _sender_name(name: str) -> str:
    """The name shown with the message; "" where LINE would refuse it: names may not contain the word LINE."""
    name = _shortened(name.strip(), _SENDER_NAME_LIMIT)
    return "" if "line" in name.lower() else name


def _quick_reply(reply: QuickReply) -> Object:
    return {"type": "action", "action": _postback(reply.label, reply.payload)}


def _postback(label: str, payload: str) -> Object:
    """A button whose payload comes back, and whose label the customer is seen to say."""
    if text_length(payload, "utf16") > _POSTBACK_LIMIT:
        raise _refused("payload_too_long", f"a button's payload is longer than {_POSTBACK_LIMIT}")
    label = _shortened(label, _LABEL_LIMIT)
    return {"type": "postback", "label": label, "data": payload or label, "displayText": label}


# --- files -------------------------------------------------------------------------------------------------


def _file(file: OutgoingFile) -> Object:
    """A picture, film or sound by its address; a link where LINE has no message for it, or lacks what it needs."""
    if len(file.url) > _URL_LIMIT:
        raise DeliveryError(ErrorKind.MEDIA, code="url_too_long", detail="the file's address is too long")
    if file.kind == "image":
        preview = file.preview_url or (file.url if file.size <= _PREVIEW_BYTES else "")
        if preview:
            return {"type": "image", "originalContentUrl": file.url, "previewImageUrl": preview}
    if file.kind == "video" and file.preview_url:
        return {"type": "video", "originalContentUrl": file.url, "previewImageUrl": file.preview_url}
    if file.kind == "audio" and file.seconds:
        duration = max(1, round(file.seconds * 1000))
        return {"type": "audio", "originalContentUrl": file.url, "duration": duration}
    return _link(file)


def _link(file: OutgoingFile) -> Object:
    """LINE has no message for papers: a card with the name, the size, and a button that opens the address."""
    suffix = PurePosixPath(file.name).suffix.lstrip(".").upper()
    label = _shortened(f"⬇ {suffix}".strip(), _LABEL_LIMIT)
    body = [_words(file.name or label, weight="bold"), _words(_size(file.size), size="sm", color=_QUIET)]
    bubble = {
        "type": "bubble",
        "body": _box("vertical", body),
        "footer": _box("vertical", [_button({"type": "uri", "label": label, "uri": file.url})]),
    }
    return _flex(file.name or label, bubble)


def _size(count: int) -> str:
    """Bytes as people read them."""
    if count < 1_000_000:
        return f"{max(1, round(count / 1000)):,} KB"
    return f"{count / 1_000_000:,.1f} MB"


# --- cards -------------------------------------------------------------------------------------------------


def _cards(given: Sequence[Card]) -> Object:
    """One bubble a card, side by side; in words when they are more than LINE draws."""
    bubbles = [_bubble(card) for card in given]
    contents = bubbles[0] if len(bubbles) == 1 else {"type": "carousel", "contents": bubbles}
    words = cards.as_text(given)
    largest = max(len(json.dumps(bubble).encode()) for bubble in bubbles)
    if largest <= _BUBBLE_BYTES and len(json.dumps(contents).encode()) <= _CAROUSEL_BYTES:
        return _flex(words, contents)
    if text_length(words, "utf16") > TEXT_LIMIT:
        raise _refused("card_too_large", "the cards are larger than LINE takes")
    return _text(words)


def _flex(words: str, contents: Object) -> Object:
    """A flex message. words: what stands in the list of chats and in notifications."""
    return {"type": "flex", "altText": _shortened(words.strip(), _ALT_TEXT_LIMIT), "contents": contents}


def _bubble(card: Card) -> Object:
    bubble: Object = {"type": "bubble", "body": _box("vertical", _body(card), spacing="sm")}
    opens = {"action": {"type": "uri", "label": "↗", "uri": card.url}} if card.url else {}
    if card.picture_url:
        bubble["hero"] = {
            "type": "image",
            "url": card.picture_url,
            "size": "full",
            "aspectRatio": "20:13",
            "aspectMode": "cover",
            **opens,
        }
    bubble["body"] |= opens
    if card.buttons:
        bubble["footer"] = _box(
            "vertical", [_button(_action(button)) for button in card.buttons], spacing="sm"
        )
    return bubble


def _body(card: Card) -> list[Object]:
    said = " · ".join(filter(None, [card.number, card.status]))
    found = [_words(card.title, weight="bold", size="lg")]
    if said:
        found.append(_words(said, size="sm", color=_QUIET))
    if card.price:
        found.append(_words(str(card.price), weight="bold"))
    if card.text:
        found.append(_words(card.text, size="sm"))
    if card.lines:
        found += [{"type": "separator", "margin": "md"}, *map(_line, card.lines)]
    if card.total:
        found += [{"type": "separator", "margin": "md"}, _row("=", str(card.total), weight="bold")]
    return found


def _line(line: CardLine) -> Object:
    name = f"{line.quantity} × {line.name}" if line.quantity != 1 else line.name
    return _row(name, str(line.price) if line.price else "")


def _row(left: str, right: str, **style: str) -> Object:
    """Two words at the ends of one line; LINE refuses an empty one."""
    found = [_words(left, size="sm", flex=3, **style)]
    if right:
        found.append(_words(right, size="sm", flex=2, align="end", **style))
    return _box("horizontal", found)


def _action(button: Button) -> Object:
    label = _shortened(button.label, _LABEL_LIMIT)
    return (
        {"type": "uri", "label": label, "uri": button.url} if button.url else _postback(label, button.payload)
    )


def _button(action: Object) -> Object:
    return {"type": "button", "style": "link", "height": "sm", "action": action}


def _words(text: str, **style: Any) -> Object:
    return {"type": "text", "text": text, "wrap": True, **style}


def _box(layout: str, contents: list[Object], **style: str) -> Object:
    return {"type": "box", "layout": layout, "contents": contents, **style}


def _shortened(text: str, limit: int) -> str:
    """The beginning of a text that fits, in UTF-16 units, never half of a sign."""
    units = text.encode("utf-16-le")[: limit * 2]
    return units.decode("utf-16-le", "ignore")


def _refused(code: str, detail: str) -> DeliveryError:
    return DeliveryError(ErrorKind.BAD_REQUEST, code=code, detail=detail)
