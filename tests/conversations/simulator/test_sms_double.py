"""The double of Twilio keeps Twilio's rules, and what it posts is what our channel, and Twilio's own library, reads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

import pytest
from twilio.request_validator import RequestValidator

from conversations.channels import registry
from conversations.channels.base import Account, Hook, PlatformResponse, Sent, Transport
from conversations.channels.errors import DeliveryError, ErrorKind
from conversations.channels.items import AudienceChange, DeliveryReport, IncomingMessage, Item
from conversations.channels.outgoing import OutgoingFile, OutgoingMessage
from conversations.simulator import samples
from conversations.simulator.accounts import SimulatedAccount
from tests.conversations.simulator.conftest import HOST, MOBILE, SENDER, Caller, Receiver

SMS = registry.open("sms")
BASE = f"http://{HOST}/simulator/".replace("localhost", "127.0.0.1")
TOKEN = "twilio-auth-token-1"


def account(receiver: Receiver | None = None, **changes: Any) -> Account:
    made = Account(
        account_id=SENDER,
        base_url=f"{BASE}sms",
        credentials={"access_token": TOKEN},
        settings={"account_sid": "AC1"},
        hook_url=receiver.url if receiver else "",
    )
    return replace(made, **changes)


MESSAGE = OutgoingMessage(address=MOBILE, text="您好", correlation="m", retry_key="k")


async def ask(call: Caller, do: Callable[[Transport], Any]) -> Any:
    """What our channel makes of the double's answers."""
    return await asyncio.to_thread(do, call.as_transport(asyncio.get_running_loop(), BASE))


async def send(call: Caller, sender: Account | None = None, **changes: Any) -> Sent:
    own = sender or account()
    sent: Sent = await ask(call, lambda way: SMS.send(replace(MESSAGE, **changes), own, way))
    return sent


async def refusal(call: Caller, sender: Account | None = None, **changes: Any) -> DeliveryError:
    with pytest.raises(DeliveryError) as error:
        await send(call, sender, **changes)
    return error.value


async def bubbles(call: Caller) -> list[dict[str, Any]]:
    """What stands on the telephone."""
    news = await call("GET", f"phone/sms/{SENDER}/{MOBILE}/news?after=")
    found: list[dict[str, Any]] = news.json["bubbles"]
    return found


async def read(receiver: Receiver, count: int) -> list[Item]:
    """The items of the last of `count` webhooks, whose signature must be right, as the judge finds too."""
    headers, body = (await receiver.wait(count))[count - 1]
    hook = Hook(body=body, headers=headers, url=receiver.url)
    assert SMS.verify(hook, [TOKEN]) and not SMS.verify(hook, ["another"])
    form = dict(parse_qsl(body.decode(), keep_blank_values=True))
    assert RequestValidator(TOKEN).validate(receiver.url, form, headers["x-twilio-signature"])
    return SMS.parse(body)


async def test_what_a_customer_writes_is_posted_signed_and_readable(call: Caller, receiver: Receiver) -> None:
    sent = await call.act("sms", "write", text="你好 order 12 🍎 & more=1")
    [item] = await read(receiver, 1)
    assert isinstance(item, IncomingMessage)
    assert (item.address, item.text) == (MOBILE, "你好 order 12 🍎 & more=1")
    assert item.external_id == sent.json["message"]["id"]


async def test_a_picture_arrives_and_can_be_fetched_by_who_logs_in(call: Caller, receiver: Receiver) -> None:
    await call("GET", "")  # from here on the double knows its own address
    await call.act("sms", "image")
    [item] = await read(receiver, 1)
    assert isinstance(item, IncomingMessage)
    [attachment] = item.attachments
    assert (attachment.kind, attachment.mime) == ("image", "image/png")

    def fetch(way: Transport) -> PlatformResponse:
        request = SMS.file_request(attachment, account(), way)
        assert request is not None and attachment.url.startswith(BASE)
        return way(request)

    sample = samples.of("image")
    assert sample is not None and (await ask(call, fetch)).body == sample.content
    assert (await call("GET", attachment.url.removeprefix(BASE))).status == 401


async def test_stopping_and_coming_back_are_words_and_changes(call: Caller, receiver: Receiver) -> None:
    await call.act("sms", "unfollow")
    said, gone = await read(receiver, 1)
    assert isinstance(said, IncomingMessage) and said.text == "STOP"
    assert isinstance(gone, AudienceChange) and gone.change == "opted_out"
    assert (await refusal(call)).code == "21610"
    await call.act("sms", "write", text=" start ")
    _said, back = await read(receiver, 2)
    assert isinstance(back, AudienceChange) and back.change == "opted_in"
    assert (await send(call)).external_id.startswith("SM")


async def test_an_answer_stands_on_the_telephone_and_its_way_is_told(
    call: Caller, receiver: Receiver
) -> None:
    file = OutgoingFile(
        kind="image", name="a.png", mime="image/png", size=5, url="https://files.example/a.png", read=bytes
    )
    sent = await send(call, account(receiver), files=(file,))
    [bubble] = await bubbles(call)
    assert (bubble["text"], bubble["files"][0]["url"]) == ("您好", "https://files.example/a.png")
    reports = [(await read(receiver, number))[0] for number in (1, 2)]
    assert all(
        isinstance(each, DeliveryReport) and each.external_ids == (sent.external_id,) for each in reports
    )
    assert [each.status for each in reports if isinstance(each, DeliveryReport)] == ["sent", "delivered"]


async def test_without_an_address_for_reports_nothing_is_told(call: Caller, receiver: Receiver) -> None:
    await send(call)
    await call.act("sms", "write", text="hello")
    [item] = await read(receiver, 1)
    assert isinstance(item, IncomingMessage)


async def test_a_number_that_nobody_has_is_told_later(call: Caller, receiver: Receiver) -> None:
    await send(call, account(receiver), address="+886900000000")
    [report] = await read(receiver, 2)
    assert isinstance(report, DeliveryReport) and report.error is not None
    assert (report.status, report.error.kind) == ("failed", ErrorKind.RECIPIENT_GONE)


async def test_a_service_sends_and_receives_under_its_own_id(call: Caller, receiver: Receiver) -> None:
    service = "MG00000000000000000000000000000001"
    call.simulator.stage.register.connect_account(
        SimulatedAccount(
            "sms", service, "Shanhai", TOKEN, TOKEN, receiver.url, customers=({"id": MOBILE, "name": "陳"},)
        )
    )
    assert (await send(call, account(account_id=service))).external_id.startswith("SM")
    wanted = {"kind": "sms", "account_id": service, "customer": MOBILE, "do": "write", "text": "hello"}
    await call("POST", "control/act", wanted)
    [item] = await read(receiver, 1)
    assert isinstance(item, IncomingMessage) and item.raw["MessagingServiceSid"] == service


@pytest.mark.parametrize(
    "changes, code",
    [
        ({"address": "0912"}, "21211"),
        ({"address": "whatsapp:+886912345678"}, "21211"),
    ],
)
async def test_what_twilio_refuses_is_refused(call: Caller, changes: dict[str, Any], code: str) -> None:
    assert (await refusal(call, **changes)).code == code
    assert await send(call)


@pytest.mark.parametrize(
    "body, code",
    [
        ({"To": MOBILE, "From": SENDER, "Body": "x" * 1601}, 21617),
        ({"To": MOBILE, "From": SENDER}, 21602),
        ({"To": MOBILE, "From": "+15005550001", "Body": "x"}, 21606),
        ({"To": MOBILE, "From": SENDER, "MediaUrl": "ftp://files.example/a"}, 21620),
    ],
)
async def test_what_our_channel_never_asks_is_refused_too(
    call: Caller, body: dict[str, str], code: int
) -> None:
    form = "&".join(f"{name}={value.replace('+', '%2B')}" for name, value in body.items()).encode()
    basic = {"authorization": "Basic QUMxOnR3aWxpby1hdXRoLXRva2VuLTE="}
    refused = await call("POST", "sms/2010-04-01/Accounts/AC1/Messages.json", form, **basic)
    assert (refused.status, refused.json["code"]) == (400, code)


@pytest.mark.parametrize(
    "changes",
    [
        {"credentials": {"access_token": "wrong"}},
        {"credentials": {"access_token": "wrong"}, "settings": {"account_sid": "AC2"}},
    ],
)
async def test_a_wrong_log_in_is_refused(call: Caller, changes: dict[str, Any]) -> None:
    assert (await refusal(call, account(**changes))).kind is ErrorKind.AUTH_EXPIRED
    keyed = account(settings={"account_sid": "AC1", "api_key": "SK1"})
    assert await send(call, keyed)


@pytest.mark.parametrize(
    "fault, kind",
    [
        ("token", ErrorKind.AUTH_EXPIRED),
        ("permission", ErrorKind.PERMISSION),
        ("rate_limit", ErrorKind.RATE_LIMITED),
        ("quota", ErrorKind.RATE_LIMITED),
        ("temporary", ErrorKind.TEMPORARY),
        ("blocked", ErrorKind.RECIPIENT_GONE),
        ("bad_request", ErrorKind.BAD_REQUEST),
        ("window_closed", ErrorKind.WINDOW_CLOSED),
    ],
)
async def test_a_fault_strikes_once_and_then_no_more(call: Caller, fault: str, kind: ErrorKind) -> None:
    await call("POST", "control/faults", {fault: 1})
    assert (await refusal(call)).kind is kind
    await send(call)


async def test_the_account_can_be_asked(call: Caller) -> None:
    check = await ask(call, lambda way: SMS.check(account(), way))
    assert (check.name, check.warnings) == ("Shanhai", ())
