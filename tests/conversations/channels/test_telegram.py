"""Telegram, read as the platform writes it; a library of others reads the same payloads."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from telegram import Update

from conversations.channels.base import Hook
from conversations.channels.items import (
    UNKNOWN_TIME,
    AccountChange,
    AddressChanged,
    AudienceChange,
    IncomingAttachment,
    IncomingMessage,
    Item,
    MessageEdited,
    MessageReaction,
    UnknownItem,
)
from conversations.channels.telegram import Telegram
from tests.conversations.channels.samples.telegram import ADDRESS, message_element, wrap

PAYLOADS = Path(__file__).parent / "payloads" / "telegram"
CHANNEL = Telegram()
GROUP = "-1001234567890"


def parsed(name: str) -> Item:
    [item] = CHANNEL.parse((PAYLOADS / f"{name}.json").read_bytes())
    return item


def message(name: str) -> IncomingMessage:
    item = parsed(name)
    assert isinstance(item, IncomingMessage)
    return item


def attachment(name: str) -> IncomingAttachment:
    [found] = message(name).attachments
    return found


def judged(name: str) -> Update:
    """The payload as python-telegram-bot reads it."""
    update = Update.de_json(json.loads((PAYLOADS / f"{name}.json").read_bytes()), None)
    assert update is not None
    return update


# --- who may speak -----------------------------------------------------------------------------------------


def test_only_who_knows_the_secret_is_believed() -> None:
    body = wrap([message_element("m", "hello")])
    call = Hook(body=body, headers={"x-telegram-bot-api-secret-token": "s3cret_A-1"})
    assert CHANNEL.verify(call, ["s3cret_A-1"])
    assert CHANNEL.verify(call, ["newer", "s3cret_A-1"])
    assert not CHANNEL.verify(call, ["s3cret_A-2"])
    assert not CHANNEL.verify(Hook(body=body, headers={"x-telegram-bot-api-secret-token": ""}), [""])


# --- messages ----------------------------------------------------------------------------------------------


def test_a_text_is_read_with_its_time_its_writer_and_what_it_answers() -> None:
    item = message("text")
    assert item == IncomingMessage(
        account_id="",
        event_id="700000101",
        happened_at=datetime(2026, 11, 2, 2, 13, 20, 101, tzinfo=UTC),
        raw=item.raw,
        address=ADDRESS,
        external_id=f"{ADDRESS}:58",
        text="請問訂單 🍎",
        reply_to=f"{ADDRESS}:57",
        sender_name="Mei Chen",
        sender_language="zh-hant",
        sender_username="mei_tw",
    )


@pytest.mark.parametrize(
    "name", ["text", "photo_of_album", "document", "voice", "sticker", "venue", "contact"]
)
def test_another_reader_sees_the_same_message(name: str) -> None:
    item, update = message(name), judged(name)
    assert update.message is not None and update.message.from_user is not None
    theirs = update.message
    assert item.event_id == str(update.update_id)
    assert item.address == str(theirs.chat.id)
    assert item.external_id == f"{theirs.chat.id}:{theirs.message_id}"
    assert item.text == (theirs.text or theirs.caption or "")
    assert item.happened_at.replace(microsecond=0) == theirs.date
    assert item.sender_name == theirs.from_user.full_name
    read = theirs.effective_attachment
    file = read[-1] if isinstance(read, tuple) else read
    if item.attachments:
        assert item.attachments[0].media_id == getattr(file, "file_id", "")


def test_a_picture_of_an_album_is_its_largest_size_with_its_caption() -> None:
    item = message("photo_of_album")
    assert (item.kind, item.text, item.details) == ("attachment", "壞掉了", {"album": "13900000000000001"})
    assert item.attachments == (
        IncomingAttachment(
            kind="image",
            media_id="AgACAgUAAx-y",
            mime="image/jpeg",
            size=183221,
            details={"width": 1280, "height": 960},
        ),
    )


def test_files_are_known_by_id_name_and_type() -> None:
    paper, voice, song = attachment("document"), attachment("voice"), attachment("audio")
    assert (paper.kind, paper.name, paper.mime, paper.size) == ("file", "領収書.pdf", "application/pdf", 2138)
    assert (voice.kind, voice.mime, voice.details["duration_milliseconds"]) == ("audio", "audio/ogg", 3000)
    assert (song.kind, song.name) == ("audio", "五月天 – 倔強")
    assert [attachment(name).kind for name in ("video_note", "animation")] == ["video", "video"]
    assert attachment("animation").details["type"] == "animation"


def test_stickers_places_people_questions_and_dice_are_shown() -> None:
    assert message("sticker").kind == "sticker" and attachment("sticker").name == "👍"
    assert (message("location").kind, attachment("location").details["latitude"]) == ("location", 25.0339)
    assert attachment("venue").name == "東京駅" and attachment("venue").details["longitude"] == 139.7671
    assert attachment("contact").name == "王志明 +886912345678"
    assert attachment("poll").details["options"] == ["紅茶", "綠茶"]
    assert (attachment("dice").name, message("dice").text) == ("🎲 4", "")
    unknown = message("kind_to_come")
    assert (unknown.kind, unknown.text, unknown.attachments) == ("unsupported", "", ())


def test_a_start_link_tells_where_somebody_came_from() -> None:
    item = message("start_link")
    assert (item.kind, item.text, item.postback) == ("postback", "", "spring-sale")
    assert item.referral == {"source": "start_link", "ref": "spring-sale"}
    [plain] = CHANNEL.parse(wrap([message_element("m", "/start")]))
    assert isinstance(plain, IncomingMessage) and (plain.kind, plain.referral) == ("postback", {})
    [word] = CHANNEL.parse(wrap([message_element("m", "/starting a question")]))
    assert isinstance(word, IncomingMessage) and (word.kind, word.text) == ("text", "/starting a question")


def test_what_is_told_in_one_second_keeps_its_order() -> None:
    def at(number: int) -> datetime:
        [item] = CHANNEL.parse(wrap([{**message_element("m", "x"), "update_id": number}]))
        return item.happened_at

    assert at(700000001) < at(700000002) < at(700000999)


def test_an_answer_of_a_program_is_marked_as_one() -> None:
    element: Any = message_element("m", "beep")
    element["message"]["from"]["is_bot"] = True
    [item] = CHANNEL.parse(wrap([element]))
    assert isinstance(item, IncomingMessage) and item.is_automatic
    assert not message("text").is_automatic


# --- groups ------------------------------------------------------------------------------------------------


def test_a_group_is_one_conversation_and_names_who_spoke() -> None:
    item = message("group_text")
    assert (item.address, item.sender_name) == (GROUP, "山海茶行 VIP")
    assert item.details == {"sender": {"id": ADDRESS, "name": "Mei Chen"}}


def test_news_of_a_group_are_nobodys_words_and_one_that_moved_has_another_address() -> None:
    came = parsed("group_members")
    assert isinstance(came, AccountChange) and (came.address, came.details["event"]) == (
        GROUP,
        "new_chat_members",
    )
    moved = parsed("group_moved")
    assert isinstance(moved, AddressChanged)
    assert (moved.address, moved.new_address) == ("-4012345678", GROUP)


# --- what else customers do --------------------------------------------------------------------------------


def test_a_changed_text_is_an_edit_and_a_place_that_moves_is_none() -> None:
    edit = parsed("edited")
    assert isinstance(edit, MessageEdited)
    assert (edit.external_id, edit.text) == (f"{ADDRESS}:58", "請問訂單 A-1021 🍎")
    assert edit.happened_at.replace(microsecond=0) == datetime(2026, 11, 2, 2, 14, 20, tzinfo=UTC)
    assert isinstance(parsed("moving_place"), UnknownItem)


def test_a_tap_says_what_stood_on_the_button_and_carries_its_payload() -> None:
    item, query = message("tap"), judged("tap").callback_query
    assert query is not None
    assert (item.kind, item.text, item.postback) == ("postback", "😀 5", "csat:5:771")
    assert (item.postback, item.external_id) == (query.data, f"tap:{query.id}")
    assert (item.reply_to, item.happened_at) == (f"{ADDRESS}:57", UNKNOWN_TIME)
    old = message("tap_on_old_message")
    assert (old.text, old.postback, old.address) == ("", "ASK", ADDRESS)


def test_a_tap_is_answered_with_the_hook_and_nothing_else_is() -> None:
    body, kind = CHANNEL.acknowledge((PAYLOADS / "tap.json").read_bytes())
    assert json.loads(body) == {"method": "answerCallbackQuery", "callback_query_id": "4382bfdwdsb323b2d9"}
    assert kind == b"application/json"
    assert CHANNEL.acknowledge((PAYLOADS / "text.json").read_bytes()) == CHANNEL.acknowledgement
    for odd in (b'"callback_query"', b'{"callback_query":[]}', b'{"text":"\\"callback_query\\""}'):
        assert CHANNEL.acknowledge(odd) == CHANNEL.acknowledgement


def test_a_reaction_is_told_by_its_newest_emoji_and_taken_back_by_none() -> None:
    given, taken = parsed("reaction"), parsed("reaction_taken_back")
    assert isinstance(given, MessageReaction) and isinstance(taken, MessageReaction)
    assert (given.emoji, taken.emoji, given.external_id) == ("❤", "", f"{ADDRESS}:57")
    raw: Any = json.loads(json.dumps(given.raw))
    raw["message_reaction"]["new_reaction"] = [{"type": "custom_emoji", "custom_emoji_id": "5"}]
    [custom] = CHANNEL.parse_element("7100000001", raw)
    assert isinstance(custom, MessageReaction) and custom.emoji == "⭐"


def test_blocking_and_coming_back_are_told() -> None:
    blocked = parsed("blocked")
    assert isinstance(blocked, AudienceChange) and (blocked.address, blocked.change) == (
        ADDRESS,
        "unfollowed",
    )
    raw: Any = json.loads(json.dumps(blocked.raw))
    raw["my_chat_member"]["new_chat_member"]["status"] = "member"
    [back] = CHANNEL.parse_element("7100000001", raw)
    assert isinstance(back, AudienceChange) and back.change == "followed"
    assert back.account_id == "7100000001"


def test_what_we_do_not_read_keeps_its_name_and_its_chat() -> None:
    post, business = parsed("channel_post"), parsed("business_message")
    assert isinstance(post, UnknownItem) and (post.name, post.address) == ("channel_post", "-1009876543210")
    assert isinstance(business, UnknownItem) and business.name == "business_message"
