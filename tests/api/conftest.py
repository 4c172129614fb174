"""Conversations of acme for callers of its API."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from conversations.models import Conversation, Inbox
from tenants.directory import TenantRef
from tenants.scope import tenant_scope
from tests.conversations.outgoing import a_conversation, an_inbox


@pytest.fixture
def line(acme: TenantRef) -> Iterator[Inbox]:
    with tenant_scope(acme):
        yield an_inbox("line")


@pytest.fixture
def conversation(line: Inbox) -> Conversation:
    return a_conversation(line, text="Where is my parcel?")
