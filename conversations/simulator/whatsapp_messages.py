"""Messages as WhatsApp's Cloud API takes them: what it refuses in them, and what of them stands on a phone.

Sources for shapes and limits: Meta's reference of the Cloud API's messages and templates.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from conversations.channels import wire
from conversations.simulator.world import Bubble

TEXT = 4096
BODY = 1024
MOST_BUTTONS = 3
MOST_ROWS = 10
FILES = frozenset({"image", "video", "audio", "document", "sticker"})
_KINDS = {"document": "file", "sticker": "image"}
_GAP = re.compile(r"\{\{(\w+)\}\}")

Content = Mapping[str, Any]

TEMPLATES: tuple[dict[str, Any], ...] = (
    {
        "id": "594425479261596",
        "name": "order_update",
        "language": "zh_TW",
        "category": "UTILITY",
        "status": "APPROVED",
        "components": [
            {"type": "HEADER", "format": "TEXT", "text": "訂單 {{1}}"},
            {"type": "BODY", "text": "{{1}} 您好，您的訂單 {{2}} 已寄出。"},
            {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "聯絡客服"}]},
        ],
    },
    {
        "id": "594425479261597",
        "name": "order_update",
        "language": "ja",
        "category": "UTILITY",
        "status": "APPROVED",
        "components": [{"type": "BODY", "text": "{{1}} 様、ご注文 {{2}} を発送しました。"}],
    },
    {
        "id": "594425479261598",
        "name": "back_in_touch",
        "language": "en",
        "category": "MARKETING",
        "status": "APPROVED",
        "components": [{"type": "BODY", "text": "Hello {{1}}, may we come back to your question?"}],
    },
    {
        "id": "594425479261599",
        "name": "autumn_sale",
        "language": "en",
        "category": "MARKETING",
        "status": "REJECTED",
        "rejected_reason": "PROMOTIONAL",
        "components": [{"type": "BODY", "text": "Everything must go!"}],
    },
)


def objection(content: Content) -> str:
    """Why the platform refuses the content of a message; "" when it takes it."""
    shape = wire.text(content, "type") or "text"
    if content.get("messaging_product") != "whatsapp":
        return "missing"
    if shape == "text":
        return _limited(wire.text(wire.mapping(content, "text"), "body"), TEXT)
    if shape in FILES:
        media = wire.mapping(content, shape)
        has_one = bool(wire.text(media, "id")) != bool(wire.text(media, "link"))
        is_silent = shape in {"audio", "sticker"} and "caption" in media
        return "" if has_one and not is_silent and len(wire.text(media, "caption")) <= BODY else "bad_request"
    if shape == "interactive":
        return _of_interactive(wire.mapping(content, "interactive"))
    if shape == "template":
        return _of_template(wire.mapping(content, "template"))
    return "bad_request"


def put_on_phone(content: Content, bubble: Bubble, uploads: Mapping[str, str]) -> None:
    """Write what was accepted into a bubble. uploads: media id -> an address that a page shows."""
    shape = wire.text(content, "type") or "text"
    if shape == "text":
        bubble.text = wire.text(wire.mapping(content, "text"), "body")
    elif shape in FILES:
        media = wire.mapping(content, shape)
        kind = _KINDS.get(shape, shape)
        bubble.kind, bubble.text = kind, wire.text(media, "caption")
        bubble.files = [_file(kind, media, uploads)]
    elif shape == "interactive":
        _put_interactive(wire.mapping(content, "interactive"), bubble)
    else:
        _put_template(wire.mapping(content, "template"), bubble, uploads)


def template(name: str, language: str) -> dict[str, Any] | None:
    """An approved template."""
    return next(
        (
            each
            for each in TEMPLATES
            if (each["name"], each["language"], each["status"]) == (name, language, "APPROVED")
        ),
        None,
    )


def _limited(text: str, most: int) -> str:
    return "" if text.strip() and len(text) <= most else "bad_request"


def _of_interactive(content: Content) -> str:
    action, shape = wire.mapping(content, "action"), content.get("type")
    objection = _limited(wire.text(wire.mapping(content, "body"), "text"), BODY)
    if shape == "button":
        replies = [wire.mapping(each, "reply") for each in wire.objects(action, "buttons")]
        fits = 1 <= len(replies) <= MOST_BUTTONS and _are_choices(replies, 20)
    elif shape == "list":
        rows = [row for each in wire.objects(action, "sections") for row in wire.objects(each, "rows")]
        is_opened = 1 <= len(wire.text(action, "button")) <= 20
        fits = 1 <= len(rows) <= MOST_ROWS and _are_choices(rows, 24) and is_opened
        fits = fits and wire.text(wire.mapping(content, "header"), "type") in {"", "text"}
    elif shape == "cta_url":
        leads = wire.mapping(action, "parameters")
        fits = 1 <= len(wire.text(leads, "display_text")) <= 20 and wire.text(leads, "url").startswith("http")
    else:
        fits = False
    return objection or ("" if fits else "bad_request")


def _are_choices(choices: Sequence[Content], most: int) -> bool:
    ids = {wire.text(each, "id") for each in choices}
    return (
        len(ids) == len(choices)
        and all(1 <= len(each) <= 200 for each in ids)
        and all(1 <= len(wire.text(each, "title")) <= most for each in choices)
    )


def _of_template(content: Content) -> str:
    language = wire.text(wire.mapping(content, "language"), "code")
    found = template(wire.text(content, "name"), language)
    if found is None:
        return "no_template"
    return "" if all(len(_gaps(found, part)) == len(_values(content, part)) for part in _PARTS) else "values"


_PARTS = ("header", "body")


def _gaps(found: Content, part: str) -> list[str]:
    texts = [wire.text(each, "text") for each in found["components"] if each["type"] == part.upper()]
    return [gap for text in texts for gap in dict.fromkeys(_GAP.findall(text))]


def _values(content: Content, part: str) -> list[str]:
    components = [each for each in wire.objects(content, "components") if each.get("type") == part]
    return [wire.text(value, "text") for each in components for value in wire.objects(each, "parameters")]


def _put_template(content: Content, bubble: Bubble, uploads: Mapping[str, str]) -> None:
    language = wire.text(wire.mapping(content, "language"), "code")
    found = template(wire.text(content, "name"), language) or {"components": []}
    texts = [
        _filled(each["text"], dict(zip(_gaps(found, part), _values(content, part), strict=False)))
        for part in _PARTS
        for each in found["components"]
        if each["type"] == part.upper()
    ]
    bubble.text = "\n".join(texts)
    for each in found["components"]:
        for button in wire.objects(each, "buttons"):
            bubble.choices.append({"label": button["text"], "payload": button["text"]})


def _filled(text: str, values: Mapping[str, str]) -> str:
    return _GAP.sub(lambda gap: values.get(gap[1], ""), text)


def _put_interactive(content: Content, bubble: Bubble) -> None:
    action, header = wire.mapping(content, "action"), wire.mapping(content, "header")
    replies = [wire.mapping(each, "reply") for each in wire.objects(action, "buttons")]
    rows = [row for each in wire.objects(action, "sections") for row in wire.objects(each, "rows")]
    buttons = [
        {"label": wire.text(each, "title"), "payload": wire.text(each, "id")} for each in [*replies, *rows]
    ]
    if leads := wire.mapping(action, "parameters"):
        buttons.append({"label": wire.text(leads, "display_text"), "url": wire.text(leads, "url")})
    card = {
        "title": "",
        "text": wire.text(wire.mapping(content, "body"), "text"),
        "picture": wire.text(wire.mapping(header, "image"), "link"),
        "buttons": buttons,
    }
    bubble.kind, bubble.cards = "card", [card]


def _file(kind: str, media: Content, uploads: Mapping[str, str]) -> dict[str, str]:
    link = wire.text(media, "link")
    name = wire.text(media, "filename") or link.partition("?")[0].rpartition("/")[2]
    return {"kind": kind, "name": name, "url": link or uploads.get(wire.text(media, "id"), "")}
