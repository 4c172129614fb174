"""The simulator in this process, and a receiver that stands for our hooks."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from conversations.simulator.accounts import SimulatedAccount
from conversations.simulator.application import Simulator

PATIENCE_SECONDS = 20
PAGE, OFFICIAL = "104857600123456", "U" + "1" * 32
PSID, USER = "7012345678901234", "U" + "a" * 32
HOST = "localhost:8000"


@dataclass
class Receiver:
    """What was posted: (headers, body). statuses: answered one after the other, then 200."""

    url: str = ""
    posts: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)

    async def wait(self, count: int) -> list[tuple[dict[str, str], bytes]]:
        """The posts, as soon as there are `count`."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(self.posts) < count:  # noqa: ASYNC110 - another thread fills it
                await asyncio.sleep(0.01)
        return list(self.posts)

    async def wait_for(self, word: str) -> dict[str, Any]:
        """The first body that holds `word`."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                for _headers, body in list(self.posts):
                    if word in body.decode():
                        return json.loads(body)
                await asyncio.sleep(0.01)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.posts.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(found.statuses.pop(0) if found.statuses else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_said: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.url = f"http://127.0.0.1:{server.server_port}/hooks/x"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield found
    server.shutdown()
    server.server_close()
    thread.join()


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Caller:
    """Calls a simulator as an HTTP client would."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator

    async def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """headers: names with _ for -."""
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        path, _mark, query = path.partition("?")
        named = {
            "host": HOST,
            "origin": f"http://{HOST}",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        scope = {
            "type": "http",
            "scheme": "http",
            "method": method,
            "path": f"/simulator/{path}",
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in named.items()],
        }
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": data, "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await self.simulator(scope, receive, send)
        headers_back = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return Answer(sent[0]["status"], headers_back, sent[1]["body"])

    async def act(self, kind: str, do: str, **more: Any) -> Answer:
        """What the customer does."""
        account_id, customer = (PAGE, PSID) if kind == "messenger" else (OFFICIAL, USER)
        wanted = {"kind": kind, "account_id": account_id, "customer": customer, "do": do, **more}
        return await self("POST", "control/act", wanted)

    async def send_messenger(self, text: str, **more: Any) -> Answer:
        """A send call as our messenger channel makes it."""
        body = {"recipient": {"id": PSID}, "messaging_type": "RESPONSE", "message": {"text": text}, **more}
        return await self("POST", f"messenger/v25.0/{PAGE}/messages", body, authorization="Bearer page-token")

    async def push(self, text: str, **headers: str) -> Answer:
        """A push as our LINE channel makes it."""
        body = {"to": USER, "messages": [{"type": "text", "text": text}]}
        return await self(
            "POST", "line/v2/bot/message/push", body, authorization="Bearer line-token", **headers
        )

    async def reply(self, token: str, text: str, **headers: str) -> Answer:
        """A reply as our LINE channel makes it."""
        body = {"replyToken": token, "messages": [{"type": "text", "text": text}]}
        return await self(
            "POST", "line/v2/bot/message/reply", body, authorization="Bearer line-token", **headers
        )


@pytest.fixture
def connect(receiver: Receiver) -> Callable[[Simulator], None]:
    """Gives a simulator a page and an Official Account with one customer each."""

    def connect(simulator: Simulator) -> None:
        for account in (
            SimulatedAccount(
                "messenger", PAGE, "Shanhai", "app-secret", "page-token", receiver.url,
                customers=({"id": PSID, "name": "陳美玲"},),
            ),
            SimulatedAccount(
                "line", OFFICIAL, "Shanhai", "channel-secret", "line-token", receiver.url,
                customers=({"id": USER, "name": "王美玲", "language": "zh-TW"},),
            ),
        ):  # fmt: skip
            simulator.stage.register.connect_account(account)

    return connect


@pytest.fixture
async def call(connect: Callable[[Simulator], None]) -> Caller:
    simulator = Simulator()
    connect(simulator)
    return Caller(simulator)
