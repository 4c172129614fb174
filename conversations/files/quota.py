"""How much room the files of a brand may take: its plan's limit against one counter row, never a sum over files.

Room is claimed in the transaction that writes a file's row and given back in the one that deletes it, so that the
counter is what the stored files take, whoever stores at the same time. Thumbnails, a few kilobytes each, do not count.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import F, Value
from django.db.models.functions import Greatest

from conversations.models import StorageUse
from tenants import directory
from tenants.scope import scoped_tenant
from tenants.statements import prepared

_CLAIM = """
    INSERT INTO conversations_storageuse (id, used) VALUES (1, %(size)s)
    ON CONFLICT (id) DO UPDATE SET used = conversations_storageuse.used + EXCLUDED.used
     WHERE conversations_storageuse.used + EXCLUDED.used <= %(limit)s
"""


class StorageFull(Exception):
    """The brand's plan leaves no room for the file."""


@dataclass(frozen=True, slots=True)
class Use:
    """What a brand's files take, and may take; bytes."""

    used: int
    limit: int


def use() -> Use:
    """The room of the scope's brand. One query."""
    used = StorageUse.objects.values_list("used", flat=True).first()
    return Use(used or 0, _limit())


def require_room(size: int) -> None:
    """Look whether there is room for a file, before it is fetched or taken in. Raises StorageFull."""
    room = use()
    if room.used + size > room.limit:
        raise StorageFull


def claim(size: int) -> None:
    """Take room for a file of that size, in the open transaction: another claim waits for its end. Raises
    StorageFull."""
    limit = _limit()
    if size > limit:
        raise StorageFull
    with prepared() as cursor:
        cursor.execute(_CLAIM, {"size": size, "limit": limit})
        if not cursor.rowcount:
            raise StorageFull


def give_back(size: int) -> None:
    """Free the room of a file, in the transaction that deletes its row."""
    StorageUse.objects.update(used=Greatest(F("used") - size, Value(0)))


def _limit() -> int:
    tenant = directory.tenant_by_id(scoped_tenant().id)
    return 0 if tenant is None else tenant.storage_bytes
