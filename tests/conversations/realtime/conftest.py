from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.layers import channel_layers

from conversations.realtime import desk_socket
from conversations.realtime.hub import Hub, hub
from tenants.directory import TenantRef
from tenants.models import User
from tenants.scope import in_tenant
from tests.conversations.realtime.browser import Browser

Open = Callable[..., Awaitable[Browser]]


@pytest.fixture
async def the_hub() -> AsyncIterator[Hub]:
    """The hub of this test's event loop, stopped afterwards."""
    found = hub()
    yield found
    await found.stop()
    layer = channel_layers.backends.get("default")
    if layer is not None:
        await layer.flush()


@pytest.fixture
async def cookie_of(sign_in: Any) -> Callable[[User, TenantRef], Awaitable[str]]:
    """Signs a person in on a brand's host and gives the session cookie's value."""

    async def cookie(user: User, tenant: TenantRef) -> str:
        client = await sync_to_async(sign_in)(user, tenant)
        return client.cookies["session"].value

    return cookie


@pytest.fixture
async def open_desk(the_hub: Hub, cookie_of: Any) -> AsyncIterator[Open]:
    """Opens the desk's socket as a person, as a browser does that shows a page of that brand."""
    browsers: list[Browser] = []

    async def open_desk(user: User, tenant: TenantRef, after: int | None = None) -> Browser:
        cookie = await cookie_of(user, tenant)
        browser = Browser(desk_socket.application, page_headers(tenant, cookie))
        browsers.append(browser)
        await browser.connect()
        if after is not None:
            browser.say({"type": "hello", "after": after})
            await browser.hear()
        return browser

    yield open_desk
    for browser in browsers:
        browser.read_again()
        await browser.leave()


@pytest.fixture
def inside() -> Callable[..., Awaitable[Any]]:
    return in_tenant


def page_headers(tenant: TenantRef, cookie: str | None, **changed: str | None) -> list[tuple[bytes, bytes]]:
    """What a browser sends from the brand's own page; `changed` replaces headers, None leaves one out."""
    headers: dict[str, str | None] = {
        "host": f"{tenant.primary_host}:8000",
        "origin": f"http://{tenant.primary_host}:8000",
        "cookie": None if cookie is None else f"language=en; session={cookie}",
    }
    headers.update(changed)
    return [(name.encode(), value.encode()) for name, value in headers.items() if value is not None]
