"""What every road of the channels is tried on: the platform's double, and lanes that end with their test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from conversations import hooks, lanes
from conversations.models import Conversation
from tenants.directory import TenantRef
from tests.conversations.double import Double, running_double
from tests.conversations.outgoing import a_conversation, an_inbox


@pytest.fixture(autouse=True)
def nothing_left_over() -> Iterator[None]:
    hooks.forget()
    yield
    lanes.close()


@pytest.fixture
def double(settings: Settings) -> Iterator[Double]:
    """A platform that is asked and answers as it is told."""
    settings.SIMULATOR = True
    with running_double() as double:
        yield double


@pytest.fixture
def messenger(in_acme: TenantRef, double: Double) -> Conversation:
    """A customer of a Page, who waits for an answer."""
    return a_conversation(an_inbox("messenger", double.url))


@pytest.fixture
def line(in_acme: TenantRef, double: Double) -> Conversation:
    """The same on LINE."""
    return a_conversation(an_inbox("line", double.url))
