"""What we send to LINE, read by LINE's own library; what LINE refuses is never tried."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from linebot.v3.messaging import PushMessageRequest

from conversations.channels.base import PlatformRequest, PlatformResponse
from conversations.channels.cards import Button, Card, CardKind, CardLine, Money
from conversations.channels.errors import DeliveryError, ErrorKind
from conversations.channels.items import IncomingAttachment
from conversations.channels.line import Line
from conversations.channels.outgoing import OutgoingFile, OutgoingMessage, QuickReply
from tests.conversations.channels.samples.line import ACCEPTED, ACCOUNT, ADDRESS, refusal

CHANNEL = Line()
MESSAGE = OutgoingMessage(
    address=ADDRESS, text="您好", correlation="message-1", retry_key="0b54ac9e-6a1c-4d2e-9a43-0d9c5f4f2a10"
)
PRODUCT = Card(
    kind=CardKind.PRODUCT,
    title="鳳梨酥 12 入",
    text="當日現烤",
    picture_url="https://shop.example/cake.jpg",
    url="https://shop.example/cake",
    price=Money(Decimal(480), "TWD"),
    buttons=(Button("購買", url="https://shop.example/buy"), Button("問問題", payload="ASK")),
)
RECEIPT = Card(
    kind=CardKind.RECEIPT,
    title="ご注文",
    number="A-1021",
    status="支払い済み",
    lines=(CardLine("抹茶", 2, Money(Decimal("1200.50"), "JPY")), CardLine("袋")),
    total=Money(Decimal(2401), "JPY"),
)


MIMES = {"image": "image/png", "video": "video/mp4", "audio": "audio/mpeg", "file": "application/pdf"}


def file(kind: str, **changes: Any) -> OutgoingFile:
    address = f"https://files.example/{kind}"
    plain = OutgoingFile(
        kind=kind,
        name=f"{kind}.bin",
        mime=MIMES[kind],
        size=800_000,
        url=address,
        read=lambda: b"",
        preview_url=f"{address}.small",
        seconds=2.5,
    )
    return replace(plain, **changes)


def pushed(message: OutgoingMessage) -> list[dict[str, Any]]:
    """The message objects of a push, after LINE's library has read them and lost nothing."""
    requests: list[PlatformRequest] = []

    def platform(request: PlatformRequest) -> PlatformResponse:
        requests.append(request)
        return ACCEPTED

    CHANNEL.send(message, ACCOUNT, platform)
    [request] = requests
    judged = PushMessageRequest.from_dict(request.json)
    assert judged is not None
    require_within(request.json, judged.to_dict())
    found: list[dict[str, Any]] = request.json["messages"]
    return found


def require_within(ours: Any, theirs: Any) -> None:
    """Everything that we wrote is what was read; the reader may add its defaults."""
    if isinstance(ours, dict):
        for name, value in ours.items():
            require_within(value, theirs[name])
    elif isinstance(ours, list):
        assert len(ours) == len(theirs)
        for one, other in zip(ours, theirs, strict=True):
            require_within(one, other)
    else:
        assert ours == theirs


def refused(message: OutgoingMessage) -> DeliveryError:
    with pytest.raises(DeliveryError) as error:
        CHANNEL.send(message, ACCOUNT, pytest.fail)
    return error.value


def words_of(contents: dict[str, Any]) -> list[str]:
    """Every text of a flex container, from top to bottom."""
    found = [contents["text"]] if contents.get("type") == "text" else []
    for part in ("body", "footer"):
        found += words_of(contents[part]) if part in contents else []
    inner = contents.get("contents", [])
    return found + [text for each in inner for text in words_of(each)]


# --- files -------------------------------------------------------------------------------------------------


def test_a_picture_goes_out_by_its_address_with_its_small_one() -> None:
    text, picture = pushed(replace(MESSAGE, files=(file("image"),)))
    assert text == {"type": "text", "text": "您好"}
    assert picture == {
        "type": "image",
        "originalContentUrl": "https://files.example/image",
        "previewImageUrl": "https://files.example/image.small",
    }


def test_a_small_picture_is_its_own_preview_and_a_large_one_becomes_a_link() -> None:
    [small] = pushed(replace(MESSAGE, text="", files=(file("image", preview_url=""),)))
    assert small["previewImageUrl"] == "https://files.example/image"
    [large] = pushed(replace(MESSAGE, text="", files=(file("image", preview_url="", size=5_000_000),)))
    assert large["type"] == "flex"


def test_films_and_sounds_play_where_line_gets_what_it_needs() -> None:
    film, sound = pushed(replace(MESSAGE, text="", files=(file("video"), file("audio"))))
    assert (film["type"], film["previewImageUrl"]) == ("video", "https://files.example/video.small")
    assert (sound["type"], sound["duration"]) == ("audio", 2500)
    links = pushed(
        replace(MESSAGE, text="", files=(file("video", preview_url=""), file("audio", seconds=None)))
    )
    assert [each["type"] for each in links] == ["flex", "flex"]


def test_a_paper_becomes_a_card_with_name_size_and_a_button_that_opens_it() -> None:
    paper = file("file", name="領収書.pdf", size=2_138_000)
    [sent] = pushed(replace(MESSAGE, text="", files=(paper,)))
    assert sent["altText"] == "領収書.pdf"
    assert words_of(sent["contents"]) == ["領収書.pdf", "2.1 MB"]
    [button] = sent["contents"]["footer"]["contents"]
    assert button["action"] == {"type": "uri", "label": "⬇ PDF", "uri": paper.url}


def test_what_line_does_not_take_is_refused_before_the_call() -> None:
    assert refused(replace(MESSAGE, files=(file("image", mime="image/webp"),))).kind is ErrorKind.MEDIA
    assert refused(replace(MESSAGE, files=(file("image", size=10_000_001),))).code == "file_too_large"
    assert (
        refused(replace(MESSAGE, files=(file("file", url="https://f.example/" + "x" * 2000),))).code
        == "url_too_long"
    )
    assert refused(replace(MESSAGE, files=(file("image"),) * 4)).code == "too_many_files"
    assert len(pushed(replace(MESSAGE, files=(file("image"),) * 3, cards=(PRODUCT,)))) == 5


# --- cards and quick replies -------------------------------------------------------------------------------


def test_a_product_is_drawn_with_picture_price_and_buttons() -> None:
    [sent] = pushed(replace(MESSAGE, text="", cards=(PRODUCT,)))
    assert sent["altText"].startswith("鳳梨酥 12 入 · TWD 480")
    bubble = sent["contents"]
    assert (bubble["type"], bubble["hero"]["url"]) == ("bubble", PRODUCT.picture_url)
    assert words_of(bubble) == ["鳳梨酥 12 入", "TWD 480", "當日現烤"]
    assert [button["action"] for button in bubble["footer"]["contents"]] == [
        {"type": "uri", "label": "購買", "uri": "https://shop.example/buy"},
        {"type": "postback", "label": "問問題", "data": "ASK", "displayText": "問問題"},
    ]


def test_an_order_shows_its_lines_and_its_total() -> None:
    [sent] = pushed(replace(MESSAGE, text="", cards=(RECEIPT,)))
    assert words_of(sent["contents"]) == [
        "ご注文", "A-1021 · 支払い済み", "2 × 抹茶", "JPY 1,200.50", "袋", "=", "JPY 2,401",
    ]  # fmt: skip


def test_several_cards_stand_side_by_side_and_too_large_ones_become_words() -> None:
    [sent] = pushed(replace(MESSAGE, text="", cards=(PRODUCT, RECEIPT)))
    assert [bubble["type"] for bubble in sent["contents"]["contents"]] == ["bubble", "bubble"]
    long_list = replace(RECEIPT, lines=tuple(CardLine("名" * 80, n) for n in range(1, 51)))
    [words] = pushed(replace(MESSAGE, text="", cards=(long_list,)))
    assert words["type"] == "text" and "50 × 名" in words["text"]
    assert refused(replace(MESSAGE, text="", cards=(long_list, long_list))).code == "card_too_large"


def test_quick_replies_stand_below_the_last_part() -> None:
    replies = (QuickReply("はい", "YES"), QuickReply("いいえ", ""))
    text, card = pushed(replace(MESSAGE, cards=(PRODUCT,), quick_replies=replies))
    assert "quickReply" not in text
    actions = [item["action"] for item in card["quickReply"]["items"]]
    assert [(each["label"], each["data"]) for each in actions] == [("はい", "YES"), ("いいえ", "いいえ")]
    assert refused(replace(MESSAGE, quick_replies=replies * 7)).code == "too_many_quick_replies"
    assert refused(replace(MESSAGE, quick_replies=(QuickReply("x", "y" * 301),))).code == "payload_too_long"


def test_the_agents_name_stands_on_every_part() -> None:
    parts = pushed(replace(MESSAGE, sender_name="Mei", files=(file("image"),), cards=(PRODUCT,)))
    assert [each["sender"] for each in parts] == [{"name": "Mei"}] * 3


# --- files that came in ------------------------------------------------------------------------------------


def asked_for(kind: str, *answers: PlatformResponse, **attachment: str) -> PlatformRequest | None:
    left = list(answers)
    return CHANNEL.file_request(
        IncomingAttachment(kind=kind, **attachment), ACCOUNT, lambda _request: left.pop(0)
    )


def test_a_picture_is_fetched_by_its_id_and_one_of_a_third_party_by_its_address() -> None:
    picture = asked_for("image", media_id="588/1")
    assert picture is not None and picture.url == f"{ACCOUNT.base_url}/v2/bot/message/588%2F1/content"
    assert picture.headers == {"Authorization": "Bearer channel-token-1"}
    theirs = asked_for("image", url="https://shop.example/v.jpg")
    assert theirs is not None and (theirs.url, theirs.headers) == ("https://shop.example/v.jpg", {})
    assert asked_for("location") is None
    own = CHANNEL.file_request(
        IncomingAttachment(kind="image", media_id="5"), replace(ACCOUNT, base_url=""), pytest.fail
    )
    assert own is not None and own.url == "https://api-data.line.me/v2/bot/message/5/content"


def status(word: str) -> PlatformResponse:
    return PlatformResponse(status=200, headers={}, body=f'{{"status":"{word}"}}'.encode())


def test_a_film_is_fetched_when_line_has_it_ready() -> None:
    film = asked_for("video", status("succeeded"), media_id="5")
    assert film is not None and film.url.endswith("/5/content")
    for answer, kind in (
        (status("processing"), ErrorKind.TEMPORARY),
        (status("failed"), ErrorKind.MEDIA),
        (refusal(410), ErrorKind.MEDIA),
        (refusal(401), ErrorKind.AUTH_EXPIRED),
    ):
        with pytest.raises(DeliveryError) as error:
            asked_for("audio", answer, media_id="5")
        assert error.value.kind is kind
