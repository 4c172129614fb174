"""What the contract suite stands on. A new kind brings `samples/<kind>.py` and `payloads/<kind>/*.json`."""

import importlib
import json
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st

from conversations.channels import registry
from conversations.channels.base import Hook, PlatformRequest, PlatformResponse
from conversations.channels.errors import DeliveryError
from conversations.channels.items import AccountChange, CommentChanged, IncomingMessage, Item, UnknownItem
from conversations.channels.outgoing import OutgoingMessage

PAYLOADS = Path(__file__).parent / "payloads"
FILES = [(kind, path) for kind in registry.KINDS for path in sorted((PAYLOADS / kind).glob("*.json"))]
TEXT = "您好 🍎"

every_kind = pytest.mark.parametrize("kind", registry.KINDS)
every_file = pytest.mark.parametrize("kind, path", FILES, ids=[f"{kind}/{path.stem}" for kind, path in FILES])

fuzzed = settings(deadline=None, max_examples=50)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def samples(kind: str) -> ModuleType:
    return importlib.import_module(f"tests.conversations.channels.samples.{kind}")


def outgoing(kind: str, **changes: Any) -> OutgoingMessage:
    message = OutgoingMessage(
        address=samples(kind).ADDRESS,
        text=TEXT,
        correlation="message-1",
        retry_key="0b54ac9e-6a1c-4d2e-9a43-0d9c5f4f2a10",
        tried_at=datetime(2026, 11, 1, tzinfo=UTC),
    )
    return replace(message, **changes)


def hook(kind: str, body: bytes, secret: str) -> Hook:
    """A call as the platform would sign it. A kind that signs more than the body brings its own."""
    sample = samples(kind)
    if hasattr(sample, "hook"):
        signed: Hook = sample.hook(body, secret)
        return signed
    return Hook(body=body, headers=sample.signature_headers(body, secret))


def written(kind: str, content: Any) -> bytes:
    """The webhook that says `content`. A kind whose platform writes no JSON brings its own `write`."""
    sample = samples(kind)
    body: bytes = sample.write(content) if hasattr(sample, "write") else json.dumps(content).encode()
    return body


def payload(kind: str, path: Path) -> bytes:
    """The webhook in a payload file, as the platform sends it."""
    raw = path.read_bytes()
    return written(kind, json.loads(raw)) if hasattr(samples(kind), "write") else raw


def carries_token(kind: str, request: PlatformRequest) -> bool:
    """Whether a call shows the account's token where the platform wants it: as a bearer, or as `carries_token`
    of the samples says."""
    sample = samples(kind)
    if hasattr(sample, "carries_token"):
        return bool(sample.carries_token(request))
    return request.headers.get("Authorization") == f"Bearer {sample.ACCOUNT.credentials['access_token']}"


class Platform:
    """A transport that gives one answer, or raises one error, and keeps what it was asked."""

    def __init__(self, answer: PlatformResponse | DeliveryError) -> None:
        self.answer = answer
        self.requests: list[PlatformRequest] = []

    def __call__(self, request: PlatformRequest) -> PlatformResponse:
        self.requests.append(request)
        if isinstance(self.answer, DeliveryError):
            raise self.answer
        return self.answer


def vars_of(item: Item) -> dict[str, Any]:
    return {part.name: getattr(item, part.name) for part in fields(item)}


def require_well_formed(items: list[Item]) -> None:
    for item in items:
        assert isinstance(item, Item) and type(item) is not Item
        assert item.happened_at.utcoffset() == timedelta(0)
        assert len(item.event_id) <= 255 and isinstance(item.raw, dict)
        concerns_nobody = isinstance(item, UnknownItem | AccountChange | CommentChanged)
        assert concerns_nobody or vars_of(item)["address"]
        if isinstance(item, IncomingMessage):
            assert item.external_id and item.event_id
