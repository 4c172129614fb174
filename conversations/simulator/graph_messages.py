"""Messages as Meta's Send API takes them: what it refuses in them, and what of them stands on a phone.

Sources for shapes and limits: Meta's reference of the Send API, templates and quick replies.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from conversations.channels import wire
from conversations.channels.base import text_length
from conversations.simulator.world import Bubble

MOST_QUICK_REPLIES = 13
MOST_ELEMENTS = 10
MOST_BUTTONS = 3
BUTTON_TEXT = 640
ELEMENT_TEXT = 80
TITLE = 20
PAYLOAD = 1000
METADATA = 1000
_FILES = frozenset({"image", "audio", "video", "file"})
_RECEIPT_NEEDS = ("recipient_name", "order_number", "currency", "payment_method")

Content = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Rules:
    """What differs between Messenger and Instagram."""

    text_limit: int
    text_unit: str
    templates: frozenset[str]


def is_acceptable(message: Content, rules: Rules) -> bool:
    """Whether the platform takes the content of a message."""
    text, attachment = wire.text(message, "text"), wire.mapping(message, "attachment")
    if bool(text) == bool(attachment) or len(wire.text(message, "metadata")) > METADATA:
        return False
    if text and text_length(text, rules.text_unit) > rules.text_limit:
        return False
    replies = wire.objects(message, "quick_replies")
    if len(replies) > MOST_QUICK_REPLIES or not all(map(_is_quick_reply, replies)):
        return False
    return not attachment or _is_attachment(attachment, rules)


def put_on_phone(message: Content, bubble: Bubble) -> None:
    """Write the text, files, cards and buttons of a message that was accepted into a bubble."""
    bubble.text = wire.text(message, "text")
    bubble.choices = [
        {"label": wire.text(each, "title"), "payload": wire.text(each, "payload")}
        for each in wire.objects(message, "quick_replies")
    ]
    attachment = wire.mapping(message, "attachment")
    payload, kind = wire.mapping(attachment, "payload"), wire.text(attachment, "type")
    if kind in _FILES:
        url = wire.text(payload, "url")
        bubble.kind = kind
        bubble.files = [{"kind": kind, "name": url.partition("?")[0].rpartition("/")[2], "url": url}]
    elif kind == "template":
        bubble.cards = _cards(payload)


def echoed(message: Content) -> dict[str, Any]:
    """The content of a message as its echo tells it: a list of attachments, no quick replies."""
    attachment = wire.mapping(message, "attachment")
    if not attachment:
        return {"text": wire.text(message, "text")}
    payload = wire.mapping(attachment, "payload")
    shown = {name: payload[name] for name in ("url", "elements", "template_type") if name in payload}
    return {"attachments": [{"type": wire.text(attachment, "type"), "payload": shown}]}


def order_number(message: Content) -> str:
    """The number of the order that a receipt is for, "" for everything else. Meta takes each one once."""
    payload = wire.mapping(wire.mapping(message, "attachment"), "payload")
    return wire.text(payload, "order_number") if payload.get("template_type") == "receipt" else ""


def _is_quick_reply(reply: Content) -> bool:
    is_short = len(wire.text(reply, "payload")) <= PAYLOAD
    return reply.get("content_type") == "text" and bool(wire.text(reply, "title")) and is_short


def _is_attachment(attachment: Content, rules: Rules) -> bool:
    kind, payload = wire.text(attachment, "type"), wire.mapping(attachment, "payload")
    if kind != "template":
        return kind in _FILES and _is_address(wire.text(payload, "url"))
    template = wire.text(payload, "template_type")
    return template in rules.templates and _TEMPLATES[template](payload)


def _is_generic(payload: Content) -> bool:
    elements = wire.objects(payload, "elements")
    return 1 <= len(elements) <= MOST_ELEMENTS and all(map(_is_element, elements))


def _is_element(element: Content) -> bool:
    has_more = any(element.get(name) for name in ("subtitle", "image_url", "buttons"))
    texts = (wire.text(element, "title"), wire.text(element, "subtitle"))
    fits = bool(texts[0]) and all(len(text) <= ELEMENT_TEXT for text in texts)
    return has_more and fits and ("buttons" not in element or _are_buttons(element))


def _is_button_template(payload: Content) -> bool:
    return 1 <= len(wire.text(payload, "text")) <= BUTTON_TEXT and _are_buttons(payload)


def _are_buttons(owner: Content) -> bool:
    buttons = wire.objects(owner, "buttons")
    return 1 <= len(buttons) <= MOST_BUTTONS and all(map(_is_button, buttons))


def _is_button(button: Content) -> bool:
    if not 1 <= len(wire.text(button, "title")) <= TITLE:
        return False
    if button.get("type") == "web_url":
        return _is_address(wire.text(button, "url"))
    return button.get("type") == "postback" and 1 <= len(wire.text(button, "payload")) <= PAYLOAD


def _is_receipt(payload: Content) -> bool:
    is_told = all(wire.text(payload, name) for name in _RECEIPT_NEEDS)
    return is_told and wire.decimal(wire.mapping(payload, "summary"), "total_cost") is not None


def _is_address(url: str) -> bool:
    return url.startswith(("https://", "http://"))


def _cards(payload: Content) -> list[dict[str, Any]]:
    if payload.get("template_type") == "generic":
        return [_card(element) for element in wire.objects(payload, "elements")]
    if payload.get("template_type") == "receipt":
        rows = [
            [f"{each.get('quantity')} × {wire.text(each, 'title')}", f"{each.get('price')}"]
            for each in wire.objects(payload, "elements")
        ]
        total = f"{wire.text(payload, 'currency')} {wire.mapping(payload, 'summary').get('total_cost')}"
        heading = f"{wire.text(payload, 'recipient_name')} · {wire.text(payload, 'order_number')}"
        return [{"title": heading, "rows": [*rows, ["=", total]]}]
    return [{"title": "", "text": wire.text(payload, "text"), "buttons": _buttons(payload)}]


def _card(element: Content) -> dict[str, Any]:
    return {
        "title": wire.text(element, "title"),
        "text": wire.text(element, "subtitle"),
        "picture": wire.text(element, "image_url"),
        "buttons": _buttons(element),
    }


def _buttons(owner: Content) -> list[dict[str, str]]:
    return [
        {
            "label": wire.text(each, "title"),
            **{name: wire.text(each, name) for name in ("url", "payload") if each.get(name)},
        }
        for each in wire.objects(owner, "buttons")
    ]


_TEMPLATES = {"generic": _is_generic, "button": _is_button_template, "receipt": _is_receipt}
