"""Text messages through Twilio, read and written as the platform does it."""

import hashlib
import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from twilio.http.response import Response
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from conversations.channels.base import (
    Account,
    AccountCheck,
    Hook,
    PlatformRequest,
    PlatformResponse,
    Unparsable,
)
from conversations.channels.cards import Card, CardKind, Money
from conversations.channels.errors import DeliveryError, ErrorKind
from conversations.channels.items import (
    UNKNOWN_TIME,
    AudienceChange,
    DeliveryReport,
    IncomingAttachment,
    IncomingMessage,
    Item,
    UnknownItem,
)
from conversations.channels.outgoing import OutgoingFile, OutgoingMessage, QuickReply
from conversations.channels.sms import Sms
from conversations.channels.twilio import MAX_BYTES, MAX_FIELDS
from tests.conversations.channels.samples.sms import (
    ACCEPTED,
    ACCOUNT,
    ACCOUNT_SID,
    ADDRESS,
    URL,
    hook,
    message_element,
    write,
)

PAYLOADS = Path(__file__).parent / "payloads" / "sms"
CHANNEL = Sms()
TOKEN = "twilio-auth-token-1"
MEDIA = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT_SID}/Messages/MM1/Media"


def told(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((PAYLOADS / f"{name}.json").read_text())
    return content


def parsed(name: str) -> list[Item]:
    return CHANNEL.parse(write(told(name)))


def message(name: str) -> IncomingMessage:
    item = parsed(name)[0]
    assert isinstance(item, IncomingMessage)
    return item


# --- signatures --------------------------------------------------------------------------------------------

VECTOR = {
    "Body": "你好 order 12",
    "From": "+886912345678",
    "MessageSid": "SM00000000000000000000000000000001",
    "NumMedia": "0",
    "To": "+15005550006",
}
VECTOR_URL, VECTOR_SIGNATURE = "https://crm.example/hooks/twilio/acme?v=1", "Vff5KueDSFynPn+YztKyMGmCvmQ="


def test_the_published_vector_is_verified() -> None:
    call = Hook(body=write(VECTOR), headers={"x-twilio-signature": VECTOR_SIGNATURE}, url=VECTOR_URL)
    assert CHANNEL.verify(call, ["another", TOKEN])
    assert not CHANNEL.verify(call, ["another"])
    assert not CHANNEL.verify(replace(call, url=VECTOR_URL.replace("v=1", "v=2")), [TOKEN])
    assert not CHANNEL.verify(replace(call, body=write({**VECTOR, "NewField": "x"})), [TOKEN])
    assert not CHANNEL.verify(replace(call, body=write({**VECTOR, "Body": "another"})), [TOKEN])


@pytest.mark.parametrize(
    "signed, called, good",
    [
        ("https://crm.example/h", "https://crm.example/h", True),
        ("https://crm.example:443/h", "https://crm.example/h", True),
        ("https://crm.example/h", "https://crm.example:443/h", True),
        ("http://crm.example:80/h?a=1", "http://crm.example/h?a=1", True),
        ("https://crm.example:8443/h", "https://crm.example:8443/h", True),
        ("https://crm.example:8443/h", "https://crm.example/h", False),
        ("https://crm.example/h", "http://crm.example/h", False),
        ("https://[::1]:443/h", "https://[::1]/h", True),
    ],
)
def test_the_ordinary_port_may_be_signed_or_not(signed: str, called: str, good: bool) -> None:
    call = replace(hook(write(told("text")), TOKEN, signed), url=called)
    assert CHANNEL.verify(call, [TOKEN]) is good


def test_a_value_that_stands_there_twice_is_signed_once_and_its_siblings_in_order() -> None:
    class Fields(dict[str, list[str]]):
        def getlist(self, name: str) -> list[str]:
            return self[name]

    signature = RequestValidator(TOKEN).compute_signature(URL, Fields(B=["2", "1", "2"], A=["x y"]))
    call = Hook(body=b"B=2&A=x+y&B=1&B=2", headers={"x-twilio-signature": signature}, url=URL)
    assert CHANNEL.verify(call, [TOKEN])


def test_a_json_body_is_signed_by_its_digest_in_the_address() -> None:
    body = b'{"MessageSid":"SM1"}'
    digest = hashlib.sha256(body).hexdigest()
    url = f"https://crm.example/h?bodySHA256={digest}"
    signature = RequestValidator(TOKEN).compute_signature(url, {})
    call = Hook(body=body, headers={"x-twilio-signature": signature}, url=url, query={"bodySHA256": digest})
    assert CHANNEL.verify(call, [TOKEN])
    assert not CHANNEL.verify(replace(call, body=b'{"MessageSid":"SM2"}'), [TOKEN])


def test_a_shared_key_signs_with_the_newer_digest() -> None:
    body = write(told("text"))
    signature = RequestValidator(TOKEN).compute_signature(URL, told("text"), "HMAC_SHA256")
    settings = {"x-twilio-webhooks-signature-settings": "key=k1,algorithm=HMAC_SHA256"}
    call = Hook(body=body, headers={"x-twilio-signature": signature, **settings}, url=URL)
    assert CHANNEL.verify(call, [TOKEN])
    assert not CHANNEL.verify(replace(call, headers={"x-twilio-signature": signature}), [TOKEN])


def test_a_webhook_is_answered_with_nothing_to_say() -> None:
    assert CHANNEL.acknowledgement == (b"<Response></Response>", b"text/xml; charset=utf-8")


# --- messages ----------------------------------------------------------------------------------------------


def test_a_text_is_read() -> None:
    [item] = parsed("text")
    assert item == IncomingMessage(
        account_id="",
        event_id="SM00000000000000000000000000000001",
        happened_at=UNKNOWN_TIME,
        raw=item.raw,
        address=ADDRESS,
        external_id="SM00000000000000000000000000000001",
        text="你好 order 12",
    )


def test_media_are_read_by_their_kind() -> None:
    item = message("media")
    assert (item.kind, item.text) == ("text", "看這個")
    assert item.attachments == (
        IncomingAttachment(kind="image", url=f"{MEDIA}/ME1", mime="image/jpeg"),
        IncomingAttachment(kind="file", url=f"{MEDIA}/ME2", mime="text/vcard"),
        IncomingAttachment(kind="audio", url=f"{MEDIA}/ME3", mime="audio/amr"),
    )
    assert message("media_alone").kind == "attachment"


def test_a_number_of_media_that_cannot_be_is_bounded() -> None:
    [item] = CHANNEL.parse(write({**told("media"), "NumMedia": "999999999"}))
    assert isinstance(item, IncomingMessage) and len(item.attachments) == 3


@pytest.mark.parametrize(
    "name, change", [("stop", "opted_out"), ("start", "opted_in"), ("own_stop_word", "opted_out")]
)
def test_a_word_that_stops_or_allows_is_words_and_a_change(name: str, change: str) -> None:
    said, changed = parsed(name)
    assert isinstance(said, IncomingMessage) and said.text == told(name)["Body"]
    assert isinstance(changed, AudienceChange) and (changed.change, changed.address) == (change, ADDRESS)
    assert said.event_id != changed.event_id


@pytest.mark.parametrize(
    ("words", "change"),
    [
        ("取消訂閱", "opted_out"),
        ("退订", "opted_out"),
        ("配信停止", "opted_out"),
        (" ＳＴＯＰ ", "opted_out"),
        ("恢復訂閱", "opted_in"),
        ("配信再開", "opted_in"),
    ],
)
def test_people_stop_and_allow_in_their_own_language(words: str, change: str) -> None:
    said, changed = CHANNEL.parse(write({**told("text"), "Body": words}))
    assert isinstance(said, IncomingMessage) and said.text == words
    assert isinstance(changed, AudienceChange) and changed.change == change


@pytest.mark.parametrize(
    "words", ["please stop", "stop it", "HELP", "我想取消訂閱嗎?", "配信停止はいつ?", ""]
)
def test_other_words_change_nothing(words: str) -> None:
    assert len(CHANNEL.parse(write({**told("text"), "Body": words}))) == 1
    assert len(parsed("help")) == 1


def test_what_the_account_calls_a_stop_word_counts_and_not_the_usual_list() -> None:
    assert len(CHANNEL.parse(write({**told("help"), "Body": "cancel"}))) == 1
    assert len(CHANNEL.parse(write({**told("text"), "Body": "cancel"}))) == 2


def test_whatsapp_through_twilio_is_read_with_name_button_and_place() -> None:
    button, place = message("whatsapp_button"), message("whatsapp_place")
    assert (button.address, button.sender_name) == ("whatsapp:+886912345678", "陳美玲")
    assert (button.kind, button.postback, button.reply_to[-2:]) == ("postback", "yes", "99")
    [spot] = place.attachments
    assert (place.kind, spot.name, spot.details["latitude"]) == ("location", "台北101", 25.0339)


@pytest.mark.parametrize("latitude", ["", "north", "nan", "inf"])
def test_a_place_that_is_none_is_left_out(latitude: str) -> None:
    [item] = CHANNEL.parse(write({**told("whatsapp_place"), "Latitude": latitude}))
    assert isinstance(item, IncomingMessage) and item.attachments == ()


# --- reports -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name, status", [("sent", "sent"), ("delivered", "delivered"), ("read", "read"), ("canceled", "failed")]
)
def test_a_status_moves_the_message_that_it_names(name: str, status: str) -> None:
    [item] = parsed(f"status_{name}")
    assert isinstance(item, DeliveryReport)
    assert (item.status, item.address, len(item.external_ids)) == (status, ADDRESS, 1)


@pytest.mark.parametrize("name", ["queued", "sending"])
def test_steps_that_nobody_wants_to_know_are_kept_silently(name: str) -> None:
    [item] = parsed(f"status_{name}")
    assert isinstance(item, UnknownItem) and item.name == name


def test_a_failure_tells_why() -> None:
    [undelivered], [failed] = parsed("status_undelivered"), parsed("status_failed")
    assert isinstance(undelivered, DeliveryReport) and isinstance(failed, DeliveryReport)
    assert undelivered.error == DeliveryError(
        ErrorKind.RECIPIENT_GONE, code="30003", detail="Unreachable destination handset"
    )
    assert failed.error is not None and failed.error.kind is ErrorKind.BAD_REQUEST


@pytest.mark.parametrize(
    "body",
    [
        write({"Body": "hello", "From": ADDRESS}),
        b"MessageSid=",
        b"MessageSid=SM1&Body=" + b"x" * MAX_BYTES,
        b"MessageSid=SM1" + b"&a=1" * MAX_FIELDS,
    ],
)
def test_what_is_no_message_is_unparsable(body: bytes) -> None:
    with pytest.raises(Unparsable):
        CHANNEL.parse(body)
    assert not CHANNEL.verify(Hook(body=body, headers={"x-twilio-signature": "x"}, url=URL), [TOKEN])


def test_bytes_that_are_no_text_are_mended() -> None:
    [item] = CHANNEL.parse(b"MessageSid=SM1&From=%2B1&Body=a%ff")
    assert isinstance(item, IncomingMessage) and item.text == "a\ufffd"


# --- sending -----------------------------------------------------------------------------------------------

MESSAGE = OutgoingMessage(address=ADDRESS, text="您好 🍎", correlation="message-1", retry_key="key-1")


def asked(message: OutgoingMessage, account: Account = ACCOUNT) -> PlatformRequest:
    requests: list[PlatformRequest] = []

    def platform(request: PlatformRequest) -> PlatformResponse:
        requests.append(request)
        return ACCEPTED

    CHANNEL.send(message, account, platform)
    [request] = requests
    return request


def fields(message: OutgoingMessage, account: Account = ACCOUNT) -> list[tuple[str, str]]:
    content = asked(message, account).content
    assert content is not None
    return sorted(parse_qsl(content.decode(), keep_blank_values=True))


def judged_fields(**given: Any) -> tuple[str, str, list[tuple[str, str]]]:
    """What the judge's client would send."""
    calls: list[tuple[str, str, list[tuple[str, str]]]] = []

    class Http:
        def request(self, method: str, url: str, **more: Any) -> Response:
            pairs = [
                (name, each)
                for name, value in more["data"].items()
                for each in (value if isinstance(value, list) else [value])
            ]
            calls.append((method, url, sorted(pairs)))
            return Response(201, ACCEPTED.body.decode())

    Client(ACCOUNT_SID, TOKEN, http_client=Http()).messages.create(**given)
    [call] = calls
    return call


def test_a_text_is_what_the_judge_sends() -> None:
    method, url, pairs = judged_fields(to=ADDRESS, from_="+15005550006", body="您好 🍎")
    request = asked(MESSAGE, replace(ACCOUNT, base_url=""))
    assert (request.method, request.url) == (method.upper(), url)
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert fields(MESSAGE) == pairs


def test_a_service_sends_under_its_own_id() -> None:
    service = replace(ACCOUNT, account_id="MG00000000000000000000000000000001")
    judged = judged_fields(to=ADDRESS, messaging_service_sid=service.account_id, body="您好 🍎")
    assert fields(MESSAGE, service) == judged[2]


def test_files_go_out_by_their_addresses_beside_the_text() -> None:
    urls = ["https://files.example/a", "https://files.example/b"]
    files = tuple(
        OutgoingFile(kind="image", name="a.png", mime="image/png", size=5, url=url, read=bytes)
        for url in urls
    )
    judged = judged_fields(to=ADDRESS, from_="+15005550006", body="您好 🍎", media_url=urls)
    assert fields(replace(MESSAGE, files=files)) == judged[2]
    alone = dict(fields(replace(MESSAGE, text="", files=files[:1])))
    assert "Body" not in alone and alone["MediaUrl"] == urls[0]


def test_a_file_that_twilio_would_not_take_is_never_tried() -> None:
    large = OutgoingFile(
        kind="video",
        name="a.mp4",
        mime="video/mp4",
        size=5_000_001,
        url="https://files.example/a",
        read=bytes,
    )
    with pytest.raises(DeliveryError) as error:
        asked(replace(MESSAGE, files=(large,)))
    assert error.value.kind is ErrorKind.MEDIA
    assert asked(replace(MESSAGE, files=(replace(large, size=5_000_000),)))


def test_cards_and_quick_replies_go_out_in_words() -> None:
    card = Card(
        kind=CardKind.PRODUCT, title="Tea", price=Money(Decimal("12.50"), "EUR"), url="https://shop.example/t"
    )
    replies = (QuickReply("Yes", "yes"), QuickReply("No", "no"))
    body = dict(fields(replace(MESSAGE, text="Look", cards=(card,), quick_replies=replies)))["Body"]
    assert body == "Look\n\nTea · EUR 12.50\nhttps://shop.example/t\n\n• Yes\n• No"
    with pytest.raises(DeliveryError) as error:
        asked(replace(MESSAGE, text="x" * 1595, quick_replies=replies))
    assert error.value.code == "text_too_long"


def test_reports_come_to_the_address_of_the_inbox() -> None:
    hooked = replace(ACCOUNT, hook_url="https://desk.example/hooks/sms/key", base_url="")
    assert dict(fields(MESSAGE, hooked))["StatusCallback"] == "https://desk.example/hooks/sms/key"
    assert "StatusCallback" not in dict(fields(MESSAGE))
    local = replace(hooked, hook_url="http://localhost:8000/hooks/sms/key")
    assert "StatusCallback" not in dict(fields(MESSAGE, local))  # Twilio would refuse the message
    assert "StatusCallback" in dict(fields(MESSAGE, replace(local, base_url=ACCOUNT.base_url)))


def test_an_api_key_stands_for_the_auth_token() -> None:
    keyed = replace(ACCOUNT, settings={**ACCOUNT.settings, "api_key": "SK1"})
    assert asked(MESSAGE, keyed).headers["Authorization"] == "Basic U0sxOnR3aWxpby1hdXRoLXRva2VuLTE="
    assert ACCOUNT_SID in asked(MESSAGE, keyed).url


@pytest.mark.parametrize("missing", [{"settings": {}}, {"credentials": {}}])
def test_an_account_that_is_not_set_up_is_told_so_without_a_call(missing: dict[str, Any]) -> None:
    with pytest.raises(DeliveryError) as error:
        asked(MESSAGE, replace(ACCOUNT, **missing))
    assert error.value.kind is ErrorKind.AUTH_EXPIRED


def test_a_refusal_tells_how_long_to_wait() -> None:
    answer = PlatformResponse(status=429, headers={"Retry-After": "7"}, body=b'{"code":20429}')
    with pytest.raises(DeliveryError) as error:
        CHANNEL.send(MESSAGE, ACCOUNT, lambda request: answer)
    assert (error.value.kind, error.value.retry_after) == (ErrorKind.RATE_LIMITED, 7.0)


# --- files and check ---------------------------------------------------------------------------------------


def nobody(request: PlatformRequest) -> PlatformResponse:
    raise AssertionError("nobody is asked")


@pytest.mark.parametrize(
    "address, shown",
    [
        (f"{MEDIA}/ME1", True),
        ("https://api.twilio.com.evil.example/x", False),
        ("https://api.twilio.com@evil.example/x", False),
        ("http://api.twilio.com/x", False),
        ("https://media.example/x", False),
    ],
)
def test_our_log_in_is_shown_to_the_platform_alone(address: str, shown: bool) -> None:
    real = replace(ACCOUNT, base_url="")
    request = CHANNEL.file_request(IncomingAttachment(kind="image", url=address), real, nobody)
    assert request is not None and ("Authorization" in request.headers) is shown
    assert CHANNEL.file_request(IncomingAttachment(kind="location"), real, nobody) is None


def test_the_check_names_the_account_and_warns() -> None:
    def check(**content: str) -> AccountCheck:
        answer = PlatformResponse(status=200, headers={}, body=json.dumps(content).encode())
        return CHANNEL.check(ACCOUNT, lambda request: answer)

    assert check(friendly_name="Shanhai", type="Full", status="active") == AccountCheck(name="Shanhai")
    assert len(check(friendly_name="Shanhai", type="Trial", status="suspended").warnings) == 2
    with pytest.raises(DeliveryError) as error:
        CHANNEL.check(
            ACCOUNT, lambda request: PlatformResponse(status=401, headers={}, body=b'{"code":20003}')
        )
    assert error.value.kind is ErrorKind.AUTH_EXPIRED


def test_an_element_without_sender_is_kept_as_unknown() -> None:
    [item] = CHANNEL.parse(write({**message_element("SM1", "x"), "From": ""}))
    assert isinstance(item, UnknownItem)
