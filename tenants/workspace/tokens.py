"""API tokens: made, found, revoked. Only a keyed digest is stored; the token itself is shown once."""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.crypto import salted_hmac

from tenants.statements import OneOf, Question
from tenants.workspace import audit
from tenants.workspace.access import Member
from tenants.workspace.models import Agent, ApiToken

MARK = "kt_"
TOKEN_BYTES = 32
PREFIX_LENGTH = 8
USE_NOTED_EVERY = timedelta(minutes=1)

_FORM = re.compile(r"kt_[A-Za-z0-9_-]{20,100}")

_GOOD = Question(
    lambda: ApiToken.objects.select_related("agent").filter(
        Q(expires_at=None) | Q(expires_at__gt=Now()), OneOf("digest", "digests", "text"), revoked_at=None
    )
)


def issue(
    name: str,
    access: str,
    *,
    by: Member,
    agent: Agent | None = None,
    expires_at: datetime | None = None,
    address: str | None = None,
) -> tuple[ApiToken, str]:
    """A new token's row and the token itself, which is not stored. agent: in whose name it acts; None: its own."""
    token = MARK + secrets.token_urlsafe(TOKEN_BYTES)
    with transaction.atomic():
        row = ApiToken.objects.create(
            name=name,
            access=access,
            agent=agent,
            expires_at=expires_at,
            prefix=token[:PREFIX_LENGTH],
            digest=digest(token),
        )
        _audit("token.issued", row, by=by, address=address)
    return row, token


def revoke(row: ApiToken, *, by: Member, address: str | None = None) -> None:
    """End a token at once. Asked twice, nothing happens the second time."""
    with transaction.atomic():
        if ApiToken.objects.filter(id=row.id, revoked_at=None).update(revoked_at=timezone.now()):
            _audit("token.revoked", row, by=by, address=address)


def find(token: str) -> ApiToken | None:
    """The row of a token that is good now, with its agent; None for any other text. One indexed look-up."""
    return find_all([token]).get(token)


def find_all(given: Collection[str]) -> dict[str, ApiToken]:
    """Of several tokens those that are good now. One query, none where nothing looks like a token."""
    by_digest = {digest(token): token for token in given if _FORM.fullmatch(token)}
    if not by_digest:
        return {}
    return {by_digest[row.digest]: row for row in _GOOD.all(digests=list(by_digest))}


def note_use(row: ApiToken) -> None:
    """Remember that the token was used; written at most once a minute."""
    now = timezone.now()
    if row.last_used_at is None or now - row.last_used_at >= USE_NOTED_EVERY:
        ApiToken.objects.filter(id=row.id).update(last_used_at=now)


def digest(token: str) -> str:
    """The keyed digest under which a token is stored: useless without our key, and fast to make."""
    return salted_hmac("tenants.workspace.tokens", token, algorithm="sha256").hexdigest()


def _audit(act: str, row: ApiToken, *, by: Member, address: str | None) -> None:
    audit.note(
        act,
        "api_token",
        row.id,
        row.name,
        user_id=by.user_id,
        user_name=by.agent.name,
        changes={"access": row.access, "prefix": row.prefix},
        address=address,
    )
