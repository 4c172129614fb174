"""A caller of acme's API, and conversations for it to read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

from conversations.models import Conversation, Inbox
from tenants.directory import TenantRef
from tenants.models import User
from tenants.scope import tenant_scope
from tenants.workspace import tokens
from tenants.workspace.access import find_member
from tenants.workspace.models import Agent
from tests.conversations.outgoing import a_conversation, an_inbox


@dataclass(frozen=True)
class Api:
    """Calls with one token."""

    client: Client
    token: str

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(f"/api/v1/{path}", query, headers=self._headers())

    def post(self, path: str, body: Any = None, *, raw: bytes | None = None, **headers: str) -> Any:
        content = json.dumps({} if body is None else body) if raw is None else raw
        return self.client.post(
            f"/api/v1/{path}", content, content_type="application/json", headers=self._headers() | headers
        )

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


Caller = Callable[..., Api]


@pytest.fixture
def caller(acme: TenantRef, alice: User, as_stranger: Client) -> Caller:
    """`caller("write", agent=…)`: somebody with a token of acme."""

    def open_api(access: str, agent: Agent | None = None, **given: Any) -> Api:
        with tenant_scope(acme):
            member = find_member(alice)
            assert member is not None
            return Api(as_stranger, tokens.issue("test", access, by=member, agent=agent, **given)[1])

    return open_api


@pytest.fixture
def writer(caller: Caller) -> Api:
    return caller("write")


@pytest.fixture
def reader(caller: Caller) -> Api:
    return caller("read")


@pytest.fixture
def line(acme: TenantRef) -> Iterator[Inbox]:
    with tenant_scope(acme):
        yield an_inbox("line")


@pytest.fixture
def conversation(line: Inbox) -> Conversation:
    return a_conversation(line, text="Where is my parcel?")
