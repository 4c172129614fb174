"""Addresses under which a file is served to whoever holds them: signed for one brand, one file and a time.

    /files/<token>/<name>        the name is for people and for platforms that read it; only the token counts

Whoever gives one out has checked the rights before. Browsers get minutes; platforms that fetch what we send get
days, because some fetch again whenever their customer looks.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
import time
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.utils.crypto import salted_hmac

from conversations.files.kinds import ending_of
from conversations.models import StoredFile
from tenants import links
from tenants.directory import TenantRef

FOR_BROWSERS = timedelta(minutes=5)
FOR_PLAYERS = timedelta(hours=1)  # a film is read in pieces while it plays
FOR_PLATFORMS = timedelta(days=30)

_PURPOSE = "kontor.file"
_FORM = b"\x01"
_ORIGINAL, _THUMBNAIL = b"o", b"t"
_MARK_BYTES = 22
_LENGTH = 1 + 1 + 16 + 5 + _MARK_BYTES  # a multiple of three: no spare bits in the text
_NOT_IN_ADDRESS = re.compile(r"[^A-Za-z0-9._-]+")


class NotALink(ValueError):
    """The token is forged, of another brand, or too old."""


@dataclass(frozen=True, slots=True)
class Link:
    """What a token says. expires_at: Unix seconds."""

    file_id: UUID
    is_thumbnail: bool
    expires_at: int


def path_to(
    file: StoredFile, tenant: TenantRef, life: timedelta, *, thumbnail: bool = False, now: float | None = None
) -> str:
    """The path, on the brand's host, under which the file is served for `life`. now: Unix seconds."""
    expires_at = int((time.time() if now is None else now) + life.total_seconds())
    token = write(Link(file.id, thumbnail, expires_at), tenant.id)
    return f"/files/{token}/{_in_address(file, thumbnail)}"


def address_of(
    file: StoredFile, tenant: TenantRef, *, life: timedelta = FOR_PLATFORMS, thumbnail: bool = False
) -> str:
    """The absolute address that is given to a platform, or to an integrator."""
    return links.address(tenant, path_to(file, tenant, life, thumbnail=thumbnail))


def life_for(mime: str) -> timedelta:
    """How long a browser may read a file of this type."""
    return FOR_PLAYERS if mime.startswith(("audio/", "video/")) else FOR_BROWSERS


def write(link: Link, tenant_id: UUID) -> str:
    """The token for a link."""
    variant = _THUMBNAIL if link.is_thumbnail else _ORIGINAL
    content = _FORM + variant + link.file_id.bytes + link.expires_at.to_bytes(5, "big")
    mark = _mark(content, tenant_id, settings.SECRET_KEY)
    return base64.urlsafe_b64encode(content + mark).decode().rstrip("=")


def read(token: str, tenant_id: UUID, *, now: float | None = None) -> Link:
    """What a token of this brand says. now: Unix seconds. Raises NotALink."""
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise NotALink("not a token") from error
    if len(raw) != _LENGTH or raw[:1] != _FORM or raw[1:2] not in {_ORIGINAL, _THUMBNAIL}:
        raise NotALink("not a token")
    content, mark = raw[:-_MARK_BYTES], raw[-_MARK_BYTES:]
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    if not any(hmac.compare_digest(_mark(content, tenant_id, key), mark) for key in keys):
        raise NotALink("not signed for this brand")
    expires_at = int.from_bytes(content[18:], "big")
    if expires_at <= (time.time() if now is None else now):
        raise NotALink("out of its time")
    return Link(UUID(bytes=content[2:18]), raw[1:2] == _THUMBNAIL, expires_at)


def _mark(content: bytes, tenant_id: UUID, key: str | bytes) -> bytes:
    whole = salted_hmac(_PURPOSE, tenant_id.bytes + content, secret=key, algorithm="sha256").digest()
    return whole[:_MARK_BYTES]


def _in_address(file: StoredFile, thumbnail: bool) -> str:
    stem, dot, ending = file.name.rpartition(".")
    stem = _NOT_IN_ADDRESS.sub("-", stem if dot else ending).strip("-.")[:60] or "file"
    if thumbnail:
        return f"{stem}.jpg"
    return stem + (ending_of(file.mime) or (f".{_NOT_IN_ADDRESS.sub('', ending)[:10]}" if dot else ""))
