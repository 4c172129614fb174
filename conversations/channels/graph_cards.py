"""Our cards as the templates of Messenger and Instagram: generic (pictures), button (words), receipt.

Limits as documented for Meta's Send API. A card whose words do not fit a template is said as text instead: nothing
is cut but the description of a product, whose page tells the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from conversations.channels import cards
from conversations.channels.cards import Button, Card, CardKind

MOST_BUTTONS = 3
BUTTON_TEXT = 640
ELEMENT_TEXT = 80
LABEL = 20
_CUT = "…"
_NOT_TOLD = "–"


def template(shown: Sequence[Card], text: str, *, draws_receipts: bool) -> dict[str, Any] | None:
    """The payload of a template that shows these cards with `text`; None where they can only be said in words.

    draws_receipts: Messenger has a template for them, Instagram has none.
    """
    if len(shown) == 1:
        return _single(shown[0], text.strip(), draws_receipts=draws_receipts)
    elements = [_element(card) for card in shown]
    if text.strip() or not all(elements):
        return None
    return {"template_type": "generic", "elements": elements}


def _single(card: Card, text: str, *, draws_receipts: bool) -> dict[str, Any] | None:
    if draws_receipts and card.kind is CardKind.RECEIPT and not text:
        receipt = _receipt(card)
        if receipt is not None:
            return receipt
    element = _element(card)
    has_picture = card.kind is CardKind.PRODUCT or card.picture_url
    if has_picture and element is not None and not text:
        return {"template_type": "generic", "elements": [element]}
    return _button_template(card, text)


def _element(card: Card) -> dict[str, Any] | None:
    """One card of a row. None where its words do not fit, or where a title would stand alone: Meta refuses that."""
    price = str(card.price or card.total or "")
    title = " · ".join(filter(None, [card.title, price]))
    subtitle = " · ".join(filter(None, [card.number, card.status, card.text]))
    if len(title) > ELEMENT_TEXT:
        title, subtitle = card.title, " · ".join(filter(None, [price, subtitle]))
    if card.lines or (len(subtitle) > ELEMENT_TEXT and card.kind is not CardKind.PRODUCT):
        return None
    element: dict[str, Any] = {"title": title}
    if subtitle:
        element["subtitle"] = _fitted(subtitle, ELEMENT_TEXT)
    if card.picture_url:
        element["image_url"] = card.picture_url
    if card.buttons:
        element["buttons"] = [_button(button) for button in card.buttons]
    if len(element) == 1:
        return None
    if card.url:
        element["default_action"] = {"type": "web_url", "url": card.url}
    return element


def _button_template(card: Card, text: str) -> dict[str, Any] | None:
    buttons = list(card.buttons)
    plain = replace(card, buttons=())
    if card.url and len(buttons) < MOST_BUTTONS:
        buttons.append(Button(card.title, url=card.url))
        plain = replace(plain, url="")
    words = "\n\n".join(filter(None, [text, cards.as_text([plain])]))
    if not buttons or len(words) > BUTTON_TEXT:
        return None
    return {"template_type": "button", "text": words, "buttons": [_button(button) for button in buttons]}


def _receipt(card: Card) -> dict[str, Any] | None:
    """None where something is missing that Meta wants: a number, a total, a price of each line in its currency."""
    prices = [line.price for line in card.lines]
    if not card.number or card.total is None or card.text:
        return None
    if any(price is None or price.currency != card.total.currency for price in prices):
        return None
    return {
        "template_type": "receipt",
        "recipient_name": card.title,
        "order_number": card.number,
        "currency": card.total.currency,
        "payment_method": card.status or _NOT_TOLD,
        **({"order_url": card.url} if card.url else {}),
        "summary": {"total_cost": float(card.total.amount)},
        "elements": [
            {
                "title": line.name,
                "quantity": line.quantity,
                "price": float(line.price.amount),
                "currency": line.price.currency,
                **({"image_url": line.picture_url} if line.picture_url else {}),
            }
            for line in card.lines
            if line.price is not None
        ],
    }


def _button(button: Button) -> dict[str, str]:
    title = _fitted(button.label, LABEL)
    if button.url:
        return {"type": "web_url", "title": title, "url": button.url}
    return {"type": "postback", "title": title, "payload": button.payload}


def _fitted(words: str, most: int) -> str:
    return words if len(words) <= most else words[: most - len(_CUT)] + _CUT
