"""The API channel: what an integrator's events become, whose signature is believed, and how answers are written."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from conversations.channels import api, cards, registry
from conversations.channels.base import Account, Hook, PlatformRequest, PlatformResponse
from conversations.channels.errors import DeliveryError, ErrorKind
from conversations.channels.items import (
    AddressChanged,
    AudienceChange,
    DeliveryReport,
    IncomingMessage,
    Item,
    MessageEdited,
    MessageReaction,
    MessageUnsent,
    UnknownItem,
)
from conversations.channels.outgoing import OutgoingFile, OutgoingMessage, QuickReply
from tests.conversations.channels.samples.api import (
    ACCEPTED,
    ACCOUNT,
    ADDRESS,
    SIGNED_AT,
    refusal,
    signature_headers,
)

CHANNEL = registry.open("api")
TRIED_AT = datetime(2026, 11, 1, 12, 30, 15, 900_000, tzinfo=UTC)
MESSAGE = OutgoingMessage(
    address=ADDRESS, text="您好", correlation="message-1", retry_key="key-1", tried_at=TRIED_AT
)


@pytest.fixture(scope="module")
def found() -> dict[str, Item]:
    """The items of the sample events, by the events' ids."""
    body = (Path(__file__).parent / "payloads" / "api" / "events.json").read_bytes()
    return {item.event_id: item for item in CHANNEL.parse(body)}


# --- coming in ---------------------------------------------------------------------------------------------


def test_a_message_has_its_words_its_writer_and_its_time(found: dict[str, Item]) -> None:
    item = found["e-1"]
    assert isinstance(item, IncomingMessage)
    assert (item.account_id, item.address, item.external_id, item.text) == (
        "api_7f3c9b",
        ADDRESS,
        "m-1",
        "請問營業時間 🍎",
    )
    assert (item.sender_name, item.sender_language, item.kind) == ("陳美玲", "zh-TW", "text")
    assert item.referral == {"page": "https://shop.example/tea"}
    assert item.happened_at.timestamp() == 1793584984.5


def test_seconds_and_milliseconds_are_the_same_moment() -> None:
    def happened(at: float) -> datetime:
        event = {"id": "e", "type": "unsend", "at": at, "customer": {"id": "c"}, "message": {"id": "m"}}
        return CHANNEL.parse_element("a", event)[0].happened_at

    assert happened(1793584984) == happened(1793584984000)


def test_only_files_with_a_safe_address_and_a_known_kind_are_taken(found: dict[str, Item]) -> None:
    item = found["e-2"]
    assert isinstance(item, IncomingMessage)
    [picture] = item.attachments
    assert (picture.kind, picture.url, picture.size, picture.mime) == (
        "image",
        "https://files.example/1.jpg",
        1234,
        "image/jpeg",
    )
    assert (item.kind, item.reply_to) == ("attachment", "their-1")


def test_places_stickers_taps_rooms_and_machines_are_told_apart(found: dict[str, Item]) -> None:
    place, sticker, tap, room = (found[f"e-{number}"] for number in (3, 4, 5, 6))
    assert isinstance(place, IncomingMessage) and place.kind == "location"
    assert place.attachments[0].details == {"latitude": 25.03, "longitude": 121.56}
    assert isinstance(sticker, IncomingMessage) and sticker.kind == "sticker"
    assert isinstance(tap, IncomingMessage) and (tap.kind, tap.text, tap.postback) == (
        "postback",
        "Yes",
        "yes",
    )
    assert isinstance(room, IncomingMessage) and (room.thread, room.is_automatic) == ("room-1", True)


def test_what_happens_to_messages_names_them(found: dict[str, Item]) -> None:
    edit, unsend, reaction, taken_back = (found[f"e-{number}"] for number in (8, 10, 11, 12))
    assert isinstance(edit, MessageEdited) and (edit.external_id, edit.text) == ("m-1", "請問週日營業時間")
    assert isinstance(unsend, MessageUnsent) and unsend.external_id == "m-2"
    assert isinstance(reaction, MessageReaction) and reaction.emoji == "❤️"
    assert isinstance(taken_back, MessageReaction) and taken_back.emoji == ""


def test_reports_name_our_message_by_their_id_or_by_ours(found: dict[str, Item]) -> None:
    delivered, read, failed = (found[f"e-{number}"] for number in (13, 14, 15))
    assert isinstance(delivered, DeliveryReport)
    assert (delivered.status, delivered.external_ids, delivered.correlation) == (
        "delivered",
        ("their-1",),
        "",
    )
    assert isinstance(read, DeliveryReport)
    assert read.external_ids == (read.correlation,) == ("0192f0c1-2d3e-7a4b-8c5d-6e7f8091a2b3",)
    assert isinstance(failed, DeliveryReport)
    assert failed.error == DeliveryError(ErrorKind.RECIPIENT_GONE, code="E17", detail="gone")


def test_subscriptions_and_moves_are_told(found: dict[str, Item]) -> None:
    left, moved = found["e-17"], found["e-19"]
    assert isinstance(left, AudienceChange) and left.change == "opted_out"
    assert isinstance(moved, AddressChanged) and moved.new_address == "customer-9001"


@pytest.mark.parametrize("number", [7, 9, 16, 18, 20, 21])
def test_an_event_that_says_too_little_is_kept_as_unknown(found: dict[str, Item], number: int) -> None:
    assert isinstance(found[f"e-{number}"], UnknownItem)


# --- signatures --------------------------------------------------------------------------------------------


def verified(headers: dict[str, str], *, body: bytes = b"{}", arrived_at: float = 0.0) -> bool:
    return CHANNEL.verify(Hook(body=body, headers=headers, arrived_at=arrived_at), ["secret-1"])


def test_a_signature_is_good_for_five_minutes_around_its_time() -> None:
    signed = signature_headers(b"{}", "secret-1")
    assert all(verified(signed, arrived_at=SIGNED_AT + late) for late in (-300, 0, 300))
    assert not any(verified(signed, arrived_at=SIGNED_AT + late) for late in (-301, 301))


def test_the_time_is_signed_too_and_one_of_two_signatures_is_enough() -> None:
    good = signature_headers(b"{}", "secret-1")["x-kontor-signature"]
    other = signature_headers(b"{}", "secret-2")["x-kontor-signature"].partition(",")[2]
    assert verified({"x-kontor-signature": f"{good},{other}"})
    assert not verified({"x-kontor-signature": f"t={SIGNED_AT},{other}"})
    assert not verified({"x-kontor-signature": good.replace(f"t={SIGNED_AT}", f"t={SIGNED_AT + 1}")})
    for odd in ("", "v1=00", f"t=,{other}", good + ",v2=00", good.upper(), f" {good}"):
        assert not verified({"x-kontor-signature": odd})


def test_both_directions_sign_alike() -> None:
    assert {"x-kontor-signature": api.sign(b"{}", "secret-1", SIGNED_AT)} == signature_headers(
        b"{}", "secret-1"
    )


# --- going out ---------------------------------------------------------------------------------------------


def asked(message: OutgoingMessage, account: Account = ACCOUNT) -> tuple[PlatformRequest, dict[str, Any]]:
    requests: list[PlatformRequest] = []

    def system(request: PlatformRequest) -> PlatformResponse:
        requests.append(request)
        return ACCEPTED

    CHANNEL.send(message, account, system)
    [request] = requests
    assert request.content is not None
    return request, json.loads(request.content)


def test_an_answer_is_signed_keyed_and_says_whom_it_is_for() -> None:
    request, content = asked(replace(MESSAGE, sender_name="Bob", reply_to="m-1"))
    assert (request.method, request.url) == ("POST", "http://127.0.0.1:9/kontor/messages")
    assert request.headers["Idempotency-Key"] == "key-1"
    assert request.content is not None
    at = int(TRIED_AT.timestamp())
    assert (
        request.headers["X-Kontor-Signature"]
        == (signature_headers(request.content, "reply-secret-1", at)["x-kontor-signature"])
    )
    assert content == {
        "account": "api_7f3c9b",
        "type": "message",
        "correlation": "message-1",
        "customer": {"id": ADDRESS},
        "text": "您好",
        "author": "Bob",
        "reply_to": "m-1",
    }


def test_files_cards_and_choices_go_as_json() -> None:
    file = OutgoingFile(
        kind="image", name="a.png", mime="image/png", size=3, url="https://f.test/a", read=lambda: b""
    )
    card = {"kind": "product", "title": "金萱", "price": {"amount": "680", "currency": "TWD"}}
    _request, content = asked(
        replace(MESSAGE, files=(file,), cards=(cards.read(card),), quick_replies=(QuickReply("Yes", "yes"),))
    )
    assert content["files"] == [
        {"kind": "image", "name": "a.png", "mime": "image/png", "size": 3, "url": "https://f.test/a"}
    ]
    assert content["cards"] == [card]
    assert content["quick_replies"] == [{"label": "Yes", "payload": "yes"}]


def test_the_address_is_the_settings_where_no_other_is_given() -> None:
    account = replace(ACCOUNT, base_url="", settings={"address": "https://shop.example/kontor/"})
    assert asked(MESSAGE, account)[0].url == "https://shop.example/kontor/messages"
    without_token = replace(ACCOUNT, credentials={"reply_secret": "s"})
    assert "Authorization" not in asked(MESSAGE, without_token)[0].headers


@pytest.mark.parametrize(
    "account, message, code",
    [
        (replace(ACCOUNT, base_url=""), MESSAGE, "no_address"),
        (replace(ACCOUNT, credentials={}), MESSAGE, "no_secret"),
        (ACCOUNT, replace(MESSAGE, tried_at=None), "no_time"),
    ],
)
def test_nothing_goes_out_unsigned_or_nowhere(account: Account, message: OutgoingMessage, code: str) -> None:
    with pytest.raises(DeliveryError) as error:
        asked(message, account)
    assert error.value.code == code and error.value.permanent


def test_a_message_that_they_have_already_counts_as_sent() -> None:
    twice = PlatformResponse(status=409, headers={}, body=b'{"id":"their-1"}')
    assert CHANNEL.send(MESSAGE, ACCOUNT, lambda request: twice).external_id == "their-1"


@pytest.mark.parametrize(
    "answer", [DeliveryError(ErrorKind.UNKNOWN_OUTCOME), refusal(503), refusal(429, retry="1")]
)
def test_every_try_carries_the_key_so_that_it_may_be_made_again(
    answer: PlatformResponse | DeliveryError,
) -> None:
    def system(request: PlatformRequest) -> PlatformResponse:
        if isinstance(answer, DeliveryError):
            raise answer
        return answer

    with pytest.raises(DeliveryError) as error:
        CHANNEL.send(MESSAGE, ACCOUNT, system)
    assert error.value.key_used and not error.value.permanent


def test_a_refusal_may_say_why_and_how_long_to_wait() -> None:
    limited = PlatformResponse(
        status=429, headers={"Retry-After": "7"}, body=b'{"code":"too_many","detail":"slow"}'
    )
    with pytest.raises(DeliveryError) as error:
        CHANNEL.send(MESSAGE, ACCOUNT, lambda request: limited)
    assert (error.value.kind, error.value.code, error.value.detail, error.value.retry_after) == (
        ErrorKind.RATE_LIMITED,
        "too_many",
        "slow",
        7.0,
    )


def test_an_account_without_an_address_is_warned_of() -> None:
    assert CHANNEL.check(ACCOUNT, lambda request: ACCEPTED).warnings == ()
    assert CHANNEL.check(replace(ACCOUNT, base_url=""), lambda request: ACCEPTED).warnings
