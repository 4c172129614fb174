"""The journal of erasures: outside of the database, so that a restored backup is told what to forget again.

One small object for each erasing, among the brand's files at `erasures/<tenant>/<erasure>.json`: ids and keyed
digests, no person's data. It is written before the first row is touched. `manage.py reapply_erasures` reads it.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.core.files.base import ContentFile
from django.core.files.storage import Storage, storages

from tenants.scope import scoped_tenant

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class JournalLine:
    """What has to be forgotten again. identity_ids: empty for the whole person. digests: of every address."""

    erasure_id: UUID
    number: int
    mode: str
    contact_ids: tuple[UUID, ...]
    identity_ids: tuple[UUID, ...]
    digests: tuple[bytes, ...]
    erased_at: datetime


def write(line: JournalLine) -> None:
    """Keep a line of the scope's brand; the same one again changes nothing. Outside of every transaction."""
    path = f"{_folder()}/{line.erasure_id}.json"
    if _storage().exists(path):
        if _whole(path) is not None:
            return
        _storage().delete(path)  # who wrote it was killed
    content = {
        "erasure": str(line.erasure_id),
        "number": line.number,
        "mode": line.mode,
        "contacts": _texts(line.contact_ids),
        "identities": _texts(line.identity_ids),
        "digests": [digest.hex() for digest in line.digests],
        "erased_at": line.erased_at.isoformat(),
    }
    _storage().save(path, ContentFile(json.dumps(content).encode()))


def lines() -> Iterator[JournalLine]:
    """The journal of the scope's brand, oldest first."""
    try:
        _folders, names = _storage().listdir(_folder())
    except FileNotFoundError:
        return
    found = [_whole(f"{_folder()}/{name}") for name in names]
    whole = [line for line in found if line is not None]
    yield from sorted(whole, key=lambda line: (line.erased_at, line.erasure_id))


def _whole(path: str) -> JournalLine | None:
    """The line at a path; None for one that was never written to its end, whose erasing has not begun."""
    try:
        return _read(path)
    except (ValueError, KeyError, TypeError):
        logger.error("a line of the journal of erasures cannot be read: %s", path)
        return None


def _read(path: str) -> JournalLine:
    with _storage().open(path) as content:
        told = json.loads(content.read())
    return JournalLine(
        erasure_id=UUID(told["erasure"]),
        number=told["number"],
        mode=told["mode"],
        contact_ids=tuple(map(UUID, told["contacts"])),
        identity_ids=tuple(map(UUID, told["identities"])),
        digests=tuple(bytes.fromhex(digest) for digest in told["digests"]),
        erased_at=datetime.fromisoformat(told["erased_at"]),
    )


def _texts(ids: Sequence[UUID]) -> list[str]:
    return [str(each) for each in ids]


def _folder() -> str:
    return f"erasures/{scoped_tenant().id}"


def _storage() -> Storage:
    return storages["files"]
