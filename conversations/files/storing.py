"""Keeping files: under the brand's own folder, named by us alone; the row comes first, the content after it.

A row that nobody holds on to (an upload that was never sent, a file of a message that was taken back) is swept
together with its content.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import IO
from uuid import UUID

from django.core.files import File
from django.core.files.base import ContentFile
from django.core.files.storage import Storage, storages
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now
from django.utils import timezone

from conversations.files import kinds, pictures, quota
from conversations.models import Attachment, StoredFile
from tenants.ids import new_id
from tenants.scope import scoped_tenant

CHUNK_BYTES = 65_536
UPLOADS_WAIT = timedelta(days=1)  # for the message that they are sent with
FETCHED_WAIT = timedelta(minutes=15)  # longer than it takes to attach what was fetched
SWEEP_AT_ONCE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What is known of a file beside its content."""

    name: str = ""
    is_audio: bool = False
    seconds: float | None = None


def keep(
    content: IO[bytes], found: Found, *, origin: StoredFile.Origin, uploaded_by: UUID | None = None
) -> StoredFile:
    """Store a file (seekable, not empty) of the scope's brand. Outside of every transaction.

    Raises ValueError for an empty one, StorageFull, and what the storage raises when it cannot write.
    """
    size, digest, head = _measured(content)
    if not size:
        raise ValueError("an empty file")
    mime = kinds.mime_of(head, found.name, is_audio=found.is_audio)
    picture = pictures.look(content, mime)
    file_id, now = new_id(), timezone.now()
    path = f"{scoped_tenant().schema_name}/{now:%Y}/{now:%m}/{file_id}"
    row = StoredFile(
        id=file_id,
        origin=origin,
        name=kinds.clean_name(found.name, mime),
        mime=mime,
        size=size,
        sha256=digest,
        width=picture.width if picture else None,
        height=picture.height if picture else None,
        seconds=found.seconds,
        path=path,
        thumbnail_path=f"{path}.thumbnail" if picture else "",
        uploaded_by=uploaded_by,
        created_at=now,
    )
    with transaction.atomic():
        quota.claim(size)
        row.save(force_insert=True)
    content.seek(0)
    _write(row.path, File(content))
    if picture:
        _write(row.thumbnail_path, ContentFile(picture.thumbnail))
    return row


def note_absent(state: StoredFile.State, reason: str, *, name: str = "") -> StoredFile:
    """A row that says why there is no file."""
    return StoredFile.objects.create(
        origin=StoredFile.Origin.CUSTOMER, state=state, reason=reason, name=name, created_at=timezone.now()
    )


def open_content(file: StoredFile, *, thumbnail: bool = False) -> IO[bytes]:
    """The stored bytes, to be read and closed. Raises FileNotFoundError."""
    opened: IO[bytes] = _storage().open(file.thumbnail_path if thumbnail else file.path)
    return opened


def read(file: StoredFile) -> bytes:
    """All of a file's bytes. Raises FileNotFoundError."""
    with open_content(file) as content:
        return content.read()


def remove(file: StoredFile) -> None:
    """Delete a file that nothing holds on to: its content first, so that a row is left while content is."""
    for path in filter(None, (file.path, file.thumbnail_path)):
        _storage().delete(path)
    with transaction.atomic():
        deleted, _of_kinds = StoredFile.objects.filter(id=file.id).delete()
        if deleted and file.size:
            quota.give_back(file.size)


def sweep() -> int:
    """Delete the files of the scope's brand that nobody holds on to. Returns how many."""
    held = Attachment.objects.filter(file=OuterRef("id"))
    waited = Q(origin=StoredFile.Origin.UPLOAD, created_at__lt=Now() - UPLOADS_WAIT) | Q(
        origin=StoredFile.Origin.CUSTOMER, created_at__lt=Now() - FETCHED_WAIT
    )
    loose = StoredFile.objects.filter(waited, ~Exists(held)).order_by("created_at")[:SWEEP_AT_ONCE]
    for file in loose:
        remove(file)
    return len(loose)


def _measured(content: IO[bytes]) -> tuple[int, str, bytes]:
    content.seek(0)
    digest, size, head = hashlib.sha256(), 0, b""
    while chunk := content.read(CHUNK_BYTES):
        head = head or chunk[: kinds.HEAD_BYTES]
        digest.update(chunk)
        size += len(chunk)
    content.seek(0)
    return size, digest.hexdigest(), head


def _write(path: str, content: File[bytes]) -> None:
    written = _storage().save(path, content)
    if written != path:  # the storage found something under a name that is ours alone
        raise FileExistsError(path)


def _storage() -> Storage:
    return storages["files"]
