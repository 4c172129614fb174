"""Signatures and encryption of an Official Account's webhooks.

Source: WeChat's pages on access and on message encryption and decryption for Official Accounts.

The signing secret is the account's token; in safe mode it is token, EncodingAESKey and AppID, separated by spaces.
Two signatures exist: `signature` covers token, timestamp and nonce only, `msg_signature` the encrypted body too.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from conversations.channels import wechat_xml
from conversations.channels.base import Hook, Unparsable

FRESH_SECONDS = 600
"""How far a plain call's timestamp may lie from ours. Its signature does not cover the body, so whoever sees one
call could forge others with it: not for long."""

_KEY_LENGTH = 43
_PREFIX = 16  # random bytes before the length
_PADDING = 32  # PKCS#7 to this block size, not to the cipher's


@dataclass(frozen=True, slots=True)
class Keys:
    """What the two sides share. key: of the encryption; empty in plain mode."""

    token: str = field(repr=False)
    key: bytes = field(default=b"", repr=False)
    app_id: str = ""


def keys_of(secret: str) -> Keys | None:
    """The parts of a signing secret; None for one that is neither a token nor a whole set of safe mode."""
    parts = re.split(r"[\s,]+", secret.strip())
    if len(parts) == 1 and parts[0]:
        return Keys(parts[0])
    if len(parts) != 3 or len(parts[1]) != _KEY_LENGTH:
        return None
    try:
        key = base64.b64decode(f"{parts[1]}=", validate=True)
    except (ValueError, binascii.Error):
        return None
    return Keys(parts[0], key, parts[2])


def verify(hook: Hook, secrets: Sequence[str]) -> bool:
    """Whether one of `secrets` signed the call. One of safe mode takes encrypted bodies only."""
    found = [keys_of(secret) for secret in secrets if secret]
    encrypted = _encrypted(hook.body) if hook.query.get("msg_signature") else ""
    return any(_is_signed(hook, keys, encrypted) for keys in found if keys is not None)


def unwrap(hook: Hook, secrets: Sequence[str]) -> bytes:
    """The XML in the call, decrypted where it is encrypted. Raises Unparsable."""
    content = wechat_xml.read(hook.body)
    encrypted = content.get("Encrypt")
    if not isinstance(encrypted, str):
        return hook.body
    for secret in secrets:
        keys = keys_of(secret) if secret else None
        if keys is not None and keys.key and _is_signed(hook, keys, encrypted):
            return decrypted(encrypted, keys)
    if "MsgType" in content:  # the compatible mode tells everything twice
        return hook.body
    raise Unparsable("encrypted, and no EncodingAESKey is set")


def challenge(query: Mapping[str, str], secret: str) -> str | None:
    """The text that answers WeChat's handshake, or None to refuse it. An encrypted one is opened."""
    keys = keys_of(secret) if secret else None
    text = query.get("echostr")
    if keys is None or text is None:
        return None
    hook = Hook(body=b"", query=query)
    if not keys.key or not query.get("msg_signature"):
        return text if _same(_digest(hook, keys.token), query.get("signature", "")) else None
    if not _same(_digest(hook, keys.token, text), query["msg_signature"]):
        return None
    try:
        return decrypted(text, keys).decode("utf-8", "replace")
    except Unparsable:
        return None


def decrypted(text: str, keys: Keys) -> bytes:
    """What base64 `text` holds: AES-256-CBC over 16 random bytes, a length, the content and the AppID. Raises
    Unparsable, also when it was meant for another AppID."""
    try:
        sealed = base64.b64decode(text, validate=True)
        opener = Cipher(algorithms.AES(keys.key), modes.CBC(keys.key[:16])).decryptor()
        plain = opener.update(sealed) + opener.finalize()
    except (ValueError, binascii.Error) as error:
        raise Unparsable("the encrypted part does not open") from error
    padding = plain[-1] if plain else 0
    if not 1 <= padding <= _PADDING or len(plain) < _PREFIX + 4 + padding:
        raise Unparsable("the encrypted part does not open")
    start = _PREFIX + 4
    end = start + int.from_bytes(plain[_PREFIX:start], "big")
    if plain[end:-padding] != keys.app_id.encode():
        raise Unparsable("encrypted for another AppID")
    return plain[start:end]


def signature(*parts: str) -> str:
    """WeChat's signature: the hex SHA-1 of the sorted parts."""
    return hashlib.sha1(
        "".join(sorted(parts)).encode("utf-8", "surrogatepass"), usedforsecurity=False
    ).hexdigest()


def _is_signed(hook: Hook, keys: Keys, encrypted: str) -> bool:
    if keys.key:
        expected = _digest(hook, keys.token, encrypted)
        return bool(encrypted) and _same(expected, hook.query.get("msg_signature", ""))
    return _same(_digest(hook, keys.token), hook.query.get("signature", "")) and _is_fresh(hook)


def _digest(hook: Hook, *parts: str) -> str:
    return signature(*parts, hook.query.get("timestamp", ""), hook.query.get("nonce", ""))


def _same(expected: str, given: str) -> bool:
    return hmac.compare_digest(expected.encode(), given.encode("utf-8", "surrogatepass"))


def _is_fresh(hook: Hook) -> bool:
    told = hook.query.get("timestamp", "")
    if not hook.arrived_at:
        return True
    return told.isascii() and told.isdigit() and abs(int(told[:12]) - hook.arrived_at) <= FRESH_SECONDS


def _encrypted(body: bytes) -> str:
    try:
        found = wechat_xml.read(body).get("Encrypt")
    except Unparsable:
        return ""
    return found if isinstance(found, str) else ""
