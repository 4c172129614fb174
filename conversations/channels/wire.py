"""Reading what strangers send: bounded JSON, cautious fields, signatures, platform clocks, platform answers.

Nothing here trusts a shape. A field that is missing or of another type reads as empty, so that one odd
element never costs the others of its webhook; only a body that is no bounded JSON object raises Unparsable.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from conversations.channels import cards
from conversations.channels.base import Account, Capabilities, PlatformResponse, Unparsable, text_length
from conversations.channels.errors import DeliveryError, ErrorKind
from conversations.channels.items import UNKNOWN_TIME, JsonObject
from conversations.channels.outgoing import OutgoingMessage

MAX_BYTES = 3_500_000  # the largest documented webhook is 3 MB (Meta)
MAX_DEPTH = 64
MAX_ITEMS = 10_000  # elements of one webhook; Meta documents up to 1,000
MAX_VALUES = 200_000  # scalars and containers of one body: a full batch of Meta has about 15,000
MAX_TEXT = 65_536  # characters of one text
MAX_ID = 255  # characters of an identifier: what a key column and its index take

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECONDS_BELOW = 10**11
_REPLACEMENT = "\ufffd"

# Possessive, and with an optional closing quote: an unclosed string is consumed once, never tried again.
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_BRACKET = re.compile(rb"[\[\]{}]")
_POISON_ESCAPE = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
_POISON = re.compile("[\x00\ud800-\udfff]")


# --- JSON --------------------------------------------------------------------------------------------------


def load(body: bytes, *, most_bytes: int = MAX_BYTES) -> dict[str, Any]:
    """The JSON object in `body`, UTF-8 with or without a byte order mark, of at most `most_bytes`.

    Size, depth and number of values are bounded before the parser sees them. What PostgreSQL cannot keep is
    made safe: NUL and lone surrogates become U+FFFD, numbers beyond a double (NaN, Infinity and very long
    integers too) become the text that stood there. Raises Unparsable.
    """
    if len(body) > most_bytes:
        raise Unparsable(f"{len(body)} bytes, more than {most_bytes}")
    _require_shallow(body)
    try:
        source = body.decode("utf-8-sig")
        value = json.loads(source, parse_int=_integer, parse_float=_decimal, parse_constant=str)
    except ValueError as error:
        raise Unparsable(f"not JSON: {error}") from error
    if not isinstance(value, dict):
        raise Unparsable("not a JSON object")
    return _cleaned(value) if _POISON_ESCAPE.search(source) else value


def _require_shallow(body: bytes) -> None:
    openings = body.count(b"[") + body.count(b"{")
    if openings <= MAX_DEPTH and openings + body.count(b",") <= MAX_VALUES:
        return
    structure = _STRING.sub(b"", body)
    if structure.count(b"[") + structure.count(b"{") + structure.count(b",") > MAX_VALUES:
        raise Unparsable(f"more than {MAX_VALUES} values")
    depth = 0
    for bracket in _BRACKET.finditer(structure):
        depth += 1 if bracket[0] in b"[{" else -1
        if depth > MAX_DEPTH:
            raise Unparsable(f"nested deeper than {MAX_DEPTH}")


def _integer(digits: str) -> int | str:
    return int(digits) if len(digits) <= 40 else digits


def _decimal(digits: str) -> float | str:
    value = float(digits)
    return value if math.isfinite(value) else digits


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return _POISON.sub(_REPLACEMENT, value)
    if isinstance(value, dict):
        return {_cleaned(key): _cleaned(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_cleaned(item) for item in value]
    return value


# --- fields ------------------------------------------------------------------------------------------------


def text(source: JsonObject, key: str) -> str:
    """The text under `key`; a whole number reads as its digits, anything else as ""."""
    value = source.get(key)
    if isinstance(value, str):
        return value[:MAX_TEXT]
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return ""


def identifier(source: JsonObject, key: str) -> str:
    """The id under `key`, never longer than MAX_ID: a longer one is replaced by its digest."""
    return bounded_id(text(source, key))


def stable_id(*parts: str) -> str:
    """One id made of several, the same each time the same thing is told."""
    return bounded_id(":".join(parts))


def fingerprint(raw: JsonObject) -> str:
    """A digest of an element, for the things that a platform sends without an id."""
    canonical = json.dumps(raw, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()[:32]


def bounded_id(value: str) -> str:
    """`value`, or its digest when it is longer than MAX_ID."""
    if len(value) <= MAX_ID:
        return value
    return "sha256:" + hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()


def mapping(source: JsonObject, key: str) -> dict[str, Any]:
    """The object under `key`, or an empty one."""
    value = source.get(key)
    return value if isinstance(value, dict) else {}


def objects(source: JsonObject, key: str) -> list[dict[str, Any]]:
    """The objects in the list under `key`; what is no object is left out."""
    value = source.get(key)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def elements(source: JsonObject, key: str) -> list[dict[str, Any]]:
    """The elements of the list under `key`, none lost: one that is no object is wrapped as {"value": it}."""
    value = source.get(key)
    if not isinstance(value, list):
        return []
    if len(value) > MAX_ITEMS:
        raise Unparsable(f"{len(value)} elements, more than {MAX_ITEMS}")
    return [item if isinstance(item, dict) else {"value": item} for item in value]


def whole_number(source: JsonObject, key: str) -> int | None:
    """The whole number under `key`, also when written as text; None for anything else or below zero."""
    digits = text(source, key)
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 18 else None


def decimal(source: JsonObject, key: str) -> float | None:
    """The finite number under `key`, else None."""
    value = source.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def moment(*values: object) -> datetime:
    """The first of `values` that is a credible platform time, else UNKNOWN_TIME.

    Below 10^11 a number counts seconds, else milliseconds; text holding a number is read too. Credible is
    what lies between EARLIEST and UNKNOWN_TIME.
    """
    for value in values:
        number = _number(value)
        if number is None:
            continue
        milliseconds = number * 1000 if number < _SECONDS_BELOW else number
        if milliseconds < (UNKNOWN_TIME - _EPOCH) / timedelta(milliseconds=1):
            found = _EPOCH + timedelta(milliseconds=milliseconds)
            if found >= EARLIEST:
                return found
    return UNKNOWN_TIME


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, str) and len(value) > 32:
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) and number > 0 else None


# --- signatures --------------------------------------------------------------------------------------------


def signed_by_one(
    body: bytes, signature: str, secrets: Sequence[str], encode: Callable[[bytes], str]
) -> bool:
    """Whether `signature` is the HMAC-SHA256 of `body` under one of `secrets`, compared in constant time."""
    given = signature.encode("utf-8", "surrogatepass")
    matches = [
        hmac.compare_digest(encode(hmac.digest(secret.encode(), body, "sha256")).encode(), given)
        for secret in secrets
        if secret
    ]
    return any(matches)


def digest(body: bytes, secret: str) -> str:
    """The HMAC-SHA256 of `body` in hex: what we sign with."""
    return hmac.digest(secret.encode(), body, "sha256").hex()


def written(content: JsonObject) -> bytes:
    """Content as compact JSON: the very bytes that are signed and sent."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def same_secret(given: str, expected: str) -> bool:
    """Whether both are the same and not empty, compared in constant time."""
    return bool(expected) and hmac.compare_digest(
        given.encode("utf-8", "surrogatepass"), expected.encode("utf-8", "surrogatepass")
    )


# --- talking to a platform ---------------------------------------------------------------------------------


def bearer(account: Account) -> dict[str, str]:
    """The Authorization header of the account's access token. Raises DeliveryError when there is none."""
    token = account.credentials.get("access_token", "")
    if not token:
        raise DeliveryError(ErrorKind.AUTH_EXPIRED, code="no_token", detail="the account has no access token")
    return {"Authorization": f"Bearer {token}"}


def require_sendable(message: OutgoingMessage, capabilities: Capabilities) -> None:
    """Refuse what the platform would refuse for its kind or its size. Raises DeliveryError."""
    if not (message.text.strip() or message.files or message.cards or message.template):
        raise _unsendable("empty_text", "there is nothing to send")
    require_length(message.text, capabilities)
    _require_files(message, capabilities)
    if len(message.quick_replies) > capabilities.quick_replies > 0:
        raise _unsendable("too_many_quick_replies", f"more than {capabilities.quick_replies} quick replies")
    if capabilities.native_cards and len(message.cards) > capabilities.cards_per_message:
        raise _unsendable("too_many_cards", f"more than {capabilities.cards_per_message} cards")
    if message.template is not None and not capabilities.takes_templates:
        raise _unsendable("no_templates", "the platform knows no templates")


def require_length(text: str, capabilities: Capabilities) -> None:
    """Refuse a text that is too long for the platform. Raises DeliveryError."""
    length = text_length(text, capabilities.text_unit)
    if length > capabilities.text_limit:
        detail = f"{length} {capabilities.text_unit}, more than {capabilities.text_limit}"
        raise _unsendable("text_too_long", detail)


def in_words(message: OutgoingMessage, capabilities: Capabilities) -> str:
    """The text with the cards below it as text, for what is not drawn. Raises DeliveryError when too long."""
    text = "\n\n".join(filter(None, [message.text.strip(), cards.as_text(message.cards)]))
    require_length(text, capabilities)
    return text


def _require_files(message: OutgoingMessage, capabilities: Capabilities) -> None:
    if len(message.files) > capabilities.files_per_message:
        raise _unsendable("too_many_files", f"more than {capabilities.files_per_message} files")
    if message.files and message.text.strip() and not capabilities.text_with_files:
        raise _unsendable("text_with_file", "a text does not go into one message with a file")
    for file in message.files:
        limit = capabilities.file_limits.get(file.kind)
        if limit is None:
            raise DeliveryError(ErrorKind.MEDIA, code="file_kind", detail=f"no {file.kind} can be sent")
        if file.size > limit.most_bytes:
            detail = f"{file.size} bytes, more than {limit.most_bytes}"
            raise DeliveryError(ErrorKind.MEDIA, code="file_too_large", detail=detail)
        if limit.mimes and file.mime not in limit.mimes:
            raise DeliveryError(ErrorKind.MEDIA, code="file_type", detail=f"{file.mime} cannot be sent")


def _unsendable(code: str, detail: str) -> DeliveryError:
    return DeliveryError(ErrorKind.BAD_REQUEST, code=code, detail=detail)


def accepted(response: PlatformResponse) -> bool:
    """Whether the status says that the platform took it."""
    return 200 <= response.status < 300


def answer(response: PlatformResponse) -> dict[str, Any]:
    """The JSON object of an answer; an empty one when it is anything else."""
    try:
        return load(response.body)
    except Unparsable:
        return {}


def header(headers: Mapping[str, str], name: str) -> str:
    """A header whatever the case of its name; "" when missing."""
    return next((value for key, value in headers.items() if key.lower() == name.lower()), "")


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds of the Retry-After header; None when missing or given as a date."""
    given = header(headers, "retry-after").strip()
    return float(given) if given.isascii() and given.isdigit() and len(given) <= 9 else None
