from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import Callable

import pytest

from benchmarks.load import __main__ as loading
from benchmarks.load.http import Client
from benchmarks.load.sockets import Listener
from benchmarks.load.writing import writer
from conversations.channels import registry
from conversations.channels.base import Hook
from conversations.simulator.authors import KINDS

TARGETS = {
    channel: {
        "channel": channel,
        "path": f"/hooks/{channel}/key",
        "host": "a.localhost",
        "account": "7",
        "secret": "s",
    }
    for channel in ("messenger", "line")
}


@pytest.mark.parametrize("channel", ["messenger", "line"])
def test_written_webhooks_are_signed_and_read_by_the_product(channel: str) -> None:
    write = writer({"kind": "webhooks", "targets": [TARGETS[channel]], "customers": 3})
    head, _, body = write(41).partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    kind = registry.open(channel)
    hook = Hook(body=body, headers=headers)
    assert kind.verify(hook, ["s"])
    assert not kind.verify(hook, ["another"])
    (item,) = kind.parse(body)
    assert "#41#" in item.text  # type: ignore[attr-defined]
    assert item.account_id == "7"


@pytest.mark.parametrize("channel", KINDS)
def test_every_kinds_webhooks_are_read_by_the_product(channel: str) -> None:
    account = "shop@shop.example" if channel == "email" else "7"
    target = {**TARGETS["line"], "channel": channel, "account": account}
    write = writer({"kind": "simulated", "targets": [target], "customers": 3})
    head, _, body = write(41).partition(b"\r\n\r\n")
    headers = {
        name.lower(): value
        for name, value in (line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    }
    kind = registry.open(channel)
    (item,) = kind.parse(kind.unwrap(Hook(body=body, headers=headers), ["s"]))
    assert "#41#" in item.text  # type: ignore[attr-defined]
    assert write(42) != write(43)


def test_customers_in_turn_come_round_for_each_account() -> None:
    plan = {"kind": "webhooks", "targets": list(TARGETS.values()), "customers": 2, "in_turn": True}
    write = writer(plan)
    senders = [
        json.loads(write(number).partition(b"\r\n\r\n")[2])["entry"][0]["messaging"][0]["sender"]["id"]
        for number in (0, 2, 4)
    ]
    assert senders == ["70000000", "70000001", "70000000"]


def frame(text: str, kind: int = 129) -> bytes:
    payload = text.encode()
    size = len(payload)
    head = bytes([kind, size]) if size < 126 else bytes([kind, 126]) + size.to_bytes(2, "big")
    return head + payload


@pytest.fixture
async def heard() -> tuple[Listener, list[int]]:
    numbers: list[int] = []
    listener = Listener(b"", "", lambda number, now: numbers.append(number))
    listener.data_received(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")
    return listener, numbers


@pytest.mark.parametrize("cut", [1, 2, 3, 50, 1_000])
async def test_marks_are_heard_once_however_the_bytes_are_cut(
    heard: tuple[Listener, list[int]], cut: int
) -> None:
    listener, numbers = heard
    stream = frame('{"text": "#1# hello", "preview": "#1#"}') + frame("#2#" + "x" * 300) + frame("#1#")
    for start in range(0, len(stream), cut):
        listener.data_received(stream[start : start + cut])
    assert numbers == [1, 2]


class Wire:
    """A transport that answers as it is told."""

    def __init__(self, answer: Callable[[bytes], None]) -> None:
        self._answer = answer

    def is_closing(self) -> bool:
        return False

    def write(self, data: bytes) -> None:
        self._answer(data)


@pytest.mark.parametrize(
    "pieces",
    [
        [b"HTTP/1.1 201 Created\r\nContent-Length: 5\r\n\r\nhello"],
        [b"HTTP/1.1 201 Created\r\ncontent-le", b"ngth: 5\r\n\r\nhel", b"lo"],
        [b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", b"0\r\n\r\n"],
    ],
)
async def test_answers_are_cut_out_of_the_stream(pieces: list[bytes]) -> None:
    client = Client()
    client.connection_made(Wire(lambda data: [client.data_received(piece) for piece in pieces] and None))  # type: ignore[arg-type]
    status, body = await client.ask(b"GET / HTTP/1.1\r\n\r\n")
    assert status == 201
    assert b"hello" in body


def test_a_line_signature_is_the_platforms() -> None:
    write = writer({"kind": "webhooks", "targets": [TARGETS["line"]], "customers": 1})
    head, _, body = write(1).partition(b"\r\n\r\n")
    signature = base64.b64encode(hmac.new(b"s", body, hashlib.sha256).digest()).decode()
    assert f"x-line-signature: {signature}" in head.decode()


@pytest.mark.parametrize(("idle_seconds", "connections"), [(4.0, 1), (0.01, 3)])
async def test_a_connection_that_was_idle_for_long_is_not_used_again(
    idle_seconds: float, connections: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "IDLE_SECONDS", idle_seconds)
    opened = 0

    async def serve(reader: asyncio.StreamReader, writing: asyncio.StreamWriter) -> None:
        nonlocal opened
        opened += 1
        while await reader.readline():
            while (await reader.readline()).strip():
                pass
            writing.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        writing.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        asks = [{"path": "/", "host": "a"}]
        plan = {"port": port, "write": {"kind": "requests", "asks": asks}, "rate": 10, "seconds": 0.3}
        result = await loading.Run(plan).do()
    assert (result["count"], result["refused"], opened) == (3, {}, connections)
