"""A connected number, and what its platform lists."""

from __future__ import annotations

from typing import Any

import pytest

from conversations.models import Inbox
from tenants.directory import TenantRef
from tenants.scope import tenant_scope
from tests.conversations.double import Answer, Double
from tests.conversations.outgoing import an_inbox

HELLO = {
    "id": "1",
    "name": "hello",
    "language": "en",
    "category": "UTILITY",
    "status": "APPROVED",
    "components": [
        {"type": "BODY", "text": "Hello {{1}}, your order {{2}} is here."},
        {"type": "BUTTONS", "buttons": [{"type": "URL", "text": "See", "url": "https://s.test/{{1}}"}]},
    ],
}
SALE = {"id": "2", "name": "sale", "language": "en", "status": "REJECTED", "rejected_reason": "PROMOTIONAL"}


def listed(*templates: dict[str, Any]) -> Answer:
    return Answer(200, {"data": list(templates), "paging": {}})


@pytest.fixture
def number(acme: TenantRef, double: Double) -> Inbox:
    with tenant_scope(acme):
        return an_inbox("whatsapp", double.url, settings={"waba_id": "102290129340398"})
