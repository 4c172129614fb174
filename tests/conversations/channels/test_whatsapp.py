"""WhatsApp, read: what each kind of element becomes."""

import json
from pathlib import Path

import pytest

from conversations.channels import registry
from conversations.channels.base import Hook
from conversations.channels.errors import ErrorKind
from conversations.channels.items import (
    AccountChange,
    AddressChanged,
    DeliveryReport,
    IncomingMessage,
    Item,
    MessageEcho,
    MessageEdited,
    MessageReaction,
    MessageUnsent,
    UnknownItem,
)
from tests.conversations.channels.samples.whatsapp import ACCOUNT, ADDRESS, USER_ID, change, wrap

CHANNEL = registry.open("whatsapp")
PAYLOADS = Path(__file__).parent / "payloads" / "whatsapp"


def read(name: str) -> list[Item]:
    return CHANNEL.parse((PAYLOADS / f"{name}.json").read_bytes())


def messages(name: str = "messages") -> list[IncomingMessage]:
    return [item for item in read(name) if isinstance(item, IncomingMessage)]


def test_the_published_vector_of_the_signature_is_verified() -> None:
    body = (
        b'{"object":"page","entry":[{"id":"104857600123456","time":1793584985123,"messaging":[{"sender":'
        b'{"id":"7012345678901234"},"recipient":{"id":"104857600123456"},"timestamp":1793584984500,'
        b'"message":{"mid":"m_vector1","text":"\\u4f60\\u597d \\ud83c\\udf4e"}}]}]}'
    )
    digest = "ab9b505b6443b17574f57f139074b8f7b04f73c9095c1ad2c3a732e737e7dc25"
    hook = Hook(body=body, headers={"x-hub-signature-256": f"sha256={digest}"})
    assert CHANNEL.verify(hook, ["meta-app-secret-1"])
    assert not CHANNEL.verify(hook, ["meta-app-secret-2"])


def test_the_handshake_gives_the_challenge_back_for_the_right_token_only() -> None:
    query = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": "right"}
    assert CHANNEL.challenge(query, "right") == "1158201444"
    assert CHANNEL.challenge(query, "wrong") is None


def test_several_messages_of_one_change_are_one_item_each() -> None:
    found = messages()
    assert len(found) == 13
    first = found[0]
    assert (first.account_id, first.text, first.kind) == (ACCOUNT.account_id, "請問營業時間 🍎", "text")
    assert (first.sender_name, first.sender_username) == ("陳美玲", "@mei_tw")
    assert first.happened_at.timestamp() == 1793585401
    assert first.external_id == first.event_id == "wamid.IN1"


def test_a_customer_is_known_by_number_by_user_id_or_by_both() -> None:
    named = {item.text: (item.address, item.aliases, item.thread) for item in messages("identities")}
    assert named == {
        "phone only, no contacts": (ADDRESS, (), ""),
        "both": (ADDRESS, (USER_ID,), ""),
        "BSUID only": (USER_ID, (), ""),
        "in a group": ("819012345678", (), "Y2FwaV9ncm91cDo"),
    }
    assert isinstance(read("identities")[-1], UnknownItem)  # from nobody


def test_in_a_group_the_name_is_the_writers_own() -> None:
    [grouped] = [item for item in messages("identities") if item.thread]
    assert grouped.sender_name == "Ken"


def test_replies_forwards_products_and_advertisements_are_kept() -> None:
    by_text = {item.text: item for item in messages()}
    assert by_text["this one"].reply_to == "wamid.OUT9"
    assert by_text["look"].details["forwarded"] is True
    assert by_text["有貨嗎"].details["product"]["product_retailer_id"] == "tea-1"
    assert by_text["from an ad"].referral["ctwa_clid"] == "ARAk"


def test_files_come_by_id_with_their_words() -> None:
    found = {item.attachments[0].kind: item for item in messages() if item.attachments}
    assert set(found) == {"image", "video", "file", "audio", "sticker", "location", "card"}
    image = found["image"]
    assert (image.kind, image.text, image.attachments[0].media_id) == (
        "attachment",
        "壞了",
        "1013859600285441",
    )
    assert (found["file"].attachments[0].name, found["file"].text) == ("發票.pdf", "invoice")
    assert found["audio"].attachments[0].mime == "audio/ogg"
    assert found["audio"].attachments[0].details["voice"] is True
    assert found["sticker"].kind == "sticker"
    place = found["location"]
    assert (place.kind, place.attachments[0].name) == ("location", "台北101")
    assert place.attachments[0].details["latitude"] == 25.033964


def test_cards_of_people_and_orders_are_cards() -> None:
    people, order = [item for item in messages() if item.attachments and item.attachments[0].kind == "card"]
    assert [card.name for card in people.attachments] == ["Ken Tanaka", "+886 2 1234"]
    assert order.text == "請盡快"
    assert order.attachments[0].details["lines"] == [
        {"product": "tea-1", "quantity": 2, "price": 680.0, "currency": "TWD"}
    ]


def test_what_was_tapped_comes_with_its_words() -> None:
    tapped = [item for item in messages("acts") if item.kind == "postback"]
    assert [(item.text, item.postback) for item in tapped] == [
        ("查訂單", "ORDER_A1021"),
        ("好", "yes"),
        ("M", "size-m"),
        ("Sent", ""),
    ]
    assert tapped[0].reply_to == "wamid.OUT1"
    assert tapped[2].details == {"description": "40–42"}
    assert json.loads(tapped[3].details["filled_in"]) == {"size": "m"}


def test_kinds_that_nobody_knows_are_shown_as_such() -> None:
    odd = [item for item in messages("acts") if item.kind == "unsupported"]
    assert [item.details.get("unsupported", "") for item in odd] == ["", "poll · Message type unknown", ""]
    unread = [item.name for item in read("acts") if isinstance(item, UnknownItem)]
    assert unread == ["request_welcome", "system"]


def test_reactions_edits_and_what_was_taken_back_name_their_message() -> None:
    found = read("acts")
    reactions = [item for item in found if isinstance(item, MessageReaction)]
    assert [(item.external_id, item.emoji) for item in reactions] == [
        ("wamid.OUT1", "❤️"),
        ("wamid.OUT1", ""),
    ]
    edits = [item for item in found if isinstance(item, MessageEdited)]
    assert [(item.external_id, item.text) for item in edits] == [
        ("wamid.IN1", "請問週日營業時間"),
        ("wamid.IN6", "蓋子壞了"),
    ]
    [unsent] = [item for item in found if isinstance(item, MessageUnsent)]
    assert unsent.external_id == "wamid.IN7"


def test_a_new_number_is_the_same_person() -> None:
    found = [item for item in read("acts") if isinstance(item, AddressChanged)]
    assert [(item.address, item.new_address) for item in found] == [
        (ADDRESS, "886987654321"),
        (USER_ID, "TW.9981188220033661"),
    ]
    [renamed] = [item for item in read("account") if isinstance(item, AddressChanged)]
    assert (renamed.address, renamed.new_address) == (USER_ID, "TW.9981188220033661")


def test_statuses_tell_how_far_a_message_came() -> None:
    found = [item for item in read("statuses") if isinstance(item, DeliveryReport)]
    assert [(item.external_ids[0], item.status) for item in found] == [
        ("wamid.OUT1", "sent"),
        ("wamid.OUT1", "delivered"),
        ("wamid.OUT1", "read"),
        ("wamid.OUT2", "read"),
        ("wamid.OUT3", "failed"),
        ("wamid.OUT4", "failed"),
        ("wamid.OUT6", "sent"),
        ("wamid.OUT7", "delivered"),
        ("wamid.OUT8", "read"),
    ]
    assert found[0].correlation == "0192f0c1-2d3e-7a4b-8c5d-6e7f8091a2b3"
    assert found[6].address == USER_ID
    assert found[4].error is not None
    assert (found[4].error.kind, found[4].error.code) == (ErrorKind.WINDOW_CLOSED, "131047")
    assert "24 hours" in found[4].error.detail
    assert found[5].error is not None and found[5].error.kind is ErrorKind.BAD_REQUEST
    assert all(item.error is None for item in found if item.status != "failed")


def test_one_status_told_twice_is_one_event_and_the_next_one_another() -> None:
    [sent] = CHANNEL.parse(change({"statuses": [{"id": "w", "status": "sent", "recipient_id": "1"}]}))
    [again] = CHANNEL.parse(change({"statuses": [{"id": "w", "status": "sent", "recipient_id": "1"}]}))
    [read_] = CHANNEL.parse(change({"statuses": [{"id": "w", "status": "read", "recipient_id": "1"}]}))
    assert sent.event_id == again.event_id != read_.event_id


def test_messages_and_statuses_of_one_change_are_all_read() -> None:
    assert any(item.text == "beside statuses" for item in messages("statuses"))


def test_news_of_templates_and_of_the_account_name_no_customer() -> None:
    found = [item for item in read("account") if isinstance(item, AccountChange)]
    template = [item.details for item in found if item.change == "template"]
    common = {"name": "order_update", "language": "zh_TW"}
    assert template == [
        {**common, "status": "APPROVED", "reason": "NONE"},
        {**common, "quality": "YELLOW"},
        {**common, "category": "MARKETING"},
    ]
    assert [item.details["event"] for item in found if item.change == "quality"] == ["FLAGGED"]
    assert [item.details.get("code") for item in found if item.details.get("event") == "error"] == ["130429"]


def test_what_the_owner_wrote_on_the_phone_is_an_echo() -> None:
    [echo] = [item for item in read("account") if isinstance(item, MessageEcho)]
    assert (echo.address, echo.text, echo.correlation) == (ADDRESS, "已寄出", "")


@pytest.mark.parametrize("name", ["user_preferences", "calls", "history", "user_id_update", "revoke"])
def test_changes_that_nobody_reads_yet_are_kept_by_name(name: str) -> None:
    assert name in {item.name for item in read("account") if isinstance(item, UnknownItem)}


def test_a_change_without_a_number_names_no_account() -> None:
    body = json.loads(wrap([{"from": "1", "id": "x", "type": "text", "text": {"body": "hi"}}]))
    del body["entry"][0]["changes"][0]["value"]["metadata"]
    [item] = CHANNEL.parse(json.dumps(body).encode())
    assert isinstance(item, UnknownItem) and item.account_id == ""
