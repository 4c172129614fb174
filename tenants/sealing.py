"""Secrets at rest: AES-256-GCM under our own keys, each ciphertext bound to the place it belongs to.

A sealed text names the key that made it, so that keys can be rotated while old ones still open. The binding
is authenticated, never stored: a ciphertext copied to another row or another tenant does not open there.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

VERSION = "v1"
KEY_BYTES = 32
NONCE_BYTES = 12


class BadSealKeys(ValueError):
    """settings.SEAL_KEYS must hold base64 texts of 32 bytes each, the newest first."""


class Unsealable(ValueError):
    """The text was not sealed for this place, by one of our keys."""


def seal(text: str, *, bound_to: str) -> str:
    """`text` as ciphertext under the newest key. bound_to: the row and field it may be opened for."""
    key_id, cipher = next(iter(_ciphers().items()))
    nonce = os.urandom(NONCE_BYTES)
    sealed = nonce + cipher.encrypt(nonce, text.encode(), bound_to.encode())
    return f"{VERSION}.{key_id}.{base64.urlsafe_b64encode(sealed).decode()}"


def unseal(sealed: str, *, bound_to: str) -> str:
    """The text that was sealed for `bound_to`. Raises Unsealable."""
    version, _, rest = sealed.partition(".")
    key_id, _, payload = rest.partition(".")
    cipher = _ciphers().get(key_id)
    if version != VERSION or cipher is None:
        raise Unsealable("made by a key that we do not have")
    try:
        raw = base64.b64decode(payload.encode(), altchars=b"-_", validate=True)
        return cipher.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], bound_to.encode()).decode()
    except (InvalidTag, ValueError, binascii.Error):
        raise Unsealable("damaged, or sealed for another place") from None


def is_newest(sealed: str) -> bool:
    """Whether `sealed` was made by the newest key."""
    return sealed.startswith(f"{VERSION}.{next(iter(_ciphers()))}.")


def reseal(sealed: str, *, bound_to: str) -> str:
    """The same secret under the newest key; `sealed` itself when it is already. Raises Unsealable."""
    return sealed if is_newest(sealed) else seal(unseal(sealed, bound_to=bound_to), bound_to=bound_to)


def _ciphers() -> dict[str, AESGCM]:
    return _opened(tuple(settings.SEAL_KEYS))


@lru_cache(maxsize=4)
def _opened(keys: tuple[str, ...]) -> dict[str, AESGCM]:
    if not keys:
        raise BadSealKeys(BadSealKeys.__doc__)
    ciphers: dict[str, AESGCM] = {}
    for key in keys:
        try:
            raw = base64.b64decode(key, validate=True)
        except (ValueError, binascii.Error):
            raw = b""
        if len(raw) != KEY_BYTES:
            raise BadSealKeys(BadSealKeys.__doc__)
        ciphers[hashlib.sha256(raw).hexdigest()[:8]] = AESGCM(raw)
    return ciphers
