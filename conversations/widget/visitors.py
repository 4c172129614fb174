"""Who is writing in the website chat: an opaque token that the visitor's browser carries in a header.

The token is signed, not stored: it names an inbox and a visitor, and its signature also covers the tenant. A
visitor is known to the house only after the first message; then its id is the address of a ContactIdentity.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import time
from dataclasses import dataclass
from uuid import UUID, uuid4

from django.conf import settings
from django.utils.crypto import salted_hmac

LIFE_SECONDS = 30 * 24 * 3600
RENEWED_AFTER_SECONDS = 24 * 3600  # an older token is replaced by a fresh one: 30 days from the last visit
SCHEME = "visitor"

_PURPOSE = "kontor.widget.visitor"
_FORM = b"\x01"
_LENGTH = 1 + 16 + 16 + 8 + 32
_CLOCK_SKEW_SECONDS = 300


class NotAVisitor(ValueError):
    """The token is missing, forged, of another tenant, or too old."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """One browser on one site. issued_at: Unix seconds of the token it showed."""

    inbox_id: UUID
    id: UUID
    issued_at: int

    @property
    def address(self) -> str:
        """The address of the visitor's ContactIdentity."""
        return str(self.id)

    def needs_renewal(self, now: float | None = None) -> bool:
        """Whether the token is old enough to be replaced."""
        return (time.time() if now is None else now) - self.issued_at > RENEWED_AFTER_SECONDS


def new_visitor(inbox_id: UUID) -> Visitor:
    """A visitor never seen before. The id is random: it is a secret between us and one browser."""
    return Visitor(inbox_id=inbox_id, id=uuid4(), issued_at=int(time.time()))


def issue(visitor: Visitor, tenant_id: UUID, *, now: float | None = None) -> str:
    """The token of `visitor`, good for LIFE_SECONDS from now (Unix seconds)."""
    issued_at = int(time.time() if now is None else now)
    content = _FORM + visitor.inbox_id.bytes + visitor.id.bytes + issued_at.to_bytes(8, "big")
    return (
        base64.urlsafe_b64encode(content + _signature(content, tenant_id, settings.SECRET_KEY))
        .decode()
        .rstrip("=")
    )


def read(token: str, tenant_id: UUID, *, now: float | None = None) -> Visitor:
    """The visitor whom `token` names, when it was issued for this tenant. Raises NotAVisitor."""
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise NotAVisitor("not a token") from error
    if len(raw) != _LENGTH or raw[:1] != _FORM:
        raise NotAVisitor("not a token")
    content, signature = raw[:-32], raw[-32:]
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    if not any(hmac.compare_digest(_signature(content, tenant_id, key), signature) for key in keys):
        raise NotAVisitor("not signed for this brand")
    issued_at = int.from_bytes(content[33:], "big")
    age = (time.time() if now is None else now) - issued_at
    if age > LIFE_SECONDS or age < -_CLOCK_SKEW_SECONDS:
        raise NotAVisitor("out of its time")
    return Visitor(inbox_id=UUID(bytes=content[1:17]), id=UUID(bytes=content[17:33]), issued_at=issued_at)


def token_of(authorization: str) -> str:
    """The token in an Authorization header (`Visitor …`), "" when there is none."""
    scheme, _space, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == SCHEME else ""


def _signature(content: bytes, tenant_id: UUID, key: str | bytes) -> bytes:
    return salted_hmac(_PURPOSE, tenant_id.bytes + content, secret=key, algorithm="sha256").digest()
