"""The one vocabulary of cards: a product, an order, a parcel on its way, a receipt, buttons.

Each channel draws a card natively where its platform can; where it cannot, `as_text` says the same in words.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

MOST_CARDS = 10
MOST_BUTTONS = 3
MOST_LINES = 50
TITLE_LENGTH = 80
TEXT_LENGTH = 640
LABEL_LENGTH = 20
PAYLOAD_LENGTH = 300
ADDRESS_LENGTH = 1000

_ADDRESS = re.compile(r"https://[^\s\x00-\x20\x7f]+")
_CURRENCY = re.compile(r"[A-Z]{3}")
# Written out: with an exponent a few signs would be an amount of a thousand million digits.
_AMOUNT = re.compile(r"-?[0-9]{1,12}(?:\.[0-9]{1,4})?")


class CardKind(enum.StrEnum):
    PRODUCT = "product"
    ORDER = "order"
    SHIPPING = "shipping"
    RECEIPT = "receipt"
    BUTTONS = "buttons"


class BadCard(ValueError):
    """Not a card. `field` names the part: "title", "buttons.0.url", …; `code` says what is wrong with it:
    missing, too_long, unknown, not_https, not_a_number."""

    def __init__(self, field: str, code: str) -> None:
        super().__init__(f"{field}: {code}")
        self.field = field
        self.code = code


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in a currency (ISO 4217)."""

    amount: Decimal
    currency: str

    def __str__(self) -> str:
        return f"{self.currency} {self.amount:,f}"


@dataclass(frozen=True, slots=True)
class Button:
    """Leads to a page (url), or comes back as what the customer tapped (payload)."""

    label: str
    url: str = ""
    payload: str = ""


@dataclass(frozen=True, slots=True)
class CardLine:
    """One position of an order or receipt."""

    name: str
    quantity: int = 1
    price: Money | None = None
    picture_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One card. number: of the order or parcel; status: in words, for people; url: behind the whole card."""

    kind: CardKind
    title: str
    text: str = ""
    picture_url: str = ""
    url: str = ""
    price: Money | None = None
    number: str = ""
    status: str = ""
    lines: tuple[CardLine, ...] = ()
    total: Money | None = None
    buttons: tuple[Button, ...] = ()


def as_text(cards: Sequence[Card]) -> str:
    """The same in words, one paragraph a card."""
    return "\n\n".join("\n".join(filter(None, _paragraph(card))) for card in cards)


def read(content: Mapping[str, Any]) -> Card:
    """A card from its JSON form. Raises BadCard."""
    _require_known(content, "", Card.__dataclass_fields__)
    kind = content.get("kind")
    if not isinstance(kind, str) or kind not in set(CardKind):
        raise BadCard("kind", "unknown")
    buttons = _list(content, "buttons", MOST_BUTTONS)
    lines = _list(content, "lines", MOST_LINES)
    return Card(
        kind=CardKind(kind),
        title=_text(content, "title", TITLE_LENGTH, needed=True),
        text=_text(content, "text", TEXT_LENGTH),
        picture_url=_address(content, "picture_url"),
        url=_address(content, "url"),
        price=_money(content, "price"),
        number=_text(content, "number", TITLE_LENGTH),
        status=_text(content, "status", TITLE_LENGTH),
        lines=tuple(_line(each, f"lines.{place}.") for place, each in enumerate(lines)),
        total=_money(content, "total"),
        buttons=tuple(_button(each, f"buttons.{place}.") for place, each in enumerate(buttons)),
    )


def write(card: Card) -> dict[str, Any]:
    """A card's JSON form: what is empty is left out."""
    content: dict[str, Any] = {"kind": card.kind.value, "title": card.title}
    for name in ("text", "picture_url", "url", "number", "status"):
        if value := getattr(card, name):
            content[name] = value
    for name in ("price", "total"):
        if money := getattr(card, name):
            content[name] = _written_money(money)
    if card.lines:
        content["lines"] = [_written_line(line) for line in card.lines]
    if card.buttons:
        content["buttons"] = [
            {"label": each.label, **({"url": each.url} if each.url else {"payload": each.payload})}
            for each in card.buttons
        ]
    return content


def _paragraph(card: Card) -> list[str]:
    price = str(card.price) if card.price else ""
    heading = " · ".join(filter(None, [card.title, price]))
    numbers = " · ".join(filter(None, [card.number, card.status]))
    lines = [
        " ".join(filter(None, [f"{line.quantity} × {line.name}", str(line.price) if line.price else ""]))
        for line in card.lines
    ]
    total = f"= {card.total}" if card.total else ""
    buttons = [f"{each.label}: {each.url}" if each.url else f"• {each.label}" for each in card.buttons]
    return [heading, numbers, card.text, *lines, total, card.url, *buttons]


def _line(content: Mapping[str, Any], place: str) -> CardLine:
    _require_known(content, place, CardLine.__dataclass_fields__)
    quantity = content.get("quantity", 1)
    if not isinstance(quantity, int) or isinstance(quantity, bool) or not 0 < quantity < 1_000_000:
        raise BadCard(f"{place}quantity", "not_a_number")
    return CardLine(
        name=_text(content, "name", TITLE_LENGTH, place, needed=True),
        quantity=quantity,
        price=_money(content, "price", place),
        picture_url=_address(content, "picture_url", place),
    )


def _button(content: Mapping[str, Any], place: str) -> Button:
    _require_known(content, place, Button.__dataclass_fields__)
    button = Button(
        label=_text(content, "label", LABEL_LENGTH, place, needed=True),
        url=_address(content, "url", place),
        payload=_text(content, "payload", PAYLOAD_LENGTH, place),
    )
    if bool(button.url) == bool(button.payload):
        raise BadCard(f"{place}url", "missing")
    return button


def _require_known(content: Mapping[str, Any], place: str, known: Mapping[str, Any]) -> None:
    for name in content:
        if name not in known:
            raise BadCard(f"{place}{str(name)[:40]}", "unknown")


def _list(content: Mapping[str, Any], name: str, most: int) -> list[Mapping[str, Any]]:
    value = content.get(name, [])
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise BadCard(name, "unknown")
    if len(value) > most:
        raise BadCard(name, "too_long")
    return value


def _text(content: Mapping[str, Any], name: str, most: int, place: str = "", *, needed: bool = False) -> str:
    value = content.get(name, "")
    if not isinstance(value, str):
        raise BadCard(f"{place}{name}", "unknown")
    if needed and not value.strip():
        raise BadCard(f"{place}{name}", "missing")
    if len(value) > most:
        raise BadCard(f"{place}{name}", "too_long")
    return value.strip()


def _address(content: Mapping[str, Any], name: str, place: str = "") -> str:
    value = _text(content, name, ADDRESS_LENGTH, place)
    if value and not _ADDRESS.fullmatch(value):
        raise BadCard(f"{place}{name}", "not_https")
    return value


def _money(content: Mapping[str, Any], name: str, place: str = "") -> Money | None:
    value = content.get(name)
    if value is None:
        return None
    if not isinstance(value, dict) or set(value) != {"amount", "currency"}:
        raise BadCard(f"{place}{name}", "unknown")
    amount, currency = str(value["amount"]), value["currency"]
    if not isinstance(currency, str) or not _CURRENCY.fullmatch(currency):
        raise BadCard(f"{place}{name}.currency", "unknown")
    if not _AMOUNT.fullmatch(amount):
        raise BadCard(f"{place}{name}.amount", "not_a_number")
    return Money(Decimal(amount), currency)


def _written_money(money: Money) -> dict[str, str]:
    return {"amount": str(money.amount), "currency": money.currency}


def _written_line(line: CardLine) -> dict[str, Any]:
    content: dict[str, Any] = {"name": line.name, "quantity": line.quantity}
    if line.price:
        content["price"] = _written_money(line.price)
    if line.picture_url:
        content["picture_url"] = line.picture_url
    return content
