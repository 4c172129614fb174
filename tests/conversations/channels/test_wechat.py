"""WeChat, read as the platform writes it."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from wechatpy import parse_message
from wechatpy.crypto import WeChatCrypto
from wechatpy.utils import check_signature

from conversations.channels import wechat_sealing, wechat_xml
from conversations.channels.base import Hook, PlatformRequest, PlatformResponse, Unparsable
from conversations.channels.errors import DeliveryError, ErrorKind
from conversations.channels.items import (
    AccountChange,
    AudienceChange,
    DeliveryReport,
    IncomingAttachment,
    IncomingMessage,
    Item,
    UnknownItem,
)
from conversations.channels.wechat import WeChat
from tests.conversations.channels.samples.wechat import (
    ACCOUNT,
    ADDRESS,
    hook,
    message_element,
    refusal,
    write,
)

PAYLOADS = Path(__file__).parent / "payloads" / "wechat"
CHANNEL = WeChat()
TOKEN, KEY, APP_ID = "wx-token-1", "hwL6uy6r92ScoPXCaZYRqcx42YJVQqKfDx6YtUMyQD0", "wx1234567890abcdef"
SAFE = f"{TOKEN} {KEY} {APP_ID}"
TIMESTAMP, NONCE = "1793585700", "839202"
ENCRYPTED = (
    "djUD1OM2bDj+RQiE/tI91QcpJcQ3rA+OdS5yVTVk6LYbZ2qDsT42ZkkRVoFS85afnOGhslkGWMVs2omi0AtS6EeDJojv3QORTQ0PMv3TDeAI"
    "glIybpVK4h+JnFccQczL7+iEW5fjdQ80jyAWSZIqSrlcISwaJH/xC/WF391VaPsE4n28rKV+SJoQKg4EFQaJSv77wa2+7sTAMM9VVWPQwpJA"
    "GpgtmcsepXF3A6rR8MnCvgQyDzCksrtgqE2f2Bx+a6vGp9dNz1vlPL+uAbBif2kqqWPXGXgVljBXoSQyoGsHVbHirRS9xrFhwZJ3vtm+Zxu1"
    "CZ4iwgUoyg+fwQd68Zkw2/UcPTZYe2phDhsS0W6SbvJyiO7ELsyqa28tj6gYFPCOIVOs6vLKt1c/ehwHbKoYshAVdKbdj0eelgudZLk="
)
MSG_SIGNATURE = "d9644b8dfe0a939c98e498a27e9307adeb21334d"


def told(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((PAYLOADS / f"{name}.json").read_text())
    return content


def parsed(name: str) -> Item:
    [item] = CHANNEL.parse(write(told(name)))
    return item


def message(name: str) -> IncomingMessage:
    item = parsed(name)
    assert isinstance(item, IncomingMessage)
    return item


def sealed_hook(body: bytes = b"", **query: str) -> Hook:
    given = {"timestamp": TIMESTAMP, "nonce": NONCE, "encrypt_type": "aes", "msg_signature": MSG_SIGNATURE}
    content = body or f"<xml><ToUserName>gh_1</ToUserName><Encrypt>{ENCRYPTED}</Encrypt></xml>".encode()
    return Hook(body=content, query={**given, **query})


# --- the plain mode ----------------------------------------------------------------------------------------


def test_the_published_vector_of_the_plain_signature_is_verified() -> None:
    query = {
        "signature": "bedd27cb60d38cba700afc2cbc6cb94af045309b", "timestamp": "1793584984", "nonce": "839201",
    }  # fmt: skip
    check_signature(TOKEN, query["signature"], query["timestamp"], query["nonce"])  # the judge agrees
    assert CHANNEL.verify(Hook(body=b"<xml/>", query=query), [TOKEN])
    for name in query:
        assert not CHANNEL.verify(Hook(body=b"<xml/>", query={**query, name: "1"}), [TOKEN])


@pytest.mark.parametrize("after, good", [(0, True), (600, True), (601, False), (-600, True), (-601, False)])
def test_a_plain_call_is_believed_for_ten_minutes(after: int, good: bool) -> None:
    call = replace(hook(b"<xml/>", TOKEN), arrived_at=1793584984 + after)
    assert CHANNEL.verify(call, [TOKEN]) is good


def test_a_signed_time_that_is_none_is_not_believed() -> None:
    call = hook(b"<xml/>", TOKEN, timestamp="soon")
    assert not CHANNEL.verify(replace(call, arrived_at=1793584984.0), [TOKEN])


def test_a_plain_body_is_read_as_it_is() -> None:
    call = hook(write(told("text")), TOKEN)
    assert CHANNEL.unwrap(call, [TOKEN]) == call.body


# --- the safe mode -----------------------------------------------------------------------------------------


def test_the_published_vector_of_the_safe_mode_is_verified_and_opened() -> None:
    assert CHANNEL.verify(sealed_hook(), [SAFE])
    body = CHANNEL.unwrap(sealed_hook(), [SAFE])
    assert len(body) == 279
    [item] = CHANNEL.parse(body)
    assert isinstance(item, IncomingMessage)
    assert (item.text, item.address, item.external_id) == ("我要查订单", ADDRESS, "25270000000000001")


def test_what_the_judge_encrypts_we_open() -> None:
    plain = write(told("location")).decode()
    envelope = WeChatCrypto(TOKEN, KEY, APP_ID).encrypt_message(plain, NONCE, TIMESTAMP)
    signed = parse_envelope(envelope)
    call = sealed_hook(envelope.encode(), msg_signature=signed["MsgSignature"])
    assert CHANNEL.verify(call, ["another-token", SAFE])
    assert CHANNEL.unwrap(call, ["another-token", SAFE]).decode() == plain


def parse_envelope(envelope: str) -> dict[str, Any]:
    return wechat_xml.read(envelope.encode())


def test_in_safe_mode_nothing_but_an_encrypted_body_is_believed() -> None:
    plain = hook(write(told("text")), TOKEN)
    assert CHANNEL.verify(plain, [TOKEN]) and not CHANNEL.verify(plain, [SAFE])
    changed = sealed_hook(f"<xml><Encrypt>{ENCRYPTED[:-4]}AAA=</Encrypt></xml>".encode())
    assert not CHANNEL.verify(changed, [SAFE])
    assert not CHANNEL.verify(sealed_hook(msg_signature="0" * 40), [SAFE])
    assert not CHANNEL.verify(sealed_hook(b"<xml><Encrypt>cut"), [SAFE])


@pytest.mark.parametrize(
    "secret",
    [f"{TOKEN} {KEY}", f"{TOKEN} short {APP_ID}", f"{TOKEN} {'!' * 43} {APP_ID}", f"{SAFE} more", " "],
)
def test_a_secret_with_wrong_parts_verifies_nothing(secret: str) -> None:
    assert not CHANNEL.verify(sealed_hook(), [secret])
    assert not CHANNEL.verify(hook(b"<xml/>", TOKEN), [secret])


def test_what_was_encrypted_for_another_account_is_not_read() -> None:
    other = f"{TOKEN} {KEY} wxffffffffffffffff"
    assert CHANNEL.verify(sealed_hook(), [other])  # the signature does not tell the accounts apart
    with pytest.raises(Unparsable, match="another AppID"):
        CHANNEL.unwrap(sealed_hook(), [other])


@pytest.mark.parametrize("encrypted", ["", "AAAA", "not base64!", "A" * 64, ENCRYPTED[4:]])
def test_what_does_not_open_is_unparsable(encrypted: str) -> None:
    signature = wechat_sealing.signature(TOKEN, TIMESTAMP, NONCE, encrypted)
    call = sealed_hook(f"<xml><Encrypt>{encrypted}</Encrypt></xml>".encode(), msg_signature=signature)
    with pytest.raises(Unparsable):
        CHANNEL.unwrap(call, [SAFE])


def test_an_encrypted_body_without_a_key_is_unparsable_unless_it_is_told_plainly_too() -> None:
    with pytest.raises(Unparsable, match="EncodingAESKey"):
        CHANNEL.unwrap(sealed_hook(), [TOKEN])
    both = write({**told("text"), "Encrypt": ENCRYPTED})
    assert CHANNEL.unwrap(sealed_hook(both), [TOKEN]) == both


# --- the handshake -----------------------------------------------------------------------------------------


def test_the_handshake_gives_the_echo_back() -> None:
    query = {**hook(b"", TOKEN).query, "echostr": "4711"}
    assert CHANNEL.challenge(query, TOKEN) == "4711"
    assert CHANNEL.challenge(query, SAFE) == "4711"
    assert CHANNEL.challenge(query, "another-token") is None
    assert CHANNEL.challenge({**query, "signature": ""}, TOKEN) is None
    assert CHANNEL.challenge(hook(b"", TOKEN).query, TOKEN) is None


def test_an_encrypted_echo_is_opened() -> None:
    envelope = parse_envelope(WeChatCrypto(TOKEN, KEY, APP_ID).encrypt_message("4711", NONCE, TIMESTAMP))
    query = {
        "timestamp": TIMESTAMP, "nonce": NONCE, "echostr": envelope["Encrypt"],
        "msg_signature": envelope["MsgSignature"],
    }  # fmt: skip
    assert CHANNEL.challenge(query, SAFE) == "4711"
    assert CHANNEL.challenge({**query, "msg_signature": "0" * 40}, SAFE) is None
    assert CHANNEL.challenge(query, f"{TOKEN} {KEY} wxffffffffffffffff") is None


def test_a_webhook_is_answered_with_the_word_that_takes_no_action() -> None:
    assert CHANNEL.acknowledgement[0] == b"success"


# --- messages ----------------------------------------------------------------------------------------------


def test_a_text_is_read_as_the_judge_reads_it() -> None:
    item = message("text")
    judged = parse_message(write(told("text")))
    assert item == IncomingMessage(
        account_id=judged.target,
        event_id=str(judged.id),
        happened_at=datetime(2026, 11, 2, 2, 15, 1, tzinfo=UTC),
        raw=item.raw,
        address=judged.source,
        external_id=str(judged.id),
        text=judged.content,
    )


@pytest.mark.parametrize(
    "name, kind, url, media_id",
    [
        ("image", "image", "https://mmbiz.qpic.cn/mmbiz_jpg/AbCdEf/0", "media-id-image-1"),
        ("voice", "audio", "", "media-id-voice-1"),
        ("video", "video", "", "media-id-video-1"),
        ("shortvideo", "video", "", "media-id-video-2"),
        ("link", "link", "https://shop.example/autumn", ""),
    ],
)
def test_what_comes_with_a_message_is_read(name: str, kind: str, url: str, media_id: str) -> None:
    item = message(name)
    [attachment] = item.attachments
    assert (item.kind, attachment.kind, attachment.url, attachment.media_id) == (
        "attachment",
        kind,
        url,
        media_id,
    )


def test_what_wechat_understood_of_a_recording_is_its_text() -> None:
    assert message("voice").text == "请问什么时候到货"
    assert message("voice").attachments[0].details == {"format": "amr"}
    assert (message("link").text, message("link").attachments[0].name) == ("到店試喝", "秋季新品")


def test_a_place_is_read_as_the_judge_reads_it() -> None:
    item, judged = message("location"), parse_message(write(told("location")))
    details = {"latitude": float(judged.location_x), "longitude": float(judged.location_y), "scale": 16.0}
    assert item.kind == "location"
    assert item.attachments == (IncomingAttachment(kind="location", name=judged.label, details=details),)
    odd = write({**told("location"), "Location_X": "north", "Location_Y": "nan"})
    [mended] = CHANNEL.parse(odd)
    assert isinstance(mended, IncomingMessage) and mended.attachments[0].details["latitude"] is None


def test_a_tapped_entry_of_our_menu_comes_back_with_what_we_gave_it() -> None:
    item = message("menu_entry")
    assert (item.kind, item.text, item.postback) == ("postback", "滿意", "score:5")
    assert not item.opens_brief_window


def test_a_message_of_an_unknown_kind_is_shown_as_one() -> None:
    item = message("unread_kind")
    assert (item.kind, item.text, item.attachments) == ("unsupported", "", ())


# --- events ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name, change",
    [("subscribe", "followed"), ("subscribe_plain", "followed"), ("unsubscribe", "unfollowed")],
)
def test_followers_come_and_go(name: str, change: str) -> None:
    item = parsed(name)
    assert isinstance(item, AudienceChange) and (item.change, item.address) == (change, ADDRESS)


def test_a_scanned_code_tells_where_the_customer_comes_from() -> None:
    item = message("scan")
    assert (item.kind, item.referral) == (
        "referral",
        {"source": "scan", "ref": "shop-7", "ticket": "TICKET1"},
    )
    assert item.opens_brief_window


@pytest.mark.parametrize(
    "name, postback, text", [("click", "ORDER_STATUS", ""), ("scancode", "SCAN_PARCEL", "parcel-4711")]
)
def test_a_tapped_menu_opens_the_brief_window_only(name: str, postback: str, text: str) -> None:
    item = message(name)
    assert (item.kind, item.postback, item.text) == ("postback", postback, text)
    assert item.opens_brief_window


@pytest.mark.parametrize("name", ["view", "position", "subscribe_message"])
def test_events_that_say_nothing_to_us_are_kept(name: str) -> None:
    item = parsed(name)
    assert isinstance(item, UnknownItem) and item.address == ADDRESS
    assert item.name == told(name)["Event"].lower()


def test_the_outcome_of_a_template_message_is_told_by_its_number() -> None:
    good, bad = parsed("template_success"), parsed("template_blocked")
    assert isinstance(good, DeliveryReport) and isinstance(bad, DeliveryReport)
    assert (good.status, good.external_ids, good.error) == ("delivered", ("200163836",), None)
    assert (bad.status, bad.external_ids) == ("failed", ("200163837",))
    assert bad.error is not None and bad.error.kind is ErrorKind.RECIPIENT_GONE


@pytest.mark.parametrize("name", ["kf_create_session", "kf_switch_session", "kf_close_session"])
def test_talks_in_wechats_own_customer_service_are_told(name: str) -> None:
    item = parsed(name)
    assert isinstance(item, AccountChange)
    assert (item.change, item.address, item.details["Event"]) == ("thread_control", ADDRESS, name)


def test_the_names_of_events_are_read_in_any_case() -> None:
    [item] = CHANNEL.parse(write({**told("click"), "Event": "cLiCk"}))
    assert isinstance(item, IncomingMessage)


def test_an_event_told_again_is_the_same_and_another_one_is_not() -> None:
    first, again = parsed("click"), parsed("click")
    [later] = CHANNEL.parse(write({**told("click"), "CreateTime": "1793589999"}))
    [other] = CHANNEL.parse(write({**told("click"), "EventKey": "OPENING_HOURS"}))
    assert first.event_id == again.event_id
    assert len({first.event_id, later.event_id, other.event_id}) == 3


def test_a_message_without_number_or_sender_is_kept_as_unknown() -> None:
    for missing in ("MsgId", "FromUserName", "MsgType"):
        content = {key: value for key, value in told("text").items() if key != missing}
        [item] = CHANNEL.parse(write(content))
        assert isinstance(item, UnknownItem)


# --- hostile XML -------------------------------------------------------------------------------------------

ENTITY = '<!DOCTYPE xml [<!ENTITY a "{}">]><xml><ToUserName>&a;</ToUserName></xml>'


@pytest.mark.parametrize(
    "body",
    [
        ENTITY.format("gh_1").encode(),
        ENTITY.format("gh_1").encode("utf-16"),
        b'<!DOCTYPE xml SYSTEM "file:///etc/passwd"><xml><ToUserName>gh_1</ToUserName></xml>',
        b'<!DOCTYPE xml [<!ENTITY % x SYSTEM "http://127.0.0.1/">%x;]><xml/>',
        b"<xml><ToUserName>&undeclared;</ToUserName></xml>",
        b"<xml>" + b"<a>" * wechat_xml.MAX_DEPTH + b"</a>" * wechat_xml.MAX_DEPTH + b"</xml>",
        b"<xml><ToUserName>g</ToUserName>" + b"<a/>" * wechat_xml.MAX_ELEMENTS + b"</xml>",
        b"<xml><ToUserName>" + b"g" * wechat_xml.MAX_BYTES + b"</ToUserName></xml>",
        b"<xml>words</xml>",
        b"<html><ToUserName>gh_1</ToUserName></html>",
        b"<xml><ToUserName>gh_1</ToUserName></xml><xml/>",
        b"<xml><ToUserName><b>gh_1</b></ToUserName></xml>",
        b'<?xml version="1.0" encoding="utf-7"?>' + b"+ADw-xml/>",
    ],
)
def test_hostile_xml_is_unparsable(body: bytes) -> None:
    with pytest.raises(Unparsable):
        CHANNEL.parse(body)


def test_xml_inside_the_bounds_is_read() -> None:
    inner = b"<a>" * (wechat_xml.MAX_DEPTH - 1) + b"</a>" * (wechat_xml.MAX_DEPTH - 1)
    [item] = CHANNEL.parse(b"\xef\xbb\xbf<xml><ToUserName>gh_1</ToUserName>" + inner + b"</xml>")
    assert isinstance(item, UnknownItem) and item.account_id == "gh_1"


# --- files and profile -------------------------------------------------------------------------------------


def asked(
    answer: PlatformResponse, attachment: IncomingAttachment
) -> tuple[PlatformRequest | None, list[str]]:
    calls: list[str] = []

    def platform(request: PlatformRequest) -> PlatformResponse:
        calls.append(request.address)
        return answer

    return CHANNEL.file_request(attachment, ACCOUNT, platform), calls


def test_a_file_is_fetched_by_its_id_with_the_token() -> None:
    request, calls = asked(refusal(0), message("voice").attachments[0])
    assert request is not None and calls == []
    assert request.address == (
        f"{ACCOUNT.base_url}/cgi-bin/media/get?access_token=borrowed-token-1&media_id=media-id-voice-1"
    )
    assert "borrowed-token-1" not in repr(request)


def test_of_a_video_wechat_tells_the_address() -> None:
    answer = PlatformResponse(
        status=200, headers={}, body=b'{"video_url":"https://vweixinp.tc.qq.com/v?x=1"}'
    )
    request, calls = asked(answer, message("video").attachments[0])
    assert request is not None and request.url == "https://vweixinp.tc.qq.com/v?x=1" and len(calls) == 1
    with pytest.raises(DeliveryError) as error:
        asked(refusal(40007, "invalid media_id"), message("video").attachments[0])
    assert error.value.kind is ErrorKind.MEDIA


def test_a_page_and_a_place_are_no_files() -> None:
    assert asked(refusal(0), message("link").attachments[0]) == (None, [])
    assert asked(refusal(0), message("location").attachments[0]) == (None, [])
    bare = replace(message("image").attachments[0], media_id="")
    request, _calls = asked(refusal(0), bare)
    assert request is not None and request.url == "https://mmbiz.qpic.cn/mmbiz_jpg/AbCdEf/0"


def test_an_element_of_a_sample_is_what_the_judge_calls_a_text() -> None:
    assert parse_message(write(message_element("1", "hi"))).type == "text"
