"""Our cards as Meta's templates."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.channels import graph_cards
from conversations.channels.cards import Button, Card, CardKind, CardLine, Money

BUY, ASK = Button("購買", url="https://shop.example/buy"), Button("問問題", payload="ASK")
PRODUCT = Card(
    kind=CardKind.PRODUCT,
    title="鳳梨酥 12 入",
    text="當日現烤",
    picture_url="https://shop.example/cake.jpg",
    url="https://shop.example/cake",
    price=Money(Decimal(480), "TWD"),
    buttons=(BUY, ASK),
)
RECEIPT = Card(
    kind=CardKind.RECEIPT,
    title="陳美玲",
    number="A-1021",
    status="Visa 4242",
    url="https://shop.example/A-1021",
    lines=(CardLine("抹茶", 2, Money(Decimal("1200.50"), "JPY"), "https://shop.example/tea.jpg"),),
    total=Money(Decimal("2401"), "JPY"),
)
SHIPPING = Card(
    kind=CardKind.SHIPPING,
    title="Your parcel",
    number="RR123456785JP",
    status="On its way",
    url="https://track.example/RR123456785JP",
)


def drawn(*shown: Card, text: str = "", receipts: bool = True) -> dict[str, Any] | None:
    return graph_cards.template(shown, text, draws_receipts=receipts)


def test_a_product_is_an_element_with_picture_price_and_buttons() -> None:
    assert drawn(PRODUCT) == {
        "template_type": "generic",
        "elements": [
            {
                "title": "鳳梨酥 12 入 · TWD 480",
                "subtitle": "當日現烤",
                "image_url": "https://shop.example/cake.jpg",
                "buttons": [
                    {"type": "web_url", "title": "購買", "url": "https://shop.example/buy"},
                    {"type": "postback", "title": "問問題", "payload": "ASK"},
                ],
                "default_action": {"type": "web_url", "url": "https://shop.example/cake"},
            }
        ],
    }


def test_several_cards_are_a_row() -> None:
    row = drawn(PRODUCT, SHIPPING)
    assert row is not None
    assert [element["title"] for element in row["elements"]] == ["鳳梨酥 12 入 · TWD 480", "Your parcel"]
    assert row["elements"][1]["subtitle"] == "RR123456785JP · On its way"


def test_a_long_description_of_a_product_is_cut_and_a_long_price_moves_down() -> None:
    long = drawn(replace(PRODUCT, text="x" * 200, title="長" * 79))
    assert long is not None
    [element] = long["elements"]
    assert element["title"] == "長" * 79
    assert element["subtitle"].startswith("TWD 480 · x") and len(element["subtitle"]) == 80
    assert element["subtitle"].endswith("…")


def test_a_parcel_is_words_with_a_button_that_leads_to_it() -> None:
    assert drawn(SHIPPING) == {
        "template_type": "button",
        "text": "Your parcel\nRR123456785JP · On its way",
        "buttons": [
            {"type": "web_url", "title": "Your parcel", "url": "https://track.example/RR123456785JP"}
        ],
    }


def test_a_text_stands_above_the_card_that_it_belongs_to() -> None:
    button = drawn(SHIPPING, text=" Here it is: ")
    assert button is not None and button["text"].startswith("Here it is:\n\nYour parcel")


def test_a_receipt_is_drawn_where_the_platform_can() -> None:
    assert drawn(RECEIPT) == {
        "template_type": "receipt",
        "recipient_name": "陳美玲",
        "order_number": "A-1021",
        "currency": "JPY",
        "payment_method": "Visa 4242",
        "order_url": "https://shop.example/A-1021",
        "summary": {"total_cost": 2401.0},
        "elements": [
            {
                "title": "抹茶",
                "quantity": 2,
                "price": 1200.5,
                "currency": "JPY",
                "image_url": "https://shop.example/tea.jpg",
            }
        ],
    }
    without = drawn(RECEIPT, receipts=False)
    assert without is not None and without["template_type"] == "button" and "= JPY 2,401" in without["text"]


@pytest.mark.parametrize(
    "changes",
    [
        {"number": ""},
        {"total": None},
        {"text": "Thank you"},
        {"lines": (CardLine("抹茶", 2),)},
        {"lines": (CardLine("抹茶", 2, Money(Decimal(5), "TWD")),)},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_a_receipt_that_lacks_what_meta_wants_is_words(changes: dict[str, Any]) -> None:
    template = drawn(replace(RECEIPT, **changes))
    assert template is not None and template["template_type"] == "button"


@pytest.mark.parametrize(
    "shown, text",
    [
        ([Card(kind=CardKind.PRODUCT, title="Only a title")], ""),
        ([replace(SHIPPING, url="")], ""),
        ([replace(SHIPPING, text="x" * 640)], ""),
        ([PRODUCT, Card(kind=CardKind.PRODUCT, title="Only a title")], ""),
        ([PRODUCT, replace(SHIPPING, text="x" * 80)], ""),
        ([PRODUCT, PRODUCT], "with a text"),
    ],
)
def test_what_no_template_holds_is_left_to_words(shown: list[Card], text: str) -> None:
    assert drawn(*shown, text=text) is None


words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=100)
any_card = st.builds(
    Card,
    kind=st.sampled_from(CardKind),
    title=words.map(lambda title: title[:80]),
    text=st.text(max_size=640),
    picture_url=st.sampled_from(["", "https://a.example/p.jpg"]),
    url=st.sampled_from(["", "https://a.example/"]),
    price=st.sampled_from([None, Money(Decimal("9.99"), "EUR")]),
    number=words,
    status=words,
    lines=st.lists(st.builds(CardLine, name=words), max_size=3).map(tuple),
    total=st.sampled_from([None, Money(Decimal(5), "EUR")]),
    buttons=st.lists(st.sampled_from([BUY, ASK]), max_size=3).map(tuple),
)


@given(shown=st.lists(any_card, min_size=1, max_size=10), text=st.text(max_size=30), receipts=st.booleans())
def test_every_template_keeps_metas_limits(shown: list[Card], text: str, receipts: bool) -> None:
    template = drawn(*shown, text=text, receipts=receipts)
    if template is None:
        return
    parts = template["elements"] if template["template_type"] == "generic" else [template]
    for part in parts:
        assert len(part.get("title", "")) <= 80 and len(part.get("subtitle", "")) <= 80
        assert len(part.get("buttons", ())) <= 3
        assert all(0 < len(button["title"]) <= 20 for button in part.get("buttons", ()))
    if template["template_type"] == "generic":
        assert len(parts) <= 10 and all({"subtitle", "image_url", "buttons"} & set(part) for part in parts)
    if template["template_type"] == "button":
        assert 0 < len(template["text"]) <= 640 and template["buttons"]
