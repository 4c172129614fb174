"""The website chat: our own channel."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from conversations.channels.base import PlatformRequest, PlatformResponse, Sent
from conversations.channels.items import DeliveryReport, IncomingMessage, JsonObject, UnknownItem
from conversations.channels.outgoing import OutgoingMessage
from conversations.channels.widget import Widget
from tests.conversations.channels.samples.widget import ACCOUNT, message_element

CHANNEL = Widget()
PAYLOAD = Path(__file__).parent / "payloads" / "widget" / "messages.json"


def test_a_visitors_message_is_read_with_the_page_it_was_written_on() -> None:
    first, second, *_ = CHANNEL.parse(PAYLOAD.read_bytes())
    assert first == IncomingMessage(
        account_id="site_7f3c9b",
        event_id="0b54ac9e-6a1c-4d2e-9a43-0d9c5f4f2a10",
        happened_at=datetime(2026, 11, 2, 2, 3, 4, 500_000, tzinfo=UTC),
        raw=first.raw,
        address="visitor_1",
        external_id="0b54ac9e-6a1c-4d2e-9a43-0d9c5f4f2a10",
        text="請問有 M 號嗎?",
        referral={
            "url": "https://shop.example/p/55",
            "title": "Autumn coat",
            "referrer": "https://search.example/",
        },
        sender_language="zh-Hant-TW",
    )
    assert isinstance(second, IncomingMessage) and second.referral == {} and second.sender_language == ""


@pytest.mark.parametrize(
    "changes",
    [{"id": "1"}, {"id": None}, {"visitor": ""}, {"visitor": {}}, {"text": " \n"}, {"text": ["hello"]}],
    ids=str,
)
def test_an_element_without_id_visitor_or_text_is_no_message(changes: JsonObject) -> None:
    element = message_element("m-1", "hello")
    [good], [odd] = (CHANNEL.parse_element("site", raw) for raw in (element, {**element, **changes}))
    assert isinstance(good, IncomingMessage)
    assert isinstance(odd, UnknownItem)


def test_how_far_a_visitor_read_is_a_report_of_reading() -> None:
    [seen] = CHANNEL.parse_element(
        "site", {"visitor": "visitor_1", "at": 1793584990000, "seen_until": 1793584984500}
    )
    assert isinstance(seen, DeliveryReport) and (seen.address, seen.status) == ("visitor_1", "read")
    assert seen.watermark == datetime(2026, 11, 2, 2, 3, 4, 500_000, tzinfo=UTC)


@pytest.mark.parametrize("seen_until", [None, "soon", 10**30, -1], ids=str)
def test_a_nonsense_time_of_reading_marks_nothing_as_read(seen_until: object) -> None:
    [item] = CHANNEL.parse_element(
        "site", {"visitor": "visitor_1", "at": 1793584990000, "seen_until": seen_until}
    )
    assert isinstance(item, UnknownItem)


def test_one_id_written_in_two_ways_is_one_message() -> None:
    element = message_element("m-1", "hello")
    [lower], [upper] = (
        CHANNEL.parse_element("site", {**element, "id": change(str(element["id"]))})
        for change in (str.lower, str.upper)
    )
    assert lower.event_id == upper.event_id


def test_what_the_page_tells_of_itself_is_bounded() -> None:
    page = {"url": "u" * 10_000, "language": "l" * 10_000, "cookies": "secret", "title": {"a": 1}}
    [item] = CHANNEL.parse_element("site", {**message_element("m-1", "hello"), "page": page})
    assert isinstance(item, IncomingMessage)
    assert item.referral == {"url": "u" * 2_000} and item.sender_language == "l" * 35


def test_an_answer_is_sent_by_standing_in_the_log() -> None:
    def platform(request: PlatformRequest) -> PlatformResponse:
        raise AssertionError("there is no platform to call")

    message = OutgoingMessage(address="visitor_1", text="您好", correlation="message-1", retry_key="key")
    assert CHANNEL.send(message, ACCOUNT, platform) == Sent(external_id="")
