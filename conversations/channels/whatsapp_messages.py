"""Our messages as WhatsApp takes them: the body of POST /{number}/messages.

Limits are Meta's: a text of 4,096 characters, 1,024 in the body of something interactive and below a file, three
reply buttons, ten rows of a list.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from conversations.channels import cards
from conversations.channels.cards import Button, Card
from conversations.channels.errors import DeliveryError, ErrorKind
from conversations.channels.outgoing import OutgoingFile, OutgoingMessage, QuickReply, Template

TEXT_LIMIT = 4096
BODY_LIMIT = 1024
MOST_BUTTONS = 3
MOST_ROWS = 10
BUTTON_LABEL = 20
ROW_LABEL = 24
PAYLOAD_LIMIT = 200
LIST_BUTTON = "☰"  # opens the list of answers: the customer's language is not known here

Body = dict[str, Any]

_USER_ID = re.compile(r"[A-Z]{2}\.[A-Za-z0-9.]+")
_SHAPES = {"image": "image", "video": "video", "audio": "audio", "file": "document"}
_WITHOUT_CAPTION = frozenset({"audio", "sticker"})


def body(message: OutgoingMessage, media: Body) -> Body:
    """The whole body. media: {"id": …} or {"link": …} of the message's file, empty where it has none."""
    common: Body = {
        "messaging_product": "whatsapp",
        **_recipient(message.address),
        "biz_opaque_callback_data": message.correlation,
    }
    if message.reply_to:
        common["context"] = {"message_id": message.reply_to}
    return {**common, **_content(message, media)}


def shape_of(message: OutgoingMessage, file: OutgoingFile) -> str:
    """As what a file goes out. A sound with words goes as a document: a sound has no caption."""
    shape = _SHAPES[file.kind]
    return "document" if shape in _WITHOUT_CAPTION and message.text.strip() else shape


def _recipient(address: str) -> Body:
    """A phone number, a business-scoped user id, or a group."""
    if _USER_ID.fullmatch(address):
        return {"recipient_type": "individual", "recipient": address}
    if address.lstrip("+").isdigit():
        return {"recipient_type": "individual", "to": address}
    return {"recipient_type": "group", "to": address}


def _content(message: OutgoingMessage, media: Body) -> Body:
    if message.template is not None:
        return {"type": "template", "template": _template(message, message.template, media)}
    if message.files:
        return _file(message, message.files[0], media)
    if message.cards:
        return _card(message)
    if message.quick_replies:
        return _choice(message.text, message.quick_replies)
    return _text(message.text)


def _text(words: str) -> Body:
    if len(words) > TEXT_LIMIT:
        raise DeliveryError(
            ErrorKind.BAD_REQUEST, code="text_too_long", detail=f"{len(words)}, more than {TEXT_LIMIT}"
        )
    return {"type": "text", "text": {"preview_url": "https://" in words, "body": words}}


def _file(message: OutgoingMessage, file: OutgoingFile, media: Body) -> Body:
    shape, caption = shape_of(message, file), message.text.strip()
    if len(caption) > BODY_LIMIT:
        detail = f"{len(caption)} characters below a file, more than {BODY_LIMIT}"
        raise DeliveryError(ErrorKind.BAD_REQUEST, code="text_too_long", detail=detail)
    content = {**media, "caption": caption} if caption else dict(media)
    if shape == "document":
        content["filename"] = file.name
    return {"type": shape, shape: content}


# --- cards and choices -------------------------------------------------------------------------------------


def _card(message: OutgoingMessage) -> Body:
    """Drawn with its picture and buttons where it has some, and fits; else the same in words."""
    card = message.cards[0]
    taps = [QuickReply(each.label, each.payload) for each in card.buttons if each.payload]
    taps = [*taps, *message.quick_replies][:MOST_ROWS]
    links = [each for each in card.buttons if each.url]
    drawn = links[:1] if links and not taps else []
    words = _words(message.text, card, drawn)
    if len(words) > BODY_LIMIT:
        return _text(_words(message.text, card, []))
    header: Body = (
        {"header": {"type": "image", "image": {"link": card.picture_url}}} if card.picture_url else {}
    )
    if taps:
        # a list has no picture above it
        return _tappable(words, taps, header if len(taps) <= MOST_BUTTONS else {})
    if drawn:
        leads = {"display_text": drawn[0].label[:BUTTON_LABEL], "url": drawn[0].url}
        return _interactive("cta_url", words, {"name": "cta_url", "parameters": leads}, header)
    if card.picture_url:
        return {"type": "image", "image": {"link": card.picture_url, "caption": words}}
    return _text(words)


def _words(text: str, card: Card, drawn: Sequence[Button]) -> str:
    """The card's words without the buttons that are drawn; buttons that are tapped are always drawn."""
    kept = tuple(each for each in card.buttons if each.url and each not in drawn)
    parts = {name: getattr(card, name) for name in Card.__dataclass_fields__}
    return "\n\n".join(filter(None, [text.strip(), cards.as_text([Card(**{**parts, "buttons": kept})])]))


def _choice(text: str, choices: Sequence[QuickReply]) -> Body:
    """Three buttons, or a list of up to ten; where the text is too long for either, the answers below it."""
    if len(text) > BODY_LIMIT:
        return _text("\n".join([text, "", *(f"• {each.label}" for each in choices)]))
    return _tappable(text, choices, {})


def _tappable(words: str, choices: Sequence[QuickReply], header: Body) -> Body:
    if len(choices) <= MOST_BUTTONS:
        return _interactive("button", words, {"buttons": [_button(each) for each in choices]}, header)
    rows = [{"id": _payload(each), "title": _cut(each.label, ROW_LABEL)} for each in choices]
    return _interactive("list", words, {"button": LIST_BUTTON, "sections": [{"rows": rows}]}, header)


def _interactive(shape: str, words: str, action: Body, header: Body) -> Body:
    interactive = {"type": shape, **header, "body": {"text": words}, "action": action}
    return {"type": "interactive", "interactive": interactive}


def _button(choice: QuickReply) -> Body:
    return {"type": "reply", "reply": {"id": _payload(choice), "title": _cut(choice.label, BUTTON_LABEL)}}


def _payload(choice: QuickReply) -> str:
    return (choice.payload or choice.label)[:PAYLOAD_LIMIT]


def _cut(label: str, most: int) -> str:
    return label if len(label) <= most else label[: most - 1] + "…"


# --- templates ---------------------------------------------------------------------------------------------


def _template(message: OutgoingMessage, template: Template, media: Body) -> Body:
    found: dict[str, Body] = {}
    if message.files:
        shape = _SHAPES[message.files[0].kind]
        content = {**media, "filename": message.files[0].name} if shape == "document" else dict(media)
        found["header"] = {"type": "header", "parameters": [{"type": shape, shape: content}]}
    for key, values in template.parts.items():
        place, *rest = key.split(":")
        place = f"button:{rest.pop(0)}" if place == "button" and rest else place
        name = {"parameter_name": rest[0]} if rest else {}
        component = found.setdefault(place, _component(place))
        component["parameters"] += [{"type": "text", "text": value, **name} for value in values]
    content = {"name": template.name, "language": {"code": template.language}}
    return {**content, "components": list(found.values())} if found else content


def _component(place: str) -> Body:
    if not place.startswith("button:"):
        return {"type": place, "parameters": []}
    return {
        "type": "button",
        "sub_type": "url",
        "index": place.removeprefix("button:"),
        "parameters": [],
    }
