"""What Twilio's messaging has in common: the signature, the form, the address of a call, the meaning of an error.

Sources: Twilio's pages on webhook security, on the Message resource, and its dictionary of errors.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit, urlunsplit

from conversations.channels import wire
from conversations.channels.base import Account, Hook, PlatformResponse, Unparsable
from conversations.channels.errors import DeliveryError, ErrorKind

DEFAULT_BASE_URL = "https://api.twilio.com"
MAX_BYTES = 1_000_000
MAX_FIELDS = 1_000

_NEWER = "algorithm=HMAC_SHA256"
_PORTS = {"https": 443, "http": 80}
_POISON = re.compile("[\x00\ud800-\udfff]")
_REPLACEMENT = "\ufffd"

_BY_CODE = {
    11200: ErrorKind.MEDIA,
    12300: ErrorKind.MEDIA,
    14107: ErrorKind.RATE_LIMITED,
    20003: ErrorKind.AUTH_EXPIRED,
    20005: ErrorKind.ACCOUNT_RESTRICTED,
    20404: ErrorKind.BAD_REQUEST,
    20429: ErrorKind.RATE_LIMITED,
    21211: ErrorKind.BAD_REQUEST,
    21408: ErrorKind.PERMISSION,
    21606: ErrorKind.PERMISSION,
    21610: ErrorKind.RECIPIENT_GONE,
    21611: ErrorKind.RATE_LIMITED,
    21612: ErrorKind.RECIPIENT_GONE,
    21614: ErrorKind.RECIPIENT_GONE,
    21617: ErrorKind.BAD_REQUEST,
    21620: ErrorKind.MEDIA,
    21623: ErrorKind.MEDIA,
    30001: ErrorKind.RATE_LIMITED,
    30002: ErrorKind.ACCOUNT_RESTRICTED,
    30003: ErrorKind.RECIPIENT_GONE,
    30004: ErrorKind.RECIPIENT_GONE,
    30005: ErrorKind.RECIPIENT_GONE,
    30006: ErrorKind.RECIPIENT_GONE,
    30007: ErrorKind.BAD_REQUEST,
    30008: ErrorKind.TEMPORARY,
    30019: ErrorKind.MEDIA,
    63016: ErrorKind.WINDOW_CLOSED,
    63018: ErrorKind.RATE_LIMITED,
    90010: ErrorKind.ACCOUNT_RESTRICTED,
}
_BY_STATUS = {
    401: ErrorKind.AUTH_EXPIRED,
    403: ErrorKind.PERMISSION,
    429: ErrorKind.RATE_LIMITED,
    # A gateway gave up waiting: whether the message went out is not said.
    502: ErrorKind.UNKNOWN_OUTCOME,
    504: ErrorKind.UNKNOWN_OUTCOME,
}


def verify(hook: Hook, secrets: Sequence[str]) -> bool:
    """Whether X-Twilio-Signature signs the address that was called, followed by every field of the form; a JSON
    body is signed by its digest in the address. With or without the ordinary port: Twilio does both. Signed with
    a shared key instead of the auth token, a header names the algorithm."""
    given = hook.headers.get("x-twilio-signature", "").encode("utf-8", "surrogatepass")
    algorithm = "sha256" if _NEWER in hook.headers.get("x-twilio-webhooks-signature-settings", "") else "sha1"
    try:
        signed = _signed_part(hook)
    except Unparsable:
        return False
    expected = [
        base64.b64encode(hmac.digest(secret.encode(), address + signed, algorithm))
        for secret in secrets
        if secret
        for address in _addresses(hook.url)
    ]
    return any(hmac.compare_digest(one, given) for one in expected)


def form(body: bytes) -> dict[str, str]:
    """The fields of a webhook's form; of a name that stands there twice the last. Raises Unparsable."""
    return {_readable(name): _readable(value) for name, value in _fields(body)}


def url(account: Account, *path: str) -> str:
    """The address of a resource of the account."""
    parts = [quote(part, safe="") for part in (account_sid(account), *path)]
    base = (account.base_url or DEFAULT_BASE_URL).rstrip("/")
    return "/".join([f"{base}/2010-04-01/Accounts", *parts])


def account_sid(account: Account) -> str:
    """The Twilio account's SID. Raises DeliveryError when it is missing."""
    sid = str(account.settings.get("account_sid") or "")
    if not sid:
        raise DeliveryError(ErrorKind.AUTH_EXPIRED, code="no_account", detail="the Account SID is missing")
    return sid


def authorization(account: Account) -> dict[str, str]:
    """Basic access: an API key where the account has one, else its SID and auth token. Raises DeliveryError."""
    key, token = str(account.settings.get("api_key") or ""), account.credentials.get("access_token", "")
    if not token:
        raise DeliveryError(ErrorKind.AUTH_EXPIRED, code="no_token", detail="the auth token is missing")
    pair = f"{key or account_sid(account)}:{token}".encode("utf-8", "surrogatepass")
    return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}


def is_own(account: Account, address: str) -> bool:
    """Whether an address leads to the platform itself, so that our credentials may be shown there."""
    own, other = urlsplit(account.base_url or DEFAULT_BASE_URL), urlsplit(address)
    return (other.scheme, other.netloc) == (own.scheme, own.netloc)


def kind_of(code: int | None, status: int = 0) -> ErrorKind:
    """What an error's number means for us; without one the HTTP status decides."""
    if code is not None and code in _BY_CODE:
        return _BY_CODE[code]
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    return ErrorKind.TEMPORARY if status >= 500 else ErrorKind.BAD_REQUEST


def delivery_error(response: PlatformResponse) -> DeliveryError:
    """What the platform's refusal means for us."""
    answer = wire.answer(response)
    code = wire.whole_number(answer, "code")
    return DeliveryError(
        kind_of(code, response.status),
        code=f"http {response.status}" if code is None else str(code),
        detail=wire.text(answer, "message")[:500],
        retry_after=wire.retry_after(response.headers),
    )


def _signed_part(hook: Hook) -> bytes:
    digest = hook.query.get("bodySHA256", "")
    if digest:
        if not hmac.compare_digest(hashlib.sha256(hook.body).hexdigest(), _ascii(digest.lower())):
            raise Unparsable("the body is not the one that was signed")
        return b""
    pairs = sorted(set(_fields(hook.body)))  # a value that stands there twice counts once
    return b"".join(name + value for name, value in pairs)


def _ascii(text: str) -> str:
    return text if text.isascii() else ""


def _addresses(address: str) -> list[bytes]:
    """The address as it was called, without and with its scheme's ordinary port."""
    parts = urlsplit(address)
    port = _PORTS.get(parts.scheme)
    bare = parts.netloc.removesuffix(f":{port}")
    found = [address, urlunsplit(parts._replace(netloc=bare))]
    if port is not None and ":" not in bare.rpartition("]")[2]:
        found.append(urlunsplit(parts._replace(netloc=f"{bare}:{port}")))
    return [each.encode("utf-8", "surrogatepass") for each in dict.fromkeys(found)]


def _fields(body: bytes) -> list[tuple[bytes, bytes]]:
    """The form's fields as the bytes that they stand for: what is signed. Raises Unparsable."""
    if len(body) > MAX_BYTES:
        raise Unparsable(f"{len(body)} bytes, more than {MAX_BYTES}")
    try:
        pairs: list[tuple[Any, Any]] = parse_qsl(
            body.decode("latin-1"), keep_blank_values=True, encoding="latin-1", max_num_fields=MAX_FIELDS
        )
    except ValueError as error:
        raise Unparsable(f"not a form: {error}") from error
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in pairs]


def _readable(value: bytes) -> str:
    try:
        text = value.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        text = value.decode("utf-8", "replace")
    return _POISON.sub(_REPLACEMENT, text)[: wire.MAX_TEXT]
