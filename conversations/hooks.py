"""`/hooks/<kind>/<key>`: where platforms call us. Raw ASGI, beside Django.

Bound the body, verify the signature over its raw bytes, read it, find each item's tenant by the receiving
account, hand it to that tenant's lane, and answer 200 once everything is on disk. The key names the
application and is never logged.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, quote

from django.conf import settings
from django.db import DatabaseError

from conversations import lanes, unknown_accounts
from conversations.channels import registry, wire
from conversations.channels.base import Channel, Hook, Unparsable
from conversations.channels.items import Item
from conversations.hook_bodies import BodyTooLarge, Disconnected, read_body
from conversations.inbound import records
from conversations.inbound.arrivals import accounted, by_tenant
from conversations.refusals import Refusals
from tenants import channel_apps, directory, peers
from tenants.directory import AppRef, TenantRef
from tenants.hosts import host_of
from tenants.models import UnparsedHook
from tenants.scope import in_tenant, in_thread, public_scope

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

KEPT_HEADERS = frozenset(
    {"x-hub-signature-256", "x-line-signature", "x-line-request-id", "x-kontor-signature", "user-agent"}
)
LARGE_BODY = 200_000  # bytes; reading such a body takes long enough to be felt by other requests
BAD_SIGNATURES_PER_MINUTE = 60
TEXT = b"text/plain; charset=utf-8"

logger = logging.getLogger(__name__)
counts: Counter[str] = Counter()
"""What became of hooks in this process: refused_signature, unknown_account, unparsable, suspended, full,
failed."""

_refusals = Refusals(BAD_SIGNATURES_PER_MINUTE)


class Refused(Exception):
    """The hook is answered with this status and nothing is stored."""

    def __init__(self, status: int, *headers: tuple[bytes, bytes]) -> None:
        super().__init__(status)
        self.status = status
        self.headers = headers


async def application(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """The ASGI application. GET answers a platform's handshake, POST takes a webhook."""
    try:
        app, channel = await _find_app(scope)
        if scope["method"] == "GET":
            await _answer(send, 200, _handshake(scope, app, channel), TEXT)
        elif scope["method"] == "POST":
            body = await _take(scope, receive, app, channel)
            await _answer(send, 200, *channel.acknowledge(body))
        else:
            raise Refused(405, (b"allow", b"GET, POST"))
    except Refused as refused:
        await _answer(send, refused.status, b"", TEXT, *refused.headers)
    except Disconnected:
        return


def forget() -> None:
    """Begin anew: nothing is counted, nobody refused."""
    counts.clear()
    _refusals.forget()


async def _find_app(scope: dict[str, Any]) -> tuple[AppRef, Channel]:
    host = host_of(scope["headers"])
    if host is None:
        raise Refused(400)
    parts = scope["path"].strip("/").split("/")
    if len(parts) != 3 or parts[0] != "hooks":
        raise Refused(404)
    try:
        if not directory.is_public_host(host) and await directory.ask(directory.tenant_by_host, host) is None:
            raise Refused(404)
        app = await directory.ask(directory.app_by_key, parts[2][:100].replace("\x00", ""))
        channel = registry.open(parts[1])
    except registry.UnknownKind:
        raise Refused(404) from None
    except DatabaseError:
        counts["failed"] += 1
        raise _come_again() from None
    if app is None or app.kind != channel.kind:
        raise Refused(404)
    return app, channel


def _query(scope: dict[str, Any]) -> dict[str, str]:
    try:
        pairs = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True, max_num_fields=20)
    except ValueError:
        raise Refused(400) from None
    return dict(pairs)


def _address_called(scope: dict[str, Any], headers: Mapping[str, str]) -> str:
    """The address as the platform called it, which some sign: behind a proxy its scheme is told in a header."""
    told = headers.get("x-forwarded-proto", "") if settings.BEHIND_PROXY else ""
    scheme = told if told in {"http", "https"} else scope.get("scheme", "http")
    path = (scope.get("raw_path") or quote(scope["path"]).encode()).decode("latin-1")
    query = scope["query_string"].decode("latin-1")
    return f"{scheme}://{headers.get('host', '')}{path}{'?' if query else ''}{query}"


def _handshake(scope: dict[str, Any], app: AppRef, channel: Channel) -> bytes:
    if channel.handshake_by_secret:
        texts = channel_apps.opened_secrets(app, at=time.time())
    else:
        texts = [channel_apps.opened_verify_token(app)]
    answers = (channel.challenge(_query(scope), text) for text in texts if text)
    challenge = next((answer for answer in answers if answer is not None), None)
    if challenge is None:
        raise Refused(403)
    return challenge.encode("utf-8", "replace")


async def _take(scope: dict[str, Any], receive: Receive, app: AppRef, channel: Channel) -> bytes:
    """The body, once everything in it is on disk."""
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    try:
        body = await read_body(headers, receive, channel.most_bytes or wire.MAX_BYTES)
    except BodyTooLarge:
        raise Refused(413, (b"connection", b"close")) from None
    except TimeoutError:
        raise Refused(408, (b"connection", b"close")) from None
    now = time.time()
    hook = Hook(
        body=body,
        headers=headers,
        url=_address_called(scope, headers),
        query=_query(scope),
        arrived_at=now,
    )
    secrets = channel_apps.opened_secrets(app, at=now)
    if not channel.verify(hook, secrets):
        _refuse(scope, app)
    kept = {name: value[:500].replace("\x00", "") for name, value in headers.items() if name in KEPT_HEADERS}
    try:
        try:
            body = channel.unwrap(hook, secrets)
            items = await _accounted(app, await _parse(channel, body))
        except Exception as error:
            await _bury(app, channel, body, kept, error)
            return body
        await _hand_over(app, items, kept)
        return body
    except lanes.LaneFull:
        counts["full"] += 1
        raise _come_again() from None
    except Refused:
        raise
    except Exception as error:
        counts["failed"] += 1
        logger.error("a %s hook could not be stored: %s", app.kind, type(error).__name__)
        raise _come_again() from None


def _refuse(scope: dict[str, Any], app: AppRef) -> None:
    """Answer a bad signature; after too many from one address with 429. Good ones pass at any time."""
    counts["refused_signature"] += 1
    client = peers.address_of_scope(scope)
    if _refusals.are_too_many(peers.limited_as(client), time.monotonic()):
        raise Refused(429, (b"retry-after", b"60"))
    logger.warning("a %s hook from %s had no good signature", app.kind, client)
    raise Refused(401)


async def _parse(channel: Channel, body: bytes) -> Sequence[Item]:
    if len(body) > LARGE_BODY:
        return await asyncio.to_thread(channel.parse, body)
    return channel.parse(body)


async def _accounted(app: AppRef, items: Sequence[Item]) -> Sequence[Item]:
    """Items whose platform does not name the receiving account belong to the only one of the application."""
    if all(item.account_id for item in items):
        return items
    return accounted(items, await directory.ask(directory.only_account, app.id, app.kind))


async def _bury(
    app: AppRef, channel: Channel, body: bytes, headers: dict[str, str], error: Exception
) -> None:
    """Keep a signed body that cannot be read, for a person to see and for replay."""
    counts["unparsable"] += 1
    if not isinstance(error, Unparsable):
        logger.error("reading a %s hook failed: %s", channel.kind, records.whereabouts(error))
    reason = records.failure(error)
    if app.tenant_id is None:
        await in_thread(_bury_in_public, app, body, headers, reason)
        return
    tenant = await directory.ask(directory.tenant_by_id, app.tenant_id)
    if tenant is not None and _takes_part(tenant, 1):
        if not tenant.is_complete:
            raise _come_again()
        await in_tenant(
            tenant,
            records.bury,
            channel=channel.kind,
            account_id=await directory.ask(directory.only_account, app.id, app.kind),
            body=body,
            headers=headers,
            error=reason,
        )


def _bury_in_public(app: AppRef, body: bytes, headers: dict[str, str], reason: str) -> None:
    with public_scope():
        UnparsedHook.objects.create(app_id=app.id, body=body, headers=headers, error=reason[:300])


async def _hand_over(app: AppRef, items: Sequence[Item], headers: dict[str, str]) -> None:
    """Each item to its tenant's lane; returns when all are on disk."""
    numbers = Counter(item.account_id for item in items)
    routes = await directory.routes(app.id, app.kind, numbers)
    for account_id in (account_id for account_id in numbers if routes[account_id] is None):
        counts["unknown_account"] += numbers[account_id]
        unknown_accounts.note(app.id, account_id, numbers[account_id])
    loads, damaged = [], False
    for tenant_id, arrivals in by_tenant(items, routes, headers).items():
        tenant = await directory.ask(directory.tenant_by_id, tenant_id)
        if tenant is None or not _takes_part(tenant, len(arrivals)):
            continue
        if tenant.is_complete:
            loads.append((tenant, arrivals))
        else:
            damaged = True
    if len(loads) == 1:
        await lanes.submit(*loads[0])
    elif loads:
        results = await asyncio.gather(*(lanes.submit(*load) for load in loads), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result
    if damaged:  # the whole brands have theirs by now; what comes twice is stored once
        raise _come_again()


def _takes_part(tenant: TenantRef, items: int) -> bool:
    """Whether the tenant receives. One at rest does not: its items are dropped and counted."""
    if not tenant.is_active:
        counts["suspended"] += items
        return False
    return True


def _come_again() -> Refused:
    return Refused(503, (b"retry-after", b"5"))


async def _answer(send: Send, status: int, body: bytes, kind: bytes, *headers: tuple[bytes, bytes]) -> None:
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [
                (b"content-type", kind),
                (b"content-length", str(len(body)).encode()),
                (b"x-content-type-options", b"nosniff"),
                *headers,
            ],
        }
    )
    await send({"type": "http.response.body", "body": body})
