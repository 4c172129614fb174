"""Files that we send: taken from an agent's browser or an integrator, kept until the answer that they belong to."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import closing
from datetime import timedelta
from typing import IO, Protocol
from uuid import UUID

from django.utils import timezone

from conversations.channels.base import Capabilities
from conversations.files import kinds, limits, metadata, quota, storing
from conversations.files.limits import FileRefused
from conversations.files.quota import StorageFull
from conversations.files.storing import Found
from conversations.models import StoredFile
from tenants.workspace.events import Actor

USABLE_FOR = storing.UPLOADS_WAIT - timedelta(hours=1)
"""How long an upload may be sent: safely before the sweep takes it away."""

CHUNK_BYTES = 65_536
IN_MEMORY_BYTES = 1_000_000


class Source(Protocol):
    """What an upload is read from."""

    def read(self, size: int, /) -> bytes: ...


def take(
    source: Source, name: str, *, by: Actor, mime: str = "", capabilities: Capabilities | None
) -> StoredFile:
    """Keep an upload. mime: what the sender calls it, which only tells sounds from films. capabilities: of the
    channel that it is for, None where that is not known yet. Raises FileRefused; outside of every transaction.
    """
    is_audio = mime.lower().startswith("audio/")
    try:
        quota.require_room(1)  # before anything is read of what could not be kept
        return _keep(source, name, by=by, is_audio=is_audio, capabilities=capabilities)
    except StorageFull:
        raise FileRefused("storage_full") from None


def _keep(
    source: Source, name: str, *, by: Actor, is_audio: bool, capabilities: Capabilities | None
) -> StoredFile:
    with closing(tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES)) as content:
        size = _copy(source, content)
        content.seek(0)
        found = kinds.mime_of(content.read(kinds.HEAD_BYTES), name, is_audio=is_audio)
        if capabilities is not None:
            limits.require_taken(capabilities, found, size)
        _drop_metadata(content, found)
        return storing.keep(
            content, Found(name=name, is_audio=is_audio), origin=StoredFile.Origin.UPLOAD, uploaded_by=by.id
        )


def _drop_metadata(content: IO[bytes], mime: str) -> None:
    """Customers learn nothing of an agent's camera, nor where it stood."""
    if mime not in metadata.MIMES:
        return
    content.seek(0)
    cleaned = metadata.without(content.read(), mime)
    content.seek(0)
    content.truncate()
    content.write(cleaned)


def find(ids: Sequence[UUID], *, by: Actor) -> list[StoredFile]:
    """The uploads of one person or integrator, in this order, that may still be sent. Raises FileRefused
    ("file_gone") for any other."""
    rows = StoredFile.objects.filter(
        id__in=ids,
        origin=StoredFile.Origin.UPLOAD,
        uploaded_by=by.id,
        created_at__gt=timezone.now() - USABLE_FOR,
        attachments__isnull=True,
    )
    by_id = {row.id: row for row in rows}
    if len(by_id) != len(ids):
        raise FileRefused("file_gone")
    return [by_id[each] for each in ids]


def _copy(source: Source, content: IO[bytes]) -> int:
    size = 0
    while chunk := source.read(CHUNK_BYTES):
        size += len(chunk)
        if size > limits.MOST_BYTES:
            raise FileRefused("file_too_large", limit=limits.MOST_BYTES)
        content.write(chunk)
    if not size:
        raise FileRefused("file_empty")
    return size
