"""Addresses of persons who were erased, as keyed digests: enough to recognise one, useless to find one out.

The key is the house's own (`KONTOR_ERASURE_KEY`) and is never changed: with another key the old digests would mean
nobody, and what platforms tell again would bring erased persons back.
"""

from __future__ import annotations

import hashlib
import hmac

from django.conf import settings

from tenants.scope import scoped_tenant

ERASED = "erased:"
"""How the ids and addresses begin that stand in the place of erased ones."""


def digest_of(address: tuple[str, str, str]) -> bytes:
    """The digest of an address (channel, scope, address) in the scope's brand."""
    return _digest("address", *address)


def digest_of_name(name: str) -> str:
    """What stands in the place of a platform's id of an erased message: the same for the same id, and 64 long."""
    return ERASED + _digest("message", name).hex()[:56]


def _digest(*parts: str) -> bytes:
    content = "\x00".join((str(scoped_tenant().id), *parts)).encode("utf-8", "replace")
    return hmac.digest(settings.ERASURE_KEY.encode(), content, hashlib.sha256)
