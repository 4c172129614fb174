"""What platforms send, made by hand: Messenger and LINE elements, signed bodies, and calls of the hooks."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from conversations import inbound
from conversations.channels import registry
from conversations.hooks import application
from conversations.inbound import Arrival
from conversations.models import Inbox
from tenants import sealing
from tenants.directory import TenantRef
from tenants.models import ChannelApp, ChannelRoute

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PAGE = "100200300"
SECRET = "the secret of the application"

Element = dict[str, Any]


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def milliseconds(seconds: float) -> int:
    return round(at(seconds).timestamp() * 1000)


def page_inbox(page: str = PAGE) -> Inbox:
    return Inbox.objects.create(name="Page", channel="messenger", account_id=page, identity_scope=page)


def element(seconds: float, customer: str = "5001", page: str = PAGE, **content: Any) -> Element:
    return {
        "sender": {"id": customer},
        "recipient": {"id": page},
        "timestamp": milliseconds(seconds),
        **content,
    }


def message(mid: str, text: str = "hello", seconds: float = 0, **where: Any) -> Element:
    return element(seconds, **where, message={"mid": mid, "text": text})


def echo(
    mid: str, text: str = "answer", seconds: float = 0, customer: str = "5001", metadata: str = ""
) -> Element:
    content = {"mid": mid, "text": text, "is_echo": True, "app_id": 1}
    if metadata:
        content["metadata"] = metadata
    return {**element(seconds, message=content), "sender": {"id": PAGE}, "recipient": {"id": customer}}


def edit(mid: str, text: str, seconds: float) -> Element:
    return element(seconds, message_edit={"mid": mid, "text": text, "num_edit": 1})


def unsend(mid: str, seconds: float) -> Element:
    return element(seconds, message={"mid": mid, "is_deleted": True})


def reaction(mid: str, emoji: str, seconds: float) -> Element:
    return element(seconds, reaction={"mid": mid, "action": "react", "emoji": emoji, "reaction": "other"})


def delivered(mids: Iterable[str], seconds: float) -> Element:
    return element(seconds, delivery={"mids": list(mids), "watermark": milliseconds(seconds)})


def read_up_to(seconds: float) -> Element:
    return element(seconds, read={"watermark": milliseconds(seconds)})


def arrivals(inbox: Inbox, *elements: Element) -> list[Arrival]:
    channel = registry.open(inbox.channel)
    items = [item for raw in elements for item in channel.parse_element(inbox.account_id, raw)]
    return [Arrival(item, inbox.id) for item in items]


def arrive(inbox: Inbox, *elements: Element) -> None:
    inbound.receive(arrivals(inbox, *elements))


# --- over the wire -----------------------------------------------------------------------------------------


def page_app(
    tenant: TenantRef | None = None, key: str = "key-of-the-page-app", secret: str = SECRET
) -> ChannelApp:
    app = ChannelApp(kind="messenger", key=key, name="App", tenant_id=tenant and tenant.id)
    app.sealed_secret = sealing.seal(secret, bound_to=f"channel_app:{app.id}:secret") if secret else ""
    app.sealed_verify_token = sealing.seal("verify me", bound_to=f"channel_app:{app.id}:verify_token")
    app.save()
    return app


def connect(app: ChannelApp, tenant: TenantRef, inbox: Inbox) -> None:
    ChannelRoute.objects.create(
        app=app, kind=app.kind, account_id=inbox.account_id, tenant_id=tenant.id, inbox_id=inbox.id
    )


def webhook(*entries: tuple[str, list[Element]]) -> bytes:
    body = {
        "object": "page",
        "entry": [{"id": page, "time": milliseconds(0), "messaging": elements} for page, elements in entries],
    }
    return json.dumps(body).encode()


def signature(body: bytes, secret: str = SECRET) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def line_signature(body: bytes, secret: str = SECRET) -> str:
    return base64.b64encode(hmac.digest(secret.encode(), body, "sha256")).decode()


async def call(
    path: str,
    body: bytes = b"",
    *,
    method: str = "POST",
    host: str = "localhost",
    query: str = "",
    client: str = "127.0.0.1",
    headers: dict[str, str] | None = None,
    receive: Callable[[], Any] | None = None,
) -> tuple[int, bytes]:
    """Call the hooks as a server would; the status and body of the answer."""
    sent: list[dict[str, Any]] = []

    async def whole() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(event: dict[str, Any]) -> None:
        sent.append(event)

    named = {"host": host, **(headers or {})}
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "client": (client, 40_000),
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in named.items()],
    }
    await application(scope, receive or whole, send)
    return sent[0]["status"], sent[1]["body"]


async def post(app: ChannelApp, body: bytes, *, signed: str | None = None, **more: Any) -> tuple[int, bytes]:
    headers = {"x-hub-signature-256": signature(body) if signed is None else signed}
    return await call(f"/hooks/messenger/{app.key}", body, headers=headers, **more)
