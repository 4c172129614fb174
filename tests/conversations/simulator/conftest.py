"""The simulator in this process, and a receiver that stands for our hooks."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from conversations.channels.base import PlatformResponse
from conversations.simulator.accounts import SimulatedAccount
from conversations.simulator.application import Simulator

PATIENCE_SECONDS = 20
PAGE, OFFICIAL = "104857600123456", "U" + "1" * 32
PSID, USER = "7012345678901234", "U" + "a" * 32
BOT, CHAT, BOT_TOKEN = "7100000001", "5512345678", "7100000001:AAE-invented-token-of-35-signs-0000"
NUMBER, PHONE = "109988776655443", "886912345678"
SHOP, SHOPPER = "api_7f3c9b", "customer-4711"
PROFESSIONAL, IGSID = "17841405512345678", "6633221100998877"
GH, OPENID = "gh_7c1b2a3d4e5f", "oQ1aB2cD3eF4gH5iJ6kL7mN8oP9"
SENDER, MOBILE = "+15005550006", "+886912345678"
HOST = "localhost:8000"


@dataclass
class Receiver:
    """What was posted: (headers, with the path as ":path"; body). statuses: answered one after the other, then 200."""

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
            named = {name.lower(): value for name, value in self.headers.items()}
            found.posts.append(({**named, ":path": self.path}, body))
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
        account_id, customer = {
            "messenger": (PAGE, PSID),
            "instagram": (PROFESSIONAL, IGSID),
            "line": (OFFICIAL, USER),
            "telegram": (BOT, CHAT),
            "whatsapp": (NUMBER, PHONE),
            "wechat": (GH, OPENID),
            "sms": (SENDER, MOBILE),
            "api": (SHOP, SHOPPER),
        }[kind]
        wanted = {"kind": kind, "account_id": account_id, "customer": customer, "do": do, **more}
        return await self("POST", "control/act", wanted)

    async def send_messenger(self, text: str, **more: Any) -> Answer:
        """A send call as our messenger channel makes it."""
        body = {"recipient": {"id": PSID}, "messaging_type": "RESPONSE", "message": {"text": text}, **more}
        return await self("POST", f"messenger/v25.0/{PAGE}/messages", body, authorization="Bearer page-token")

    async def send_instagram(self, text: str, **more: Any) -> Answer:
        """A send call as our instagram channel makes it."""
        body = {"recipient": {"id": IGSID}, "message": {"text": text}, **more}
        return await self("POST", "instagram/v25.0/me/messages", body, authorization="Bearer instagram-token")

    def as_transport(self, loop: asyncio.AbstractEventLoop, base: str) -> Callable[[Any], PlatformResponse]:
        """A transport for our channels, run in a thread, whose calls below `base` reach the simulator."""

        def transport(request: Any) -> PlatformResponse:
            path = request.address.removeprefix(base)
            query = f"?{urlencode(request.params)}" if request.params else ""
            headers = {name.lower(): value for name, value in request.headers.items()}
            body = request.json if request.content is None else request.content
            if request.files:
                parts = [(file.part, (file.name, file.content, file.mime)) for file in request.files]
                form = httpx.Request("POST", "http://form/", data=request.form, files=parts)
                headers["content_type"], body = form.headers["content-type"], form.read()
            call = self(request.method, f"{path}{query}", body, **headers)
            answer = asyncio.run_coroutine_threadsafe(call, loop).result(PATIENCE_SECONDS)
            return PlatformResponse(status=answer.status, headers=answer.headers, body=answer.body)

        return transport

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
    """Gives a simulator one account of each kind with one customer each."""

    def connect(simulator: Simulator) -> None:
        for account in (
            SimulatedAccount(
                "messenger", PAGE, "Shanhai", "app-secret", "page-token", receiver.url,
                customers=({"id": PSID, "name": "陳美玲"},),
            ),
            SimulatedAccount(
                "instagram", PROFESSIONAL, "shanhai", "app-secret", "instagram-token", receiver.url,
                customers=({"id": IGSID, "name": "陳美玲"},),
            ),
            SimulatedAccount(
                "wechat", GH, "山海", "wx-token-1", "wechat-app-secret", receiver.url,
                customers=({"id": OPENID, "name": "陳美玲", "language": "zh-TW"},),
            ),
            SimulatedAccount(
                "sms", SENDER, "Shanhai", "twilio-auth-token-1", "twilio-auth-token-1", receiver.url,
                verify_token="AC1", customers=({"id": MOBILE, "name": "陳美玲"},),
            ),
            SimulatedAccount(
                "line", OFFICIAL, "Shanhai", "channel-secret", "line-token", receiver.url,
                customers=({"id": USER, "name": "王美玲", "language": "zh-TW"},),
            ),
            SimulatedAccount(
                "telegram", BOT, "Shanhai", "s3cret_token", BOT_TOKEN, receiver.url,
                customers=({"id": CHAT, "name": "王美玲", "language": "zh-hant"},),
            ),
            SimulatedAccount(
                "whatsapp", NUMBER, "Shanhai", "app-secret", "number-token", receiver.url,
                customers=({"id": PHONE, "name": "陳美玲"},),
            ),
            SimulatedAccount(
                "api", SHOP, "Shanhai", "shop-secret", "shop-token", receiver.url,
                customers=({"id": SHOPPER, "name": "王美玲", "language": "zh-TW"},),
            ),
        ):  # fmt: skip
            simulator.stage.register.connect_account(account)

    return connect


@pytest.fixture
async def call(connect: Callable[[Simulator], None]) -> Caller:
    simulator = Simulator()
    connect(simulator)
    return Caller(simulator)
