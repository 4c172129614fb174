"""Who a visitor is, on the word of the brand's own server: a short-lived signed token, or a keyed hash of an id.

What the visitor's page says of a person counts for nothing until it is proven with the site's secret.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import jwt
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from conversations.accounts import account_of, sealed_credentials
from conversations.channels import wire
from conversations.models import Inbox
from tenants.sealing import Unsealable
from tenants.workspace import audit
from tenants.workspace.events import Actor, unit_of_work

LONGEST_SECONDS = 3600
"""A token may promise no more than this; a keyed hash never ends, and is for simple sites."""

OLD_SECRET_LASTS = timedelta(days=1)
SECRET_BYTES = 32

_LEEWAY_SECONDS = 60
_HASHED = "user:{}"  # no token's signed part has a colon: whoever may choose their id cannot have one signed
_SECRET, _FORMER, _CHANGED_AT = "identity", "identity_before", "identity_changed_at"


class NotProven(ValueError):
    """Nothing was shown that the site's secret signed."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whom the brand's server vouches for. subject: the brand's own id of them."""

    subject: str
    name: str = ""
    email: str = ""


def proven(shown: Mapping[str, Any], keys: Sequence[str], *, now: float | None = None) -> Person:
    """The person of {"token": JWT} or {"id": str, "hash": HMAC-SHA256 of "user:" and the id, in hex}.

    The token: HS256 with `sub` and `exp`, at most LONGEST_SECONDS ahead; `name` and `email` where it has them
    (RFC 7519). now: Unix seconds. Raises NotProven.
    """
    at = time.time() if now is None else now
    if wire.text(shown, "token"):
        return _by_token(wire.text(shown, "token"), keys, at)
    subject, given = wire.text(shown, "id"), wire.text(shown, "hash").lower()
    for key in keys:
        wanted = hmac.new(key.encode(), _HASHED.format(subject).encode(), hashlib.sha256).hexdigest()
        if hmac.compare_digest(wanted.encode(), given.encode()):
            return Person(_subject(subject))
    raise NotProven("no secret of this site made the hash")


def keys_of(inbox: Inbox) -> list[str]:
    """The site's secrets, the newest first; the former one for a day after the change."""
    kept = _kept(inbox)
    changed_at = parse_datetime(kept.get(_CHANGED_AT, "")) if kept.get(_CHANGED_AT) else None
    former_counts = changed_at is not None and timezone.now() < changed_at + OLD_SECRET_LASTS
    return [key for key in (kept.get(_SECRET, ""), kept.get(_FORMER, "") if former_counts else "") if key]


def renew_secret(inbox: Inbox, *, by: Actor) -> str:
    """Make a new secret for the site; the one before is good for another day. Returns it: it is shown once."""
    made = secrets.token_urlsafe(SECRET_BYTES)
    with unit_of_work():
        row = Inbox.objects.select_for_update(no_key=True).get(pk=inbox.pk)
        kept = {_SECRET: made, _CHANGED_AT: timezone.now().isoformat()}
        former = _kept(row).get(_SECRET, "")
        row.sealed_credentials = sealed_credentials(row.id, {**kept, **({_FORMER: former} if former else {})})
        row.save(update_fields=["sealed_credentials"])
        audit.note_by(by, "inbox.identity_secret_renewed", "inbox", row.id, row.name)
    return made


def _kept(inbox: Inbox) -> Mapping[str, str]:
    try:
        return account_of(inbox).credentials
    except Unsealable:
        return {}


def _by_token(token: str, keys: Sequence[str], now: float) -> Person:
    for key in keys:
        try:
            # The times are compared below, against the caller's clock.
            claims = jwt.decode(
                token,
                key,
                algorithms=["HS256"],
                options={
                    "require": ["exp", "sub"],
                    "verify_exp": False,
                    "verify_nbf": False,
                    "verify_iat": False,
                    "verify_aud": False,
                },
            )
        except jwt.InvalidTokenError:
            continue
        return _of_claims(claims, now)
    raise NotProven("no secret of this site signed the token")


def _of_claims(claims: Mapping[str, Any], now: float) -> Person:
    ends, begins = claims["exp"], claims.get("nbf", 0)
    if not _is_time(ends) or not _is_time(begins):
        raise NotProven("its times are no numbers")
    if not now - _LEEWAY_SECONDS < ends <= now + LONGEST_SECONDS + _LEEWAY_SECONDS:
        raise NotProven("it has ended, or would last too long")
    if begins > now + _LEEWAY_SECONDS:
        raise NotProven("it has not begun")
    return Person(
        subject=_subject(claims["sub"]),
        name=_printable(wire.text(claims, "name"))[:200],
        email=_printable(wire.text(claims, "email"))[:254],
    )


def _printable(given: str) -> str:
    return "".join(sign for sign in given if sign.isprintable()).strip()


def _is_time(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _subject(given: str) -> str:
    if not 0 < len(given) <= 200 or not given.isprintable() or given != given.strip():
        raise NotProven("no id")
    return given
