"""Who is writing in the website chat: an opaque token that the visitor's browser carries in a header.

The token is signed, not stored: it names an inbox and a visitor, and its signature also covers the tenant. A
visitor is known to the house only after the first message; then its id is the address of a ContactIdentity.

A person whom the brand's server vouches for is the same visitor in every browser. Their token is short, as the next
one at the same machine may be somebody else.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import time
from dataclasses import dataclass
from uuid import UUID, uuid4, uuid5

from django.conf import settings
from django.utils.crypto import salted_hmac

from conversations.widget.identity import Person

LIFE_SECONDS = 30 * 24 * 3600
RENEWED_AFTER_SECONDS = 24 * 3600  # an older token is replaced by a fresh one: 30 days from the last visit
PERSON_LIFE_SECONDS = 24 * 3600
SCHEME = "visitor"

_PURPOSE = "kontor.widget.visitor"
_FORM, _PERSON_FORM = b"\x01", b"\x02"
_HEAD = 1 + 16 + 16 + 8
_SIGNATURE = 32
_MOST = 4096
_CLOCK_SKEW_SECONDS = 300


class NotAVisitor(ValueError):
    """The token is missing, forged, of another tenant, or too old."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """One browser on one site, or one person in any. issued_at: Unix seconds of the token it showed."""

    inbox_id: UUID
    id: UUID
    issued_at: int
    person: Person | None = None

    @property
    def address(self) -> str:
        """The address of the visitor's ContactIdentity."""
        return str(self.id) if self.person is None else f"user:{self.person.subject}"

    def needs_renewal(self, now: float | None = None) -> bool:
        """Whether the token is old enough to be replaced. A person's is not: they are proven anew."""
        return (
            self.person is None
            and (time.time() if now is None else now) - self.issued_at > RENEWED_AFTER_SECONDS
        )


def new_visitor(inbox_id: UUID) -> Visitor:
    """A visitor never seen before. The id is random: it is a secret between us and one browser."""
    return Visitor(inbox_id=inbox_id, id=uuid4(), issued_at=int(time.time()))


def as_person(inbox_id: UUID, person: Person) -> Visitor:
    """The visitor who is a proven person: the same one in every browser."""
    return Visitor(inbox_id, uuid5(inbox_id, person.subject), int(time.time()), person)


def issue(visitor: Visitor, tenant_id: UUID, *, now: float | None = None) -> str:
    """The token of `visitor`, good for LIFE_SECONDS (a person's: PERSON_LIFE_SECONDS) from now (Unix seconds)."""
    issued_at = int(time.time() if now is None else now)
    form = _FORM if visitor.person is None else _PERSON_FORM
    content = form + visitor.inbox_id.bytes + visitor.id.bytes + issued_at.to_bytes(8, "big")
    if visitor.person is not None:
        told = [visitor.person.subject, visitor.person.name, visitor.person.email]
        content += json.dumps(told, ensure_ascii=False).encode()  # escaped, the longest would not fit
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
    form = raw[:1]
    if form not in (_FORM, _PERSON_FORM) or not _HEAD + _SIGNATURE <= len(raw) <= _MOST:
        raise NotAVisitor("not a token")
    content, signature = raw[:-_SIGNATURE], raw[-_SIGNATURE:]
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    if not any(hmac.compare_digest(_signature(content, tenant_id, key), signature) for key in keys):
        raise NotAVisitor("not signed for this brand")
    issued_at = int.from_bytes(content[33:_HEAD], "big")
    age = (time.time() if now is None else now) - issued_at
    if age > (LIFE_SECONDS if form == _FORM else PERSON_LIFE_SECONDS) or age < -_CLOCK_SKEW_SECONDS:
        raise NotAVisitor("out of its time")
    person = Person(*json.loads(content[_HEAD:])) if form == _PERSON_FORM else None
    return Visitor(UUID(bytes=content[1:17]), UUID(bytes=content[17:33]), issued_at, person)


def token_of(authorization: str) -> str:
    """The token in an Authorization header (`Visitor …`), "" when there is none."""
    scheme, _space, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == SCHEME else ""


def _signature(content: bytes, tenant_id: UUID, key: str | bytes) -> bytes:
    return salted_hmac(_PURPOSE, tenant_id.bytes + content, secret=key, algorithm="sha256").digest()
