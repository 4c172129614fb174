"""One of our messages as the body of WeChat's customer service message, or of its template message."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from conversations.channels import cards, wire
from conversations.channels.base import Account, Capabilities
from conversations.channels.cards import Card, CardKind
from conversations.channels.errors import DeliveryError, ErrorKind
from conversations.channels.items import JsonObject
from conversations.channels.outgoing import OutgoingMessage, Template
from conversations.channels.templates import PlatformTemplate

MEDIA_TYPES = {"image": "image", "audio": "voice", "video": "video"}
"""Our kind of a file -> WeChat's type of media and of message."""

DRAWN = frozenset({CardKind.PRODUCT.value, CardKind.BUTTONS.value})
_NAMED = "body:"
_LANGUAGE = "zh_CN"  # WeChat's templates have none; this is the language of their titles
_GAP = re.compile(r"\{\{\s*([A-Za-z0-9_]{1,60})\.DATA\s*\}\}")


def body(
    message: OutgoingMessage, account: Account, capabilities: Capabilities, media_id: str
) -> dict[str, Any]:
    """POST /cgi-bin/message/custom/send. media_id: of the message's file, "" for none. Raises DeliveryError when
    what is left to say in words is too long."""
    content = {"touser": message.address, **_content(message, capabilities, media_id)}
    kf_account = str(account.settings.get("kf_account") or "")
    return {**content, "customservice": {"kf_account": kf_account}} if kf_account else content


def template_body(message: OutgoingMessage, template: Template) -> dict[str, Any]:
    """POST /cgi-bin/message/template/send. A gap is "body:<its name>"; those without names are keyword1,
    keyword2, … Raises DeliveryError for parts that WeChat's templates do not have."""
    values: dict[str, str] = {}
    for part, given in template.parts.items():
        if part.startswith(_NAMED):
            values[part.removeprefix(_NAMED)] = " ".join(given)
        elif part == "body":
            values |= {f"keyword{number}": value for number, value in enumerate(given, 1)}
        else:
            detail = f"WeChat's templates have no {part[:40]}"
            raise DeliveryError(ErrorKind.BAD_REQUEST, code="template_part", detail=detail)
    data = {name: {"value": value} for name, value in values.items()}
    return {"touser": message.address, "template_id": template.name, "data": data}


def template(listed: JsonObject) -> PlatformTemplate:
    """A template as WeChat lists it: known by its id, its title above its text, its gaps {{thing1.DATA}}."""
    template_id = wire.identifier(listed, "template_id")
    return PlatformTemplate(
        external_id=template_id,
        name=template_id,
        language=_LANGUAGE,
        category=wire.text(listed, "primary_industry"),
        status="approved",
        header_kind="text",
        header=wire.text(listed, "title"),
        body=_GAP.sub(r"{{\1}}", wire.text(listed, "content")).strip(),
    )


def _content(message: OutgoingMessage, capabilities: Capabilities, media_id: str) -> dict[str, Any]:
    if message.files:
        kind = MEDIA_TYPES[message.files[0].kind]
        return {"msgtype": kind, kind: {"media_id": media_id}}
    choices = _choices(message)
    if choices:
        plain = replace(message, cards=tuple(_without_taps(card) for card in message.cards))
        words = wire.in_words(plain, capabilities)
        menu = {"head_content": words, "list": choices, "tail_content": ""}
        return {"msgtype": "msgmenu", "msgmenu": menu}
    if len(message.cards) == 1 and _leads_to(message.cards[0]):
        return {"msgtype": "news", "news": {"articles": [_article(message.cards[0], message.text)]}}
    return {"msgtype": "text", "text": {"content": wire.in_words(message, capabilities)}}


def _choices(message: OutgoingMessage) -> Sequence[dict[str, str]]:
    """What may be tapped; a tap comes back as a text with the id as `bizmsgmenuid`."""
    taps = [
        (button.payload, button.label) for card in message.cards for button in card.buttons if button.payload
    ]
    taps += [(reply.payload, reply.label) for reply in message.quick_replies]
    return [{"id": payload, "content": label} for payload, label in taps]


def _without_taps(card: Card) -> Card:
    return replace(card, buttons=tuple(button for button in card.buttons if button.url))


def _leads_to(card: Card) -> str:
    """The one address behind a card, for a news article: it has room for no other. "" when there is none, or
    several."""
    addresses = {url for url in (card.url, *(button.url for button in card.buttons)) if url}
    return addresses.pop() if len(addresses) == 1 else ""


def _article(card: Card, text: str) -> dict[str, str]:
    price = str(card.price) if card.price else ""
    _title, *details = cards.as_text([replace(card, url="", buttons=())]).split("\n")
    described = "\n".join(filter(None, [text.strip(), price, *details]))
    picture = {"picurl": card.picture_url} if card.picture_url else {}
    return {"title": card.title, "description": described, "url": _leads_to(card), **picture}
