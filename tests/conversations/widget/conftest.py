"""Two sites of acme and one of globex, with their visitors."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from conversations import inboxes
from conversations.models import Inbox
from conversations.widget import limits
from tenants.directory import TenantRef
from tenants.scope import tenant_scope
from tenants.workspace.events import SYSTEM

SHOP = "https://shop.example"

Call = Callable[..., HttpResponse]


def _site(tenant: TenantRef, name: str) -> Inbox:
    with tenant_scope(tenant):
        return inboxes.connect("widget", "", name, by=SYSTEM, settings={"allowed_origins": [SHOP]})


@pytest.fixture
def site(acme: TenantRef) -> Inbox:
    return _site(acme, "Shop")


@pytest.fixture
def other_site(acme: TenantRef) -> Inbox:
    return _site(acme, "Outlet")


@pytest.fixture
def globex_site(globex: TenantRef) -> Inbox:
    return _site(globex, "Globex shop")


@pytest.fixture(autouse=True)
def full_allowance(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody's allowance is whole, and does not come back while a slow machine works through a test."""
    for allowance in limits.ALL:
        allowance.forget()
        monkeypatch.setattr(allowance, "clock", lambda: 0.0)


class Browser:
    """A visitor's browser on one brand's host. It keeps its token, as the shop's page does."""

    def __init__(self, host: str) -> None:
        self.client = Client(SERVER_NAME=host)
        self.origin = f"http://{host}"
        self.token = ""

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> HttpResponse:
        """One call as the frame makes it; `body` bytes go as they are."""
        given = {
            "origin": self.origin,
            **({"authorization": f"Visitor {self.token}"} if self.token else {}),
            **headers,
        }
        data = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else b""
        return self.client.generic(
            method, f"/widget/{path}", data, content_type="application/json", headers=given
        )

    def start(self, site: Inbox) -> dict[str, Any]:
        """Open the chat."""
        response = self.call("POST", "session", {"site": site.account_id})
        assert response.status_code == 200, response.content
        content = json.loads(response.content)
        self.token = content["token"]
        return content

    def write(self, text: str, client_id: str | None = None, **more: Any) -> HttpResponse:
        """Send a message."""
        return self.call(
            "POST", "messages", {"client_id": client_id or str(uuid.uuid4()), "text": text, **more}
        )

    def read(self, after: int = 0) -> list[dict[str, Any]]:
        """The messages behind number `after`."""
        response = self.call("GET", f"messages?after={after}")
        assert response.status_code == 200, response.content
        return json.loads(response.content)["messages"]


@pytest.fixture
def browser(acme: TenantRef) -> Browser:
    return Browser("acme.localhost")


@pytest.fixture
def other_browser(acme: TenantRef) -> Browser:
    return Browser("acme.localhost")


@pytest.fixture
def globex_browser(globex: TenantRef) -> Browser:
    return Browser("globex.localhost")
