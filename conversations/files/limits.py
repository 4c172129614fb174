"""Which files a channel takes: the platform's table, asked before anything is sent. Pure."""

from __future__ import annotations

from typing import Any

from conversations.channels.base import Capabilities, FileLimit
from conversations.files.kinds import kind_of

MOST_BYTES = 50_000_000
"""The largest file that anybody may hand us, whatever the channel takes."""

MOST_FILES = 10
"""Files of one answer."""


class FileRefused(Exception):
    """The file cannot be sent; `code` says why: file_kind (none of its kind), file_type, file_too_large (with
    `limit` in bytes), file_empty, storage_full (the brand's plan leaves no room), file_gone (no upload of this
    person's that may still be sent)."""

    def __init__(self, code: str, *, limit: int | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.limit = limit


def require_taken(capabilities: Capabilities, mime: str, size: int) -> str:
    """As what the channel takes a file: image | video | audio | file. A picture that it does not take as a
    picture may still go as a file. Raises FileRefused."""
    refusals = []
    for kind in dict.fromkeys([kind_of(mime), "file"]):
        refusal = _refusal(capabilities.file_limits.get(kind), mime, size)
        if refusal is None:
            return kind
        refusals.append(refusal)
    raise max(refusals, key=_how_near)


def _how_near(refusal: FileRefused) -> tuple[int, int]:
    """How near the file came to being taken: of several refusals the nearest one says what to do."""
    return ("file_kind", "file_type", "file_too_large").index(refusal.code), refusal.limit or 0


def _refusal(limit: FileLimit | None, mime: str, size: int) -> FileRefused | None:
    if limit is None:
        return FileRefused("file_kind")
    if limit.mimes and mime not in limit.mimes:
        return FileRefused("file_type")
    most = min(limit.most_bytes, MOST_BYTES)
    return FileRefused("file_too_large", limit=most) if size > most else None


def told(capabilities: Capabilities) -> dict[str, dict[str, Any]]:
    """The same table for a browser, which asks it before it sends anything."""
    return {
        kind: {"bytes": min(limit.most_bytes, MOST_BYTES), "mimes": sorted(limit.mimes)}
        for kind, limit in capabilities.file_limits.items()
    }
