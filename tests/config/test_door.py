from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from config.door import MOST_BODY_BYTES, Door
from config.pages import Pages

Message = dict[str, Any]
Headers = list[tuple[bytes, bytes]]
HOST: Headers = [(b"host", b"acme.localhost:8000")]


class Room:
    """An application that notes what it is given and answers 200."""

    def __init__(self, *, reads: bool = True) -> None:
        self.reads = reads
        self.paths: list[str] = []
        self.body = b""
        self.was_left = False

    async def __call__(self, scope: Message, receive: Any, send: Any) -> None:
        self.paths.append(scope["path"])
        more = self.reads
        while more:
            message = await receive()
            self.was_left = message["type"].endswith("disconnect")
            self.body += message.get("body", b"")
            more = message.get("more_body", False) and not self.was_left
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"here"})
        else:
            await send({"type": "websocket.accept"})


async def ask(
    door: Door, path: str = "/", headers: Headers = HOST, chunks: Iterable[bytes] = (b"",), kind: str = "http"
) -> list[Message]:
    parts = list(chunks)
    incoming = [
        {"type": f"{kind}.request", "body": part, "more_body": number < len(parts)}
        for number, part in enumerate(parts, start=1)
    ]
    if kind == "websocket":
        incoming = [{"type": "websocket.connect"}]
    sent: list[Message] = []

    async def receive() -> Message:
        return incoming.pop(0) if incoming else {"type": f"{kind}.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": kind, "method": "POST", "path": path, "headers": headers, "query_string": b""}
    await door(scope, receive, send)
    return sent


async def status(door: Door, **request: Any) -> int:
    return (await ask(door, **request))[0]["status"]


@pytest.fixture
def pages() -> Room:
    return Room()


@pytest.fixture
def hooks() -> Room:
    return Room()


@pytest.fixture
def live() -> Room:
    return Room(reads=False)


@pytest.fixture
def door(pages: Room, hooks: Room, live: Room) -> Door:
    return Door(pages, sockets={"/live": live}, folders={"/hooks/": hooks}, uploads={"/files": 3_000_000})


async def test_pages_and_hooks_go_to_their_own_applications(door: Door, pages: Room, hooks: Room) -> None:
    assert await status(door, path="/inbox/mine/") == 200
    assert await status(door, path="/hooks/line/key") == 200
    assert await status(door, path="/hooksmith/") == 200
    assert pages.paths == ["/inbox/mine/", "/hooksmith/"]
    assert hooks.paths == ["/hooks/line/key"]


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [(b"host", b"acme.localhost"), (b"host", b"globex.localhost")],
        [(b"host", b"acme.localhost, globex.localhost")],
        [(b"host", b"")],
        [(b"host", b"acme.localhost/evil")],
        [(b"host", b"user@acme.localhost")],
        [(b"host", "ä.localhost".encode())],
    ],
)
async def test_a_request_that_names_not_exactly_one_plain_host_is_refused(
    door: Door, pages: Room, hooks: Room, live: Room, headers: Headers
) -> None:
    assert await status(door, headers=headers) == 400
    assert await status(door, headers=headers, path="/hooks/line/key") == 400
    refused = await ask(door, headers=headers, path="/live", kind="websocket")
    assert refused == [{"type": "websocket.close", "code": 4404}]
    assert pages.paths == hooks.paths == live.paths == []


async def test_sockets_live_at_exact_paths(door: Door, live: Room) -> None:
    assert await ask(door, path="/live", kind="websocket") == [{"type": "websocket.accept"}]
    for path in ("/live/", "/", "/hooks/line/key", "/other"):
        assert (await ask(door, path=path, kind="websocket"))[0]["type"] == "websocket.close"
    assert live.paths == ["/live"]


async def test_a_body_within_the_bound_arrives_whole(door: Door, pages: Room) -> None:
    length = [*HOST, (b"content-length", str(MOST_BODY_BYTES).encode())]
    half = b"x" * (MOST_BODY_BYTES // 2)
    assert await status(door, headers=length, chunks=[half, half]) == 200
    assert len(pages.body) == MOST_BODY_BYTES


async def test_an_announced_body_beyond_the_bound_is_refused_before_anything_is_read(
    door: Door, pages: Room
) -> None:
    length = [*HOST, (b"content-length", str(MOST_BODY_BYTES + 1).encode())]
    assert await status(door, headers=length) == 413
    assert pages.paths == []


async def test_an_unannounced_body_is_counted_and_cut_off(door: Door, pages: Room) -> None:
    sent = await ask(door, chunks=[b"x" * 400_000] * 4)
    assert [message["status"] for message in sent if "status" in message] == [413]
    assert pages.was_left
    assert len(pages.body) == 800_000


async def test_only_an_upload_may_be_larger_and_has_a_bound_of_its_own(door: Door, pages: Room) -> None:
    def announced(size: int) -> Headers:
        return [*HOST, (b"content-length", str(size).encode())]

    chunk = b"x" * 1_000_000
    assert await status(door, headers=announced(3_000_000), path="/files", chunks=[chunk] * 3) == 200
    assert len(pages.body) == 3_000_000
    assert await status(door, headers=announced(3_000_001), path="/files") == 413
    assert await status(door, headers=announced(3_000_000), path="/files/other") == 413
    assert await status(door, path="/files", chunks=[chunk] * 4) == 413


async def test_only_so_many_uploads_are_taken_at_once(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("config.door.MOST_LARGE_AT_ONCE", 0)
    assert await status(door, path="/files") == 503
    assert await status(door, path="/other") == 200


async def test_a_body_longer_than_announced_is_cut_off_too(door: Door, pages: Room) -> None:
    length = [*HOST, (b"content-length", b"10")]
    assert await status(door, headers=length, chunks=[b"x" * 600_000, b"x" * 600_000]) == 413
    assert len(pages.body) == 600_000


@pytest.mark.parametrize("value", [b"ten", b"-1", b"1e3", b"9" * 30, b"", b"1, 2"])
async def test_a_length_that_is_no_number_is_refused(door: Door, pages: Room, value: bytes) -> None:
    assert await status(door, headers=[*HOST, (b"content-length", value)]) == 400
    assert await status(door, headers=[*HOST, (b"content-length", b"0")]) == 200
    assert len(pages.paths) == 1


async def test_hooks_bound_their_own_bodies(door: Door, hooks: Room) -> None:
    await ask(door, path="/hooks/line/key", chunks=[b"x" * 1_500_000])
    assert len(hooks.body) == 1_500_000


async def test_django_itself_never_sees_the_rest_of_a_cut_body() -> None:
    sent = await ask(Door(Pages(1), sockets={}, folders={}), chunks=[b"x" * 600_000] * 3)
    assert [message["status"] for message in sent if "status" in message] == [413]


async def test_start_and_stop_are_answered_in_servers_that_ask(pages: Room) -> None:
    steps: list[str] = []

    async def start() -> None:
        steps.append("start")

    async def stop() -> None:
        steps.append("stop")

    door = Door(pages, sockets={}, folders={}, on_start=start, on_stop=stop)
    incoming = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    sent: list[Message] = []

    async def receive() -> Message:
        return incoming.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    await door({"type": "lifespan"}, receive, send)
    assert [message["type"] for message in sent] == [
        "lifespan.startup.complete",
        "lifespan.shutdown.complete",
    ]
    assert steps == ["start", "stop"]


async def test_a_failed_start_stops_the_server(pages: Room) -> None:
    async def start() -> None:
        raise RuntimeError("two paths meet")

    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "lifespan.startup"}

    async def send(message: Message) -> None:
        sent.append(message)

    await Door(pages, sockets={}, folders={}, on_start=start)({"type": "lifespan"}, receive, send)
    assert sent == [{"type": "lifespan.startup.failed", "message": "two paths meet"}]
