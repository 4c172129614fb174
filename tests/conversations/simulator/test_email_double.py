"""The double of a mail provider: our mails stand in a mailbox, and what customers write comes as whole mails."""

from __future__ import annotations

from collections.abc import Mapping
from email import message_from_bytes, policy
from typing import Any

import pytest

from conversations.channels import registry
from conversations.channels.base import Account, Hook, PlatformRequest, PlatformResponse
from conversations.channels.errors import DeliveryError, ErrorKind
from conversations.channels.items import IncomingMessage
from conversations.channels.outgoing import OutgoingFile, OutgoingMessage
from conversations.simulator.accounts import SimulatedAccount
from conversations.simulator.application import Simulator
from tests.conversations.simulator.conftest import HOST, Caller, Receiver

BOX, MEI = "support@shop.example", "mei@customer.example"
CHANNEL = registry.open("email")
ACCOUNT = Account(
    account_id=BOX,
    base_url=f"http://{HOST}/simulator/email",
    credentials={"access_token": "relay"},
    settings={},
)


@pytest.fixture
def call(receiver: Receiver) -> Caller:
    simulator = Simulator()
    person = {"id": MEI, "name": "陳美玲"}
    account = SimulatedAccount("email", BOX, "Shanhai", "secret", "relay", receiver.url, customers=(person,))
    simulator.stage.register.connect_account(account)
    return Caller(simulator)


async def act(call: Caller, do: str, **more: Any) -> Any:
    wanted = {"kind": "email", "account_id": BOX, "customer": MEI, "do": do, **more}
    return await call("POST", "control/act", wanted)


def request_of(message: OutgoingMessage, account: Account = ACCOUNT) -> PlatformRequest:
    asked: list[PlatformRequest] = []

    def transport(request: PlatformRequest) -> PlatformResponse:
        asked.append(request)
        return PlatformResponse(status=200, headers={}, body=b"{}")

    CHANNEL.send(message, account, transport)
    return asked[0]


async def send(call: Caller, message: OutgoingMessage, account: Account = ACCOUNT) -> DeliveryError | None:
    """Hand a message to the double as our channel does; how it would be told to the desk."""
    request = request_of(message, account)
    path = request.url.partition("/simulator/")[2]
    answer = await call("POST", path, request.content, **dict(request.headers))
    response = PlatformResponse(status=answer.status, headers=answer.headers, body=answer.body)
    try:
        CHANNEL.send(message, account, lambda _request: response)
    except DeliveryError as error:
        return error
    return None


def message(text: str = "Sent today.", **more: Any) -> OutgoingMessage:
    return OutgoingMessage(
        **{
            "address": MEI,
            "text": text,
            "correlation": "m-1",
            "retry_key": "m-1",
            "subject": "Re: Order",
            **more,
        }
    )


def phone(call: Caller) -> Any:
    account = call.simulator.stage.register.account("email", BOX)
    assert account is not None
    customer = call.simulator.stage.world.customer(account, MEI)
    assert customer is not None
    return customer.bubbles


def incoming(post: tuple[Mapping[str, str], bytes]) -> IncomingMessage:
    headers, body = post
    hook = Hook(body=body, headers=headers)
    assert CHANNEL.verify(hook, ["secret"]) and not CHANNEL.verify(hook, ["other"])
    [item] = CHANNEL.parse(CHANNEL.unwrap(hook, ["secret"]))
    assert isinstance(item, IncomingMessage)
    return item


async def test_a_customers_mail_is_posted_whole_and_signed(call: Caller, receiver: Receiver) -> None:
    await act(call, "write", text="您好，請問訂單？")
    [post] = await receiver.wait(1)
    item = incoming(post)
    assert (item.address, item.sender_name, item.text) == (MEI, "陳美玲", "您好，請問訂單？")
    assert item.details["subject"] == "您好，請問訂單？" and item.answers == ()


async def test_an_answer_keeps_the_thread_the_reply_address_and_the_quote(
    call: Caller, receiver: Receiver
) -> None:
    assert await send(call, message(reply_address="support+kabc@shop.example")) is None
    [shown] = phone(call)
    assert shown.text == "Re: Order\n\nSent today." and shown.id == "kontor.m-1@shop.example"
    await act(call, "write", text="謝謝！")
    [post] = await receiver.wait(1)
    item = incoming(post)
    assert item.text == "謝謝！" and item.details["full_text"].endswith("> Sent today.")
    assert item.answers == ("kontor.m-1@shop.example",) and item.details["to"] == [
        "support+kabc@shop.example"
    ]


async def test_pictures_go_both_ways(call: Caller, receiver: Receiver) -> None:
    await act(call, "image")
    [post] = await receiver.wait(1)
    [picture] = incoming(post).attachments
    assert picture.kind == "image" and picture.size
    file = OutgoingFile(
        kind="image",
        name="cup.png",
        mime="image/png",
        size=4,
        url="https://x.example/c",
        read=lambda: b"\x89PNG",
    )
    assert await send(call, message(files=(file,))) is None
    assert phone(call)[-1].files == [
        {"kind": "image", "name": "cup.png", "url": "data:image/png;base64,iVBORw=="}
    ]


async def test_a_closed_mailbox_and_a_stranger_are_refused(call: Caller) -> None:
    await act(call, "unfollow")
    error = await send(call, message())
    assert error is not None and (error.kind, error.code) == (ErrorKind.RECIPIENT_GONE, "550")
    await act(call, "follow")
    assert await send(call, message()) is None
    stranger = await send(call, message(address="nobody@mail.example"))
    assert stranger is not None and stranger.kind is ErrorKind.RECIPIENT_GONE


async def test_who_left_an_address_elsewhere_finds_our_mail_and_answers_it(
    call: Caller, receiver: Receiver
) -> None:
    olga = "olga@elsewhere.example"
    assert await send(call, message(address=olga)) is None
    wanted = {"kind": "email", "account_id": BOX, "customer": olga, "do": "write", "text": "Thank you!"}
    assert (await call("POST", "control/act", wanted)).status == 200
    [(_headers, body)] = await receiver.wait(1)
    assert b"Thank you!" in body and olga.encode() in body


@pytest.mark.parametrize(
    "fault, kind",
    [
        ("rate_limit", ErrorKind.RATE_LIMITED),
        ("temporary", ErrorKind.TEMPORARY),
        ("token", ErrorKind.AUTH_EXPIRED),
        ("permission", ErrorKind.PERMISSION),
        ("bad_request", ErrorKind.BAD_REQUEST),
    ],
)
async def test_faults_are_told_as_a_provider_tells_them(call: Caller, fault: str, kind: ErrorKind) -> None:
    call.simulator.stage.faults.set({fault: 1})
    error = await send(call, message())
    assert error is not None and error.kind is kind
    assert await send(call, message()) is None


async def test_a_wrong_token_an_own_sender_and_no_mail_are_refused(call: Caller) -> None:
    wrong = Account(account_id=BOX, base_url=ACCOUNT.base_url, credentials={"access_token": "other"})
    assert (await send(call, message(), wrong)).kind is ErrorKind.AUTH_EXPIRED  # type: ignore[union-attr]
    other = Account(account_id="ceo@shop.example", base_url=ACCOUNT.base_url, credentials=ACCOUNT.credentials)
    assert (await send(call, message(), other)).kind is ErrorKind.BAD_REQUEST  # type: ignore[union-attr]
    headers = {"authorization": "Bearer relay", "x_envelope_recipients": MEI}
    assert (await call("POST", "email/mails", b"hello", **headers)).json["smtp"].startswith("554 5.6.0")
    big = request_of(message("x" * 99_000)).content or b""
    assert (
        (await call("POST", "email/mails", big + b"x" * 1_500_000, **headers)).json["smtp"].startswith("552")
    )
    assert (await call("GET", "email/mails", **headers)).status == 404
    mail = message_from_bytes(big, policy=policy.default)
    assert mail["Message-ID"] == "<kontor.m-1@shop.example>"
