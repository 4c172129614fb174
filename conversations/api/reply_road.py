"""`POST /api/v1/conversations/<id>/messages` under load: raw ASGI, answers that wait at the same time written together.

The view `messages.Messages` is the truth of what is asked and answered, and this road takes only what it can take as
the view would: a plain answer that is accepted. Everything else (a refusal, an Idempotency-Key, a template, a browser's
cookie) has changed nothing by then and goes on to the view, which says why. Headers are those that the view gave
before to the same kind of call.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import InterfaceError, OperationalError
from rest_framework.exceptions import APIException
from rest_framework.renderers import JSONRenderer

from conversations import gates, outbound, queries
from conversations.api import forms
from conversations.api.messages import wished
from conversations.collecting import LaneFull, Lanes
from conversations.models import Message
from conversations.outbound import Wish
from tenants import directory
from tenants.directory import TenantRef
from tenants.hosts import host_of
from tenants.ids import new_id
from tenants.workspace import tokens
from tenants.workspace.access import Permission
from tenants.workspace.callers import SCHEME, Caller, callers_of, give_call_back, take_call
from tenants.workspace.events import unit_of_work
from tenants.workspace.json_input import read_object
from tenants.workspace.problems import CONTENT_TYPE, document
from tenants.workspace.rest import read_body

Event = dict[str, Any]
Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

THREADS = 2
REST_SECONDS = 0.002
"""Between two batches of a brand: with it, eight clients are one batch and not two that take turns."""

MOST_WAITING = 500
"""Answers of one brand that may wait; what comes on top is told to come again."""

MOST_BYTES = 20_000
"""Larger bodies are read by the view, in its thread: the event loop has others to serve."""

MOST_KINDS = 5_000
COME_AGAIN_SECONDS = 5

_PATH = re.compile(r"/api/v1/conversations/([0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})/messages")
_ONCE = (b"authorization", b"content-type", b"accept-language", b"x-forwarded-proto")
_VIEWS_OWN = frozenset({b"idempotency-key", b"cookie"})
_OF_EACH = b"content-length"


@dataclass(frozen=True, slots=True)
class _Call:
    """A call that the road may take. values: of its body. client_id: the caller's, or one for all times that it is
    written: the commit that seems lost may have happened."""

    tenant: TenantRef
    token: str
    conversation_id: UUID
    client_id: UUID
    values: dict[str, Any]


class ReplyRoad:
    """Stands before the application that serves the pages and the API."""

    def __init__(self, pages: Application) -> None:
        self._pages = pages
        self._headers: dict[tuple[Any, ...], Headers] = {}
        self._lanes: Lanes[_Call, bytes | None] = Lanes(
            _answer, threads=THREADS, name="replies", rest_seconds=REST_SECONDS
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["method"] != "POST" or (match := _PATH.fullmatch(scope["path"])) is None:
            await self._pages(scope, receive, send)
            return
        body = await _body_of(receive)
        if body is None:
            return
        headers = _plain_headers(scope)
        tenant = await _tenant_of(scope)
        if headers is None or tenant is None or len(body) > MOST_BYTES:
            await self._pages(scope, _again(body, receive), send)
            return
        kind = (tenant.id, tenant.language, scope.get("scheme"), *(headers.get(name) for name in _ONCE[2:]))
        known = self._headers.get(kind)
        call = _call_of(tenant, UUID(match[1]), headers, body) if known is not None else None
        if known is None or call is None:
            await self._pages(scope, _again(body, receive), self._learning(kind, send))
            return
        try:
            [answer] = await self._lanes.submit(tenant, [call], most=MOST_WAITING)
        except (LaneFull, OperationalError, InterfaceError):
            await _come_again(send)
            return
        except Exception:
            answer = None  # nothing was written: the view meets the same fault, and tells it
        if answer is None:
            await self._pages(scope, _again(body, receive), send)
        else:
            await _send(send, 201, [*known, (_OF_EACH, str(len(answer)).encode())], answer)

    def close(self) -> None:
        """Write what waits, and give the connections back."""
        self._lanes.close()

    def _learning(self, kind: tuple[Any, ...], send: Send) -> Send:
        async def learning(event: Event) -> None:
            if event["type"] == "http.response.start" and event["status"] == 201:
                said = [(name.lower(), value) for name, value in event["headers"]]
                if not any(name == b"set-cookie" for name, _value in said):
                    if len(self._headers) >= MOST_KINDS:
                        self._headers.clear()
                    self._headers[kind] = [each for each in said if each[0] != _OF_EACH]
            await send(event)

        return learning


def _answer(calls: Sequence[_Call]) -> list[bytes | None]:
    """The written answers as the view renders them; None for what the view has to see to."""
    callers = callers_of({call.token for call in calls})
    for caller in callers.values():
        tokens.note_use(caller.token)
    answers: list[bytes | None] = [None] * len(calls)
    open_calls = [
        (place, call, callers[call.token])
        for place, call in enumerate(calls)
        if call.token in callers and callers[call.token].may(Permission.REPLY)
    ]
    seen = gates.see_conversations([(caller, call.conversation_id) for _place, call, caller in open_calls])
    taken = [
        each for each, is_seen in zip(open_calls, seen, strict=True) if is_seen and _takes(each[1], each[2])
    ]
    not_counted = [caller for _place, _call, caller in taken]
    try:
        with unit_of_work():
            results = outbound.reply_many([_wish(call, caller) for _place, call, caller in taken])
            rows = queries.messages_by_id(row.id for row in results if isinstance(row, Message))
        not_counted = [
            each[2] for each, row in zip(taken, results, strict=True) if not isinstance(row, Message)
        ]
    finally:
        for caller in not_counted:  # the view counts it
            give_call_back(caller)
    for (place, _call, _caller), row in zip(taken, results, strict=True):
        if isinstance(row, Message):
            answers[place] = JSONRenderer().render(rows[row.id])
    return answers


def _takes(call: _Call, caller: Caller) -> bool:
    if take_call(caller, most=call.tenant.api_calls_per_minute):
        return True
    give_call_back(caller)
    return False


def _wish(call: _Call, caller: Caller) -> Wish:
    return Wish(
        conversation_id=call.conversation_id,
        text=call.values["text"],
        by=caller.actor,
        client_id=call.client_id,
        **wished(call.values),
    )


def _plain_headers(scope: Scope) -> dict[bytes, bytes] | None:
    """The headers that matter; None where they are for the view alone, or said twice."""
    found: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        if name in _VIEWS_OWN or (name in _ONCE and name in found):
            return None
        found[name] = value
    if scope["query_string"] or scope.get("root_path"):
        return None
    kind = found.get(b"content-type", b"").partition(b";")[0].strip().lower()
    return found if kind == b"application/json" else None


async def _tenant_of(scope: Scope) -> TenantRef | None:
    host = host_of(scope["headers"])
    if host is None or directory.is_public_host(host):
        return None
    try:
        tenant = await directory.ask(directory.tenant_by_host, host)
    except (OperationalError, InterfaceError):
        return None
    return tenant if tenant is not None and tenant.is_active and tenant.is_complete else None


def _call_of(
    tenant: TenantRef, conversation_id: UUID, headers: dict[bytes, bytes], body: bytes
) -> _Call | None:
    scheme, _, token = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
    if scheme.lower() != SCHEME.lower():
        return None
    try:
        values = read_body(forms.Reply, read_object(body))
    except APIException:
        return None
    if "template" in values:
        return None
    return _Call(tenant, token.strip(), conversation_id, values.get("client_id") or new_id(), values)


async def _body_of(receive: Receive) -> bytes | None:
    """The whole body, which the door has bounded; None when the caller left meanwhile."""
    parts: list[bytes] = []
    while True:
        event = await receive()
        if event["type"] == "http.disconnect":
            return None
        parts.append(event.get("body", b""))
        if not event.get("more_body", False):
            return b"".join(parts)


def _again(body: bytes, receive: Receive) -> Receive:
    """`receive` as it was before the body was read."""
    waiting = [body]

    async def received() -> Event:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return await receive()

    return received


async def _come_again(send: Send) -> None:
    refusal = document(503, "come_again", "This could not be written now. Try again.")
    headers = [
        (b"content-type", CONTENT_TYPE.encode()),
        (b"retry-after", str(COME_AGAIN_SECONDS).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    ]
    body = JSONRenderer().render(refusal.data)
    await _send(send, 503, [*headers, (_OF_EACH, str(len(body)).encode())], body)


async def _send(send: Send, status: int, headers: Headers, body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
