"""What every road of the channels is tried on: the platform's double, and lanes that end with their test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from conversations import hooks, lanes
from tests.conversations.double import Double, running_double


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
