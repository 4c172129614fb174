"""Into which messages an answer falls, and what a channel does not take. No database."""

from __future__ import annotations

from typing import Any

import pytest

from conversations import contents
from conversations.channels import cards
from conversations.channels.base import Capabilities, FileLimit
from conversations.channels.cards import Card
from conversations.channels.outgoing import QuickReply, Template
from conversations.contents import Content, ContentRefused, parts_of
from conversations.models import StoredFile

LIMITS = {"image": FileLimit(1000, frozenset({"image/png"})), "file": FileLimit(5000)}


def a_file(name: str = "a.png", mime: str = "image/png", size: int = 10) -> StoredFile:
    return StoredFile(name=name, mime=mime, size=size)


def a_card(kind: str = "product", title: str = "Oolong") -> Card:
    return cards.read({"kind": kind, "title": title, "price": {"amount": "380", "currency": "TWD"}})


def taking(**given: Any) -> Capabilities:
    return Capabilities(**{"text_limit": 20, "file_limits": LIMITS, "quick_replies": 3, **given})


def shape(parts: list[Content]) -> list[tuple[str, int, int, int]]:
    return [(part.text, len(part.files), len(part.cards), len(part.quick_replies)) for part in parts]


def refusal(content: Content, capabilities: Capabilities) -> ContentRefused:
    with pytest.raises(ContentRefused) as caught:
        parts_of(content, capabilities)
    return caught.value


def test_a_text_is_one_message() -> None:
    (part,) = parts_of(Content(text="Hello"), taking())
    assert (part.text, part.kind, part.details, part.preview) == ("Hello", "text", {}, "Hello")


def test_a_text_goes_before_its_files_where_one_message_holds_not_both() -> None:
    content = Content(text="See", files=(a_file("a.png"), a_file("b.png")))
    assert shape(parts_of(content, taking())) == [("See", 0, 0, 0), ("", 1, 0, 0), ("", 1, 0, 0)]


def test_a_text_stands_with_the_first_file_where_it_can() -> None:
    content = Content(text="See", files=(a_file(), a_file(), a_file()))
    parts = parts_of(content, taking(text_with_files=True, files_per_message=2))
    assert shape(parts) == [("See", 2, 0, 0), ("", 1, 0, 0)]
    assert [part.kind for part in parts] == ["attachment", "attachment"]


def test_files_alone_need_no_text() -> None:
    (part,) = parts_of(Content(text="  ", files=(a_file("照片.png"),)), taking())
    assert (part.text, part.kinds, part.preview) == ("", ("image",), "照片.png")


def test_a_picture_that_is_none_for_the_channel_goes_as_a_file() -> None:
    content = Content(files=(a_file(mime="image/gif"), a_file(size=2000), a_file(mime="application/pdf")))
    assert [part.kinds for part in parts_of(content, taking())] == [("file",), ("file",), ("file",)]


@pytest.mark.parametrize(
    ("file", "given", "code", "limit"),
    [
        (a_file(size=5001), {}, "file_too_large", 5000),
        (a_file(size=1001), {"file_limits": {"image": FileLimit(1000)}}, "file_too_large", 1000),
        (a_file(mime="image/gif"), {"file_limits": {"image": LIMITS["image"]}}, "file_type", None),
        (a_file(mime="video/mp4"), {"file_limits": {"image": LIMITS["image"]}}, "file_kind", None),
        (a_file(), {"file_limits": {}}, "file_kind", None),
    ],
)
def test_what_the_channel_does_not_take_is_named(
    file: StoredFile, given: dict[str, Any], code: str, limit: int | None
) -> None:
    refused = refusal(Content(files=(file,)), taking(**given))
    assert (refused.code, refused.limit) == (code, limit)


def test_cards_that_are_drawn_share_messages_and_the_others_stand_alone() -> None:
    content = Content(text="Yours", cards=(a_card(), a_card("order"), a_card(), a_card()))
    parts = parts_of(content, taking(native_cards=frozenset({"product"}), cards_per_message=2))
    assert shape(parts) == [("Yours", 0, 0, 0), ("", 0, 2, 0), ("", 0, 1, 0), ("", 0, 1, 0)]
    assert [card.kind for part in parts for card in part.cards] == ["product", "product", "product", "order"]
    assert parts[1].kind == "card"
    assert parts[1].preview == "Oolong · Oolong"


def test_quick_replies_hang_on_the_last_message() -> None:
    choices = (QuickReply("Yes", "y"), QuickReply("No", "n"))
    content = Content(text="This one?", files=(a_file(),), quick_replies=choices)
    assert shape(parts_of(content, taking())) == [("This one?", 0, 0, 0), ("", 1, 0, 2)]
    assert shape(parts_of(Content(text="Well?", quick_replies=choices), taking())) == [("Well?", 0, 0, 2)]


@pytest.mark.parametrize(
    ("content", "given", "code"),
    [
        (Content(), {}, "text_blank"),
        (Content(text=" \n "), {}, "text_blank"),
        (Content(text="a\x00b"), {}, "text_unreadable"),
        (Content(text="x" * 21), {}, "text_too_long"),
        (Content(text="x", quick_replies=(QuickReply("a", "a"),) * 4), {}, "too_many_quick_replies"),
        (
            Content(text="x", quick_replies=(QuickReply("a", "a"),)),
            {"quick_replies": 0},
            "too_many_quick_replies",
        ),
        (Content(files=(a_file(),) * 11), {}, "too_many_files"),
        (Content(cards=(a_card(),) * 11), {}, "too_many_cards"),
        (Content(text="x", template=Template(name="t", language="en")), {}, "no_templates"),
        (
            Content(text="x", template=Template(name="t", language="en"), cards=(a_card(),)),
            {"takes_templates": True},
            "template_alone",
        ),
    ],
)
def test_what_cannot_be_sent_is_refused(content: Content, given: dict[str, Any], code: str) -> None:
    assert refusal(content, taking(**given)).code == code


def test_a_template_is_one_message_whatever_its_length() -> None:
    template = Template(name="order_update", language="zh_TW", parts={"body": ("A-1",)})
    content = Content(text="x" * 500, files=(a_file(),), template=template)
    (part,) = parts_of(content, taking(takes_templates=True))
    assert (part.kind, part.kinds, len(part.text)) == ("template", ("image",), 500)


def test_what_stands_in_the_details_reads_back_the_same() -> None:
    content = Content(
        cards=(a_card(), a_card("order", "A-1021")),
        quick_replies=(QuickReply("Yes", "y"),),
        template=Template(name="t", language="ja", parts={"body": ("一", "二"), "button:0": ("x",)}),
    )
    assert contents.stored(content.details) == content
    assert contents.stored({"postback": "x"}) == Content()
