"""Cards: read from what people and programs send, written again, said in words."""

from decimal import Decimal
from typing import Any

import pytest

from conversations.channels import cards
from conversations.channels.cards import BadCard, Button, Card, CardKind, CardLine, Money

PRODUCT: dict[str, Any] = {
    "kind": "product",
    "title": "鳳梨酥 12 入",
    "text": "當日現烤",
    "picture_url": "https://shop.example/cake.jpg",
    "url": "https://shop.example/cake",
    "price": {"amount": "480", "currency": "TWD"},
    "buttons": [{"label": "購買", "url": "https://shop.example/buy"}, {"label": "問問題", "payload": "ASK"}],
}
RECEIPT: dict[str, Any] = {
    "kind": "receipt",
    "title": "ご注文",
    "number": "A-1021",
    "status": "支払い済み",
    "lines": [{"name": "抹茶", "quantity": 2, "price": {"amount": "1200.50", "currency": "JPY"}}],
    "total": {"amount": "2401", "currency": "JPY"},
}


def changed(content: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {**content, **changes}


@pytest.mark.parametrize("content", [PRODUCT, RECEIPT], ids=["product", "receipt"])
def test_a_card_that_is_read_and_written_is_the_same(content: dict[str, Any]) -> None:
    assert cards.write(cards.read(content)) == content


def test_what_a_card_holds_is_read_into_its_parts() -> None:
    assert cards.read(PRODUCT) == Card(
        kind=CardKind.PRODUCT,
        title="鳳梨酥 12 入",
        text="當日現烤",
        picture_url="https://shop.example/cake.jpg",
        url="https://shop.example/cake",
        price=Money(Decimal(480), "TWD"),
        buttons=(Button("購買", url="https://shop.example/buy"), Button("問問題", payload="ASK")),
    )
    assert cards.read(RECEIPT).lines == (CardLine("抹茶", 2, Money(Decimal("1200.50"), "JPY")),)


@pytest.mark.parametrize(
    "content, field, code",
    [
        (changed(PRODUCT, kind="song"), "kind", "unknown"),
        (changed(PRODUCT, title=" "), "title", "missing"),
        (changed(PRODUCT, title="長" * 81), "title", "too_long"),
        (changed(PRODUCT, colour="red"), "colour", "unknown"),
        (changed(PRODUCT, url="javascript:alert(1)"), "url", "not_https"),
        (changed(PRODUCT, picture_url="http://shop.example/a.jpg"), "picture_url", "not_https"),
        (changed(PRODUCT, price={"amount": "NaN", "currency": "TWD"}), "price.amount", "not_a_number"),
        (changed(PRODUCT, price={"amount": "1", "currency": "元"}), "price.currency", "unknown"),
        (changed(PRODUCT, price="480"), "price", "unknown"),
        (changed(PRODUCT, kind=["product"]), "kind", "unknown"),
        (changed(PRODUCT, kind={}), "kind", "unknown"),
        (changed(PRODUCT, url="https://shop.example/\r\nX: y"), "url", "not_https"),
        (changed(PRODUCT, url="https://"), "url", "not_https"),
        (changed(PRODUCT, price={"amount": "1e-999999999", "currency": "TWD"}), "price.amount", "not_a_number"),
        (changed(PRODUCT, price={"amount": "0e999999999", "currency": "TWD"}), "price.amount", "not_a_number"),
        (changed(PRODUCT, price={"amount": "0." + "0" * 9000, "currency": "TWD"}), "price.amount", "not_a_number"),
        (changed(PRODUCT, price={"amount": True, "currency": "TWD"}), "price.amount", "not_a_number"),
        (changed(PRODUCT, price={"amount": [1], "currency": "TWD"}), "price.amount", "not_a_number"),
        (changed(PRODUCT, price={"amount": "1" * 13, "currency": "TWD"}), "price.amount", "not_a_number"),
        (changed(PRODUCT, price={"amount": "1", "currency": "T\nD"}), "price.currency", "unknown"),
        (changed(PRODUCT, buttons=[{"label": "x", "url": "https://a.io", "payload": "y"}]), "buttons.0.url", "missing"),
        (changed(PRODUCT, buttons=[{"label": "neither"}]), "buttons.0.url", "missing"),
        (changed(PRODUCT, buttons=[{"label": "x", "payload": "y"}] * 4), "buttons", "too_long"),
        (changed(PRODUCT, buttons="none"), "buttons", "unknown"),
        (changed(RECEIPT, lines=[{"name": "a", "quantity": 0}]), "lines.0.quantity", "not_a_number"),
        (changed(RECEIPT, lines=[{"name": "a", "quantity": True}]), "lines.0.quantity", "not_a_number"),
    ],
)  # fmt: skip
def test_what_is_no_card_is_refused_with_the_part_that_is_wrong(
    content: dict[str, Any], field: str, code: str
) -> None:
    with pytest.raises(BadCard) as refusal:
        cards.read(content)
    assert (refusal.value.field, refusal.value.code) == (field, code)


@pytest.mark.parametrize("amount", ["-0.5", "999999999999.9999", 12, 19.99])
def test_an_amount_is_kept_as_it_was_written(amount: Any) -> None:
    content = changed(PRODUCT, price={"amount": amount, "currency": "EUR"})
    assert cards.write(cards.read(content))["price"] == {"amount": str(amount), "currency": "EUR"}


def test_a_card_in_words_says_all_that_the_card_says() -> None:
    words = cards.as_text([cards.read(PRODUCT), cards.read(RECEIPT)])
    assert words.split("\n\n") == [
        "鳳梨酥 12 入 · TWD 480\n當日現烤\nhttps://shop.example/cake\n購買: https://shop.example/buy\n• 問問題",
        "ご注文\nA-1021 · 支払い済み\n2 × 抹茶 JPY 1,200.50\n= JPY 2,401",
    ]
