"""Messenger, read as the platform writes it."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from conversations.channels import messenger
from conversations.channels.base import Hook, Unparsable
from conversations.channels.items import (
    AccountChange,
    AudienceChange,
    DeliveryReport,
    IncomingMessage,
    Item,
    JsonObject,
    MessageEcho,
    MessageEdited,
    MessageReaction,
    MessageUnsent,
    UnknownItem,
)
from tests.conversations.channels.samples.messenger import ACCOUNT, ADDRESS, message_element, wrap

PAYLOADS = Path(__file__).parent / "payloads" / "messenger"
CHANNEL = messenger.Messenger()
PAGE = ACCOUNT.account_id


def parsed(name: str) -> list[Item]:
    return CHANNEL.parse((PAYLOADS / f"{name}.json").read_bytes())


def read(element: JsonObject) -> Item:
    [item] = CHANNEL.parse(wrap([element]))
    return item


def utc(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


# --- handshake and signature -------------------------------------------------------------------------------


def test_the_handshake_gives_the_challenge_back_verbatim_to_the_right_token_only() -> None:
    query = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": "YOURTOKEN"}
    assert CHANNEL.challenge(query, "YOURTOKEN") == "1158201444"
    assert CHANNEL.challenge(query, "other") is None
    assert CHANNEL.challenge({**query, "hub.mode": "unsubscribe"}, "YOURTOKEN") is None
    assert CHANNEL.challenge({}, "YOURTOKEN") is None


def test_the_published_vector_is_verified_and_the_same_json_in_other_bytes_is_not() -> None:
    body = (PAYLOADS / "signed_vector.json").read_bytes()
    signature = "sha256=ab9b505b6443b17574f57f139074b8f7b04f73c9095c1ad2c3a732e737e7dc25"
    headers = {"x-hub-signature-256": signature}
    assert len(body) == 252
    assert CHANNEL.verify(Hook(body=body, headers=headers), ["meta-app-secret-1"])
    again = json.dumps(json.loads(body), ensure_ascii=False, separators=(",", ":")).encode()
    assert again != body and not CHANNEL.verify(Hook(body=again, headers=headers), ["meta-app-secret-1"])
    without_prefix = {"x-hub-signature-256": signature.removeprefix("sha256=")}
    assert not CHANNEL.verify(Hook(body=body, headers=without_prefix), ["meta-app-secret-1"])
    assert not CHANNEL.verify(Hook(body=body, headers={"x-hub-signature": signature}), ["meta-app-secret-1"])


# --- messages ----------------------------------------------------------------------------------------------


def test_a_text_is_read_with_its_platform_time() -> None:
    [item] = parsed("signed_vector")
    assert item == IncomingMessage(
        account_id=PAGE,
        event_id="m_vector1",
        happened_at=utc(1793584984500),
        raw=item.raw,
        address=ADDRESS,
        external_id="m_vector1",
        text="你好 🍎",
    )


def test_quick_replies_inline_replies_and_ads_keep_their_context_and_each_page_its_own_messages() -> None:
    tapped, answer, from_ad, other = parsed("messages")
    assert isinstance(tapped, IncomingMessage) and (tapped.text, tapped.postback) == ("退貨", "FAQ_RETURN")
    assert tapped.kind == "text"
    assert isinstance(answer, IncomingMessage) and answer.reply_to == "m_prev"
    assert isinstance(from_ad, IncomingMessage) and from_ad.referral["ref"] == "camp-77"
    assert isinstance(other, IncomingMessage)
    assert (other.account_id, other.address) == ("104857600999999", "8012345678905555")


def attachment_message(external_id: str) -> IncomingMessage:
    [item] = [item for item in parsed("attachments") if item.event_id == external_id]
    assert isinstance(item, IncomingMessage)
    return item


def test_files_are_told_apart() -> None:
    message = attachment_message("m_media")
    assert message.kind == "attachment"
    assert [part.kind for part in message.attachments] == ["image", "video", "audio", "file"]
    assert all(part.url.startswith("https://") for part in message.attachments)


@pytest.mark.parametrize("external_id", ["m_sticker_old", "m_sticker_new", "m_sticker_both"])
def test_a_sticker_is_one_sticker_in_every_shape(external_id: str) -> None:
    message = attachment_message(external_id)
    [sticker] = message.attachments
    assert message.kind == sticker.kind == "sticker"
    assert sticker.details["sticker_id"] == "369239263222822"
    assert sticker.url == "https://scontent.xx.fbcdn.net/s.png"


@pytest.mark.parametrize(
    "external_id, kind, attachment, name",
    [
        ("m_location", "location", "location", "Taipei Main Station"),
        ("m_share", "text", "link", "Autumn coat"),
        ("m_share_empty", "attachment", "link", ""),
        ("m_product", "attachment", "card", ""),
        ("m_reel", "attachment", "link", "Sale"),
        ("m_future", "attachment", "card", ""),
    ],
)
def test_places_shares_cards_and_kinds_to_come_are_shown(
    external_id: str, kind: str, attachment: str, name: str
) -> None:
    message = attachment_message(external_id)
    [part] = message.attachments
    assert (message.kind, part.kind, part.name) == (kind, attachment, name)


def test_the_details_of_a_place_and_of_a_product_are_kept() -> None:
    [place] = attachment_message("m_location").attachments
    assert (place.details["latitude"], place.details["longitude"]) == (25.0478, 121.517)
    [product] = attachment_message("m_product").attachments
    assert product.details["elements"][0]["retailer_id"] == "SKU-55"


def test_a_message_without_content_is_marked_unsupported() -> None:
    assert attachment_message("m_empty").kind == "unsupported"


def test_a_message_without_an_id_gets_a_stable_one() -> None:
    element = message_element("m", "hello")
    del element["message"]["mid"]  # type: ignore[attr-defined]
    first, again = read(element), read(element)
    other = read({**element, "timestamp": 1793584984501})
    assert first.event_id == again.event_id != other.event_id
    assert isinstance(first, IncomingMessage) and first.external_id == first.event_id


# --- what else customers and pages do ----------------------------------------------------------------------


def test_every_action_becomes_its_item() -> None:
    assert [type(item) for item in parsed("actions")] == [
        IncomingMessage,
        IncomingMessage,
        MessageReaction,
        MessageReaction,
        MessageEdited,
        MessageUnsent,
        DeliveryReport,
        DeliveryReport,
        MessageEcho,
        AudienceChange,
        AudienceChange,
        AudienceChange,
    ]


def test_postback_and_referral_tell_how_the_customer_came() -> None:
    postback, referral, *_ = parsed("actions")
    assert isinstance(postback, IncomingMessage) and isinstance(referral, IncomingMessage)
    assert (postback.kind, postback.text, postback.postback) == ("postback", "Get started", "GET_STARTED")
    assert postback.referral["ref"] == "shop-tw-line2" and postback.event_id == "m_8Yq0Zr-ab1"
    assert (referral.kind, referral.text, referral.referral["source"]) == ("referral", "", "ADS")
    assert referral.happened_at == utc(1793584991000)


def test_reactions_come_and_go_under_different_ids() -> None:
    _, _, love, gone, *_ = parsed("actions")
    assert isinstance(love, MessageReaction) and isinstance(gone, MessageReaction)
    assert (love.external_id, love.emoji, gone.external_id, gone.emoji) == ("m_target", "❤️", "m_target", "")
    assert love.event_id == f"reaction:m_target:{ADDRESS}:react:1793584992000"


def test_a_reaction_without_an_emoji_is_drawn_by_its_name() -> None:
    element = message_element("m", "")
    del element["message"]
    element["reaction"] = {"mid": "m_target", "action": "react", "reaction": "like"}
    item = read(element)
    assert isinstance(item, MessageReaction) and item.emoji == "👍"


def test_edit_and_unsend_name_the_message_they_change() -> None:
    edit, unsent = parsed("actions")[4:6]
    assert isinstance(edit, MessageEdited) and isinstance(unsent, MessageUnsent)
    assert (edit.external_id, edit.text) == ("m_8Yq0Zr-aa1", "退貨 #A-1021")
    assert unsent.external_id == "m_8Yq0Zr-aa1"
    assert len({edit.event_id, unsent.event_id, "m_8Yq0Zr-aa1"}) == 3


def test_delivery_and_read_tell_how_far_our_messages_came() -> None:
    delivered, seen = parsed("actions")[6:8]
    assert isinstance(delivered, DeliveryReport) and isinstance(seen, DeliveryReport)
    assert (delivered.status, delivered.external_ids) == ("delivered", ("m_out1",))
    assert delivered.watermark == utc(1793585001000) and delivered.event_id == ""
    assert (seen.status, seen.external_ids, seen.watermark) == ("read", (), utc(1793585003000))


def test_an_echo_names_the_customer_and_carries_our_correlation() -> None:
    echo = parsed("actions")[8]
    assert isinstance(echo, MessageEcho)
    assert (echo.account_id, echo.address) == (PAGE, ADDRESS)
    assert (echo.external_id, echo.correlation, echo.text) == ("m_out2", "msg:01KB2C", "已為您安排換貨")


def test_opting_in_and_out_is_a_change_of_audience() -> None:
    changes = [item.change for item in parsed("actions") if isinstance(item, AudienceChange)]
    assert changes == ["opted_in", "opted_out", "opted_out"]


def test_what_we_do_not_read_yet_keeps_its_name_and_customer() -> None:
    items = parsed("unread_kinds")
    assert all(isinstance(item, UnknownItem) for item in items)
    assert [(item.name, item.address) for item in items if isinstance(item, UnknownItem)] == [
        ("optin", ""),
        ("account_linking", ADDRESS),
        ("messaging_feedback", ADDRESS),
        ("feed", ""),
        ("ratings", ""),
    ]
    assert items[-1].happened_at == utc(1793585100000)


def test_who_owns_a_thread_and_what_meta_warns_of_is_news_of_the_account() -> None:
    items = parsed("account")
    changes = [item for item in items if isinstance(item, AccountChange)]
    assert len(changes) == len(items)
    assert [(item.change, item.details.get("action"), item.address) for item in changes] == [
        ("thread_control", "passed", ADDRESS),
        ("thread_control", "roles", ""),
        ("thread_control", "requested", ADDRESS),
        ("quality", "block", ""),
        ("thread_control", "taken", ADDRESS),
        ("template", None, ""),
    ]
    assert changes[0].details["new_app_id"] == "987654321012345"
    assert changes[2].details["requested_app_id"] == "26390203743090"
    assert [item.details.get("standby", False) for item in changes] == [False] * 4 + [True, False]
    assert changes[5].details["event"] == "APPROVED"


def test_news_of_another_page_is_not_news_of_this_one() -> None:
    element = {
        "sender": {"id": ADDRESS},
        "recipient": {"id": PAGE},
        "timestamp": 1793585020000,
        "pass_thread_control": {"new_owner_app_id": "1"},
    }
    assert isinstance(read(element), AccountChange)
    assert isinstance(read({**element, "recipient": {"id": "104857600999999"}}), UnknownItem)


def test_standby_is_read_like_messaging_and_marked() -> None:
    message, postback = parsed("standby")
    assert isinstance(message, IncomingMessage) and message.text == "有人在嗎"
    assert isinstance(postback, IncomingMessage) and (postback.kind, postback.postback) == ("postback", "")
    assert message.raw["standby"] is True and postback.raw["standby"] is True
    assert message.details == postback.details == {"standby": True}
    told_twice = {**postback.raw, "standby": False}
    del told_twice["postback"]["mid"]
    [owned], [not_owned] = (
        CHANNEL.parse_element(PAGE, {**told_twice, **mark}) for mark in ({}, {"standby": True})
    )
    assert owned.event_id == not_owned.event_id
    ordinary = read(message_element("m", "hello"))
    assert isinstance(ordinary, IncomingMessage) and "standby" not in ordinary.raw and not ordinary.details


@pytest.mark.parametrize(
    "changes",
    [
        {"recipient": {"id": "104857600999999"}},
        {"recipient": {}},
        {"sender": {}},
        {"sender": {"id": PAGE}},
        {"sender": {"id": PAGE}, "recipient": {"id": "104857600999999"}},
    ],
    ids=str,
)
def test_an_entry_speaks_for_its_own_page_only(changes: JsonObject) -> None:
    item = read({**message_element("m", "hello"), **changes})
    assert isinstance(item, UnknownItem) and item.account_id == PAGE
    assert isinstance(read(message_element("m", "hello")), IncomingMessage)


def test_a_customer_cannot_forge_an_echo() -> None:
    element = message_element("m", "hello")
    element["message"] |= {"is_echo": True, "metadata": "message-1"}  # type: ignore[operator]
    assert isinstance(read(element), UnknownItem)


def test_webhooks_of_other_objects_are_unparsable() -> None:
    for body in (b'{"object":"instagram","entry":[]}', b'{"object":"page"}', b'{"object":"page","entry":{}}'):
        with pytest.raises(Unparsable):
            CHANNEL.parse(body)
    assert CHANNEL.parse(b'{"object":"page","entry":[]}') == []
