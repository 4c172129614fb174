"""What WeChat posts: a message or an event as XML, signed in the address, encrypted in safe mode."""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode
from xml.sax.saxutils import escape

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from conversations.channels import wechat_xml

BLOCK = 32


def written(content: Mapping[str, Any]) -> bytes:
    """The XML of an event."""
    return f"<xml>{''.join(_element(name, value) for name, value in content.items())}</xml>".encode()


def sealed(plain: bytes, secret: str, account_id: str) -> bytes:
    """The webhook's body: as it is for a plain token, encrypted for token, key and AppID."""
    parts = secret.split()
    if len(parts) != 3:
        return plain
    key, app_id = base64.b64decode(f"{parts[1]}="), parts[2].encode()
    content = secrets.token_bytes(16) + len(plain).to_bytes(4, "big") + plain + app_id
    padding = BLOCK - len(content) % BLOCK
    sealer = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    done = sealer.update(content + bytes([padding]) * padding) + sealer.finalize()
    return written({"ToUserName": account_id, "Encrypt": base64.b64encode(done).decode()})


def signed(body: bytes, secret: str) -> str:
    """The query under which a body is posted. The real clock signs: the set one is for windows only."""
    token, *more = secret.split()
    timestamp, nonce = str(int(time.time())), str(secrets.randbelow(10**9))
    query = {"signature": _digest(token, timestamp, nonce), "timestamp": timestamp, "nonce": nonce}
    if more:
        encrypted = str(wechat_xml.read(body)["Encrypt"])
        query |= {"encrypt_type": "aes", "msg_signature": _digest(token, timestamp, nonce, encrypted)}
    return urlencode(query)


def _digest(*parts: str) -> str:
    return hashlib.sha1("".join(sorted(parts)).encode(), usedforsecurity=False).hexdigest()


def _element(name: str, value: Any) -> str:
    if isinstance(value, int):
        return f"<{name}>{value}</{name}>"
    return (
        f"<{name}><![CDATA[{value}]]></{name}>" if "]]>" not in value else f"<{name}>{escape(value)}</{name}>"
    )
