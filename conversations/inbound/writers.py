"""Features that keep rows of their own about messages: called with every batch, in its transaction."""

from __future__ import annotations

from collections.abc import Callable

from conversations.inbound.batch import Batch

Writer = Callable[[Batch], None]

_writers: list[Writer] = []


def register(writer: Writer) -> None:
    """Have `writer` called with each batch once its messages are written. It must not ask anything of the database
    where the batch holds nothing for it. Called from an app's `ready()`."""
    if writer not in _writers:
        _writers.append(writer)


def write(batch: Batch) -> None:
    """Let everybody write."""
    for writer in _writers:
        writer(batch)
