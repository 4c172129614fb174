"""What features add to the rows of messages: read once for all rows that have it, shown by every surface alike.

A feature registers a reader in its app's `ready()` under the key of the row that it fills.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

Reader = Callable[[Sequence[UUID]], Mapping[UUID, Any]]

_readers: dict[str, Reader] = {}


def register(key: str, reader: Reader) -> None:
    """Let `reader` fill `key` of the rows in which the message itself says something there."""
    _readers[key] = reader


def fill(rows: Sequence[dict[str, Any]]) -> None:
    """Put what the readers know into rows of messages. One call of a reader for all, and none for no row."""
    for key, reader in _readers.items():
        ids = [row["id"] for row in rows if row[key]]
        found = reader(ids) if ids else {}
        for row in rows:
            row[key] = found.get(row["id"])
