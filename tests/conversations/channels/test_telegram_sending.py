"""Telegram, written as the platform reads it."""

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from telegram import InlineKeyboardMarkup

from conversations.channels.base import AccountCheck, PlatformRequest, PlatformResponse, Profile, Sent
from conversations.channels.cards import Button, Card, CardKind, CardLine, Money
from conversations.channels.errors import DeliveryError, ErrorKind
from conversations.channels.items import IncomingAttachment
from conversations.channels.outgoing import OutgoingFile, OutgoingMessage, QuickReply
from conversations.channels.telegram import Telegram
from conversations.channels.telegram_account import UPDATES
from tests.conversations.channels.asking import Asked, answered
from tests.conversations.channels.samples.telegram import ACCEPTED, ACCOUNT, ADDRESS, SENT_ID, TOKEN, refusal

CHANNEL = Telegram()
MESSAGE = OutgoingMessage(address=ADDRESS, text="您好", correlation="message-1", retry_key="key-1")
PRODUCT = Card(
    kind=CardKind.PRODUCT,
    title="<Tea> & cake",
    text="a < b",
    picture_url="https://shop.example/cake.jpg",
    url="https://shop.example/cake?a=1&b=2",
    price=Money(Decimal(480), "TWD"),
    buttons=(Button("購買", url="https://shop.example/buy"), Button("問問題", payload="ASK")),
)
RECEIPT = Card(
    kind=CardKind.RECEIPT, title="ご注文", lines=(CardLine("抹茶", 2),), total=Money(Decimal(2401), "JPY")
)
BY_URL_REFUSED = refusal(400, "Bad Request: failed to get HTTP URL content")


def sent(message: OutgoingMessage) -> PlatformRequest:
    """The only call, whose keyboard another library reads."""
    platform = Asked(ACCEPTED)
    assert CHANNEL.send(message, ACCOUNT, platform) == Sent(external_id=SENT_ID)
    [request] = platform.requests
    keyboard = (request.json or {}).get("reply_markup")
    if keyboard:
        judged = InlineKeyboardMarkup.de_json(keyboard, None)
        assert judged is not None and judged.to_dict() == keyboard
    return request


def refused(message: OutgoingMessage, *answers: PlatformResponse) -> DeliveryError:
    with pytest.raises(DeliveryError) as error:
        CHANNEL.send(message, ACCOUNT, Asked(*answers))
    return error.value


def file(kind: str, mime: str, **changes: Any) -> OutgoingFile:
    given: dict[str, Any] = {
        "name": "a file",
        "size": 1000,
        "url": "https://files.example/1",
        "read": lambda: b"bytes",
    }
    return OutgoingFile(kind=kind, mime=mime, **{**given, **changes})


# --- text --------------------------------------------------------------------------------------------------


def test_a_text_goes_to_the_chat_with_the_token_in_the_address_that_is_called_only() -> None:
    request = sent(MESSAGE)
    assert request.url == f"{ACCOUNT.base_url}/bot{{secret}}/sendMessage"
    assert request.address == f"{ACCOUNT.base_url}/bot{TOKEN}/sendMessage"
    assert TOKEN not in repr(request)
    assert request.json == {"chat_id": ADDRESS, "text": "您好"}


def test_an_answer_names_the_message_that_is_answered() -> None:
    content = sent(replace(MESSAGE, reply_to=f"{ADDRESS}:57")).json
    assert content["reply_parameters"] == {"message_id": 57, "allow_sending_without_reply": True}
    assert "reply_parameters" not in sent(replace(MESSAGE, reply_to="tap:4382bfd")).json


def test_a_group_that_moved_is_written_to_under_its_new_id() -> None:
    moved = refusal(
        400, "Bad Request: group chat was upgraded to a supergroup chat", migrate_to_chat_id=-1001234567890
    )
    platform = Asked(moved, ACCEPTED)
    assert CHANNEL.send(replace(MESSAGE, address="-4012345678"), ACCOUNT, platform).external_id == SENT_ID
    assert [request.json["chat_id"] for request in platform.requests] == ["-4012345678", "-1001234567890"]
    assert refused(MESSAGE, moved, moved).kind is ErrorKind.RECIPIENT_GONE


def test_a_bot_that_is_too_fast_is_told_how_long_to_wait() -> None:
    error = refused(MESSAGE, refusal(429, "Too Many Requests: retry after 17", retry_after=17))
    assert (error.kind, error.retry_after, error.permanent) == (ErrorKind.RATE_LIMITED, 17.0, False)
    assert (error.code, error.detail) == ("429", "Too Many Requests: retry after 17")


# --- files -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind, mime, method, part",
    [
        ("image", "image/jpeg", "sendPhoto", "photo"),
        ("video", "video/mp4", "sendVideo", "video"),
        ("audio", "audio/mpeg", "sendAudio", "audio"),
        ("file", "application/pdf", "sendDocument", "document"),
    ],
)
def test_a_file_that_telegram_fetches_goes_out_by_its_address(
    kind: str, mime: str, method: str, part: str
) -> None:
    request = sent(replace(MESSAGE, text="", files=(file(kind, mime),)))
    assert request.url.endswith(f"/{method}")
    assert request.json == {"chat_id": ADDRESS, part: "https://files.example/1"}


@pytest.mark.parametrize(
    "given",
    [
        file("file", "text/csv"),
        file("image", "image/webp"),
        file("image", "image/png", size=6_000_000),
        file("video", "video/mp4", url=""),
    ],
    ids=["csv", "webp", "large", "no address"],
)
def test_any_other_file_is_uploaded(given: OutgoingFile) -> None:
    request = sent(replace(MESSAGE, text="", files=(given,), quick_replies=(QuickReply("好", "OK"),)))
    [part] = request.files
    assert (part.name, part.mime, part.content) == ("a file", given.mime, b"bytes")
    assert request.json is None and request.form is not None and request.form["chat_id"] == ADDRESS
    assert json.loads(request.form["reply_markup"]) == {
        "inline_keyboard": [[{"text": "好", "callback_data": "OK"}]]
    }


def test_an_address_that_telegram_cannot_fetch_leads_to_an_upload_in_the_same_turn() -> None:
    platform = Asked(BY_URL_REFUSED, ACCEPTED)
    CHANNEL.send(replace(MESSAGE, text="", files=(file("image", "image/png"),)), ACCOUNT, platform)
    assert [bool(request.files) for request in platform.requests] == [False, True]
    once = Asked(refusal(403, "Forbidden: bot was blocked by the user"))
    with pytest.raises(DeliveryError):
        CHANNEL.send(replace(MESSAGE, text="", files=(file("image", "image/png"),)), ACCOUNT, once)
    assert len(once.requests) == 1


def test_what_telegram_does_not_take_is_refused_before_the_call() -> None:
    assert (
        refused(replace(MESSAGE, text="", files=(file("image", "image/png", size=10_000_001),))).code
        == "file_too_large"
    )
    assert refused(replace(MESSAGE, text="", files=(file("file", "text/csv"),) * 2)).code == "too_many_files"


# --- cards and quick replies -------------------------------------------------------------------------------


def test_a_card_is_a_picture_with_words_and_buttons() -> None:
    request = sent(replace(MESSAGE, text="", cards=(PRODUCT,)))
    assert request.url.endswith("/sendPhoto")
    assert request.json == {
        "chat_id": ADDRESS,
        "photo": "https://shop.example/cake.jpg",
        "caption": '<b><a href="https://shop.example/cake?a=1&amp;b=2">'
        "&lt;Tea&gt; &amp; cake · TWD 480</a></b>\na &lt; b",
        "parse_mode": "HTML",
        "reply_markup": {
            "inline_keyboard": [
                [{"text": "購買", "url": "https://shop.example/buy"}],
                [{"text": "問問題", "callback_data": "ASK"}],
            ]
        },
    }


def test_a_card_whose_picture_cannot_be_fetched_goes_out_without_it() -> None:
    platform = Asked(BY_URL_REFUSED, ACCEPTED)
    CHANNEL.send(replace(MESSAGE, text="", cards=(PRODUCT,)), ACCOUNT, platform)
    with_picture, without = (request.json for request in platform.requests)
    assert without["text"] == with_picture["caption"] and "photo" not in without
    assert without["reply_markup"] == with_picture["reply_markup"]


def test_a_card_beside_a_file_is_refused() -> None:
    both = replace(MESSAGE, text="", cards=(PRODUCT,), files=(file("image", "image/png"),))
    assert refused(both).code == "card_with_file"


def test_several_cards_and_long_ones_are_one_text() -> None:
    content = sent(replace(MESSAGE, cards=(RECEIPT, RECEIPT))).json
    assert content["text"] == "您好\n\n" + "\n\n".join(["<b>ご注文</b>\n2 × 抹茶\n= JPY 2,401"] * 2)
    long = replace(PRODUCT, lines=tuple(CardLine("名" * 60, n) for n in range(2, 22)))
    assert sent(replace(MESSAGE, cards=(long,))).url.endswith("/sendMessage")
    longer = replace(PRODUCT, lines=tuple(CardLine("名" * 80, n) for n in range(2, 52)))
    assert refused(replace(MESSAGE, cards=(longer,))).code == "text_too_long"


def test_quick_replies_stand_two_in_a_row() -> None:
    replies = (QuickReply("はい", "YES"), QuickReply("いいえ", "NO"), QuickReply("未定", ""))
    rows = sent(replace(MESSAGE, quick_replies=replies)).json["reply_markup"]["inline_keyboard"]
    assert [[button["callback_data"] for button in row] for row in rows] == [["YES", "NO"], ["未定"]]
    fits, too_long = QuickReply("x", "y" * 64), QuickReply("x", "長" * 22)
    assert sent(replace(MESSAGE, quick_replies=(fits,)))
    assert refused(replace(MESSAGE, quick_replies=(too_long,))).code == "payload_too_long"


# --- files that came in, people ----------------------------------------------------------------------------


def test_a_file_is_fetched_by_the_path_that_telegram_names() -> None:
    platform = Asked(answered({"ok": True, "result": {"file_id": "f", "file_path": "photos/file 0.jpg"}}))
    request = CHANNEL.file_request(IncomingAttachment(kind="image", media_id="f/1&x=2"), ACCOUNT, platform)
    assert request is not None
    assert request.url == f"{ACCOUNT.base_url}/file/bot{{secret}}/photos/file%200.jpg"
    assert request.address == f"{ACCOUNT.base_url}/file/bot{TOKEN}/photos/file%200.jpg"
    assert platform.requests[0].url.endswith("/getFile?file_id=f%2F1%26x%3D2")
    assert CHANNEL.file_request(IncomingAttachment(kind="location"), ACCOUNT, Asked()) is None


def test_a_file_that_is_too_big_or_has_no_path_cannot_be_fetched() -> None:
    for answer in (refusal(400, "Bad Request: file is too big"), answered({"ok": True, "result": {}})):
        with pytest.raises(DeliveryError) as error:
            CHANNEL.file_request(IncomingAttachment(kind="file", media_id="f"), ACCOUNT, Asked(answer))
        assert error.value.kind is ErrorKind.MEDIA


def test_a_profile_names_a_person_or_a_group() -> None:
    def profile(answer: PlatformResponse) -> Profile:
        return CHANNEL.fetch_profile(ADDRESS, ACCOUNT, Asked(answer))

    person = {"id": 5, "type": "private", "first_name": "美玲", "last_name": "陳"}
    assert profile(answered({"ok": True, "result": person})) == Profile(name="陳美玲")
    assert profile(answered({"ok": True, "result": {"id": -5, "title": "VIP"}})) == Profile(name="VIP")
    assert profile(refusal(400, "Bad Request: chat not found")) == Profile()
    with pytest.raises(DeliveryError) as error:
        profile(refusal(401, "Unauthorized"))
    assert error.value.kind is ErrorKind.AUTH_EXPIRED


# --- the account -------------------------------------------------------------------------------------------

HOOK = "https://desk.example/hooks/telegram/key"
CONNECTED = replace(ACCOUNT, hook_url=HOOK, hook_secret="s3cret")
ME = answered(
    {
        "ok": True,
        "result": {"id": 7100000001, "is_bot": True, "first_name": "山海", "username": "shanhai_bot"},
    }
)
DONE = answered({"ok": True, "result": True})


def info(url: str = HOOK, **more: Any) -> PlatformResponse:
    return answered(
        {
            "ok": True,
            "result": {"url": url, "allowed_updates": list(UPDATES), "pending_update_count": 0, **more},
        }
    )


@pytest.mark.parametrize(
    "before", [info(""), info(), info(allowed_updates=["message"])], ids=["none", "ours", "ours, too short"]
)
def test_a_bot_with_no_webhook_or_ours_is_told_ours_with_its_secret(before: PlatformResponse) -> None:
    platform = Asked(ME, before, DONE)
    assert CHANNEL.check(CONNECTED, platform) == AccountCheck(
        name="山海 @shanhai_bot", figures={"updates_waiting": 0}
    )
    setting = platform.requests[2]
    assert setting.url.endswith("/setWebhook")
    assert setting.json == {"url": HOOK, "secret_token": "s3cret", "allowed_updates": list(UPDATES)}


def test_a_secret_that_telegram_does_not_take_is_an_error() -> None:
    illegal = refusal(400, "Bad Request: secret token contains illegal characters")
    with pytest.raises(DeliveryError) as error:
        CHANNEL.check(CONNECTED, Asked(ME, info(), illegal))
    assert error.value.kind is ErrorKind.BAD_REQUEST


@pytest.mark.parametrize(
    "account", [ACCOUNT, replace(CONNECTED, hook_url="http://localhost/hooks/telegram/key")]
)
def test_where_no_public_address_is_known_nothing_is_set(account: Any) -> None:
    [warning] = CHANNEL.check(account, Asked(ME, info(""))).warnings
    assert "no webhook" in warning


def test_a_webhook_of_somebody_else_is_told_and_left_alone() -> None:
    platform = Asked(ME, info("https://other.example/"))
    [warning] = CHANNEL.check(CONNECTED, platform).warnings
    assert "another address" in warning and len(platform.requests) == 2


def test_updates_that_wait_are_told_until_they_are_through() -> None:
    trouble = {"last_error_date": 1793585600, "last_error_message": "Connection timed out"}
    found = CHANNEL.check(CONNECTED, Asked(ME, info(pending_update_count=12, **trouble), DONE))
    assert ("waiting" in found.warnings[0], found.figures) == (True, {"updates_waiting": 12})
    assert CHANNEL.check(CONNECTED, Asked(ME, info(**trouble), DONE)).warnings == ()


def test_another_bots_token_is_told_and_that_bot_is_left_alone() -> None:
    platform = Asked(ME, info(""))
    found = CHANNEL.check(replace(CONNECTED, account_id="7100000002"), platform)
    assert "another bot" in found.warnings[0] and len(platform.requests) == 2


def test_a_refused_token_is_an_error() -> None:
    with pytest.raises(DeliveryError) as error:
        CHANNEL.check(CONNECTED, Asked(refusal(401, "Unauthorized")))
    assert error.value.kind is ErrorKind.AUTH_EXPIRED
