"""The one fetcher of files: over the same checked client as every call, bounded in bytes and time.

Redirects are followed by hand, at most three, and each one is checked like a first address; what the first call
carried for its own host (the account's token) is not shown to another one.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO
from urllib.parse import unquote, urljoin, urlsplit

from conversations import transport
from conversations.channels.base import PlatformRequest
from conversations.channels.errors import DeliveryError

MOST_BYTES = 100_000_000
SECONDS = 60.0
MOST_REDIRECTS = 3

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_NAMED_WITH_CHARSET = re.compile(r"filename\*\s*=\s*(utf-8|iso-8859-1)'[^']*'([^;\s]+)", re.IGNORECASE)
_NAMED = re.compile(r'filename\s*=\s*(?:"([^"]*)"|([^;\s]+))', re.IGNORECASE)
_ENDS_LIKE_A_FILE = re.compile(r"[^.]\.[A-Za-z0-9]{1,5}$")
_COME_AGAIN = frozenset({202, 408, 425, 429})  # 202: LINE still prepares it


class NotFetched(Exception):
    """The file did not come. reason: a word of conversations.files.kinds.REASONS. may_come: trying again later
    can help."""

    def __init__(self, reason: str, *, may_come: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.may_come = may_come


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came. name: as the server calls it, else as the address ends, "" where neither is a name; untrusted."""

    size: int
    name: str = ""


def fetch(
    request: PlatformRequest, into: IO[bytes], *, seconds: float = SECONDS, most_bytes: int = MOST_BYTES
) -> Fetched:
    """Write what a call answers into a file. All redirects together end within `seconds`. Raises NotFetched."""
    until = time.monotonic() + seconds
    for _ in range(MOST_REDIRECTS + 1):
        try:
            with transport.streamed(request, until=until) as answer:
                if answer.status not in _REDIRECTS:
                    return _take(answer, into, most_bytes, request.url)
                request = _redirected(request, answer.headers.get("location", ""))
        except DeliveryError as error:
            reason = "address" if error.code == "address_refused" else "unreachable"
            raise NotFetched(reason, may_come=not error.permanent) from None
    raise NotFetched("not_found")


def _take(answer: transport.StreamedAnswer, into: IO[bytes], most_bytes: int, url: str) -> Fetched:
    if answer.status != 200:
        raise _no(answer.status)
    if answer.headers.get("content-encoding", "identity").lower() not in {"", "identity"}:
        raise NotFetched("not_allowed")  # nobody asked for a packed answer: it could unfold without end
    announced = answer.headers.get("content-length", "")
    if announced.isascii() and announced.isdigit() and int(announced[:18]) > most_bytes:
        raise NotFetched("too_large")
    size = 0
    for chunk in answer.chunks:
        size += len(chunk)
        if size > most_bytes:
            raise NotFetched("too_large")
        into.write(chunk)
    if not size:
        raise NotFetched("empty")
    return Fetched(size, _name_in(answer.headers) or _name_at(url))


def _no(status: int) -> NotFetched:
    if status >= 500 or status in _COME_AGAIN:
        return NotFetched("unreachable", may_come=True)
    return NotFetched("not_allowed" if status in {401, 403} else "not_found")


def _redirected(request: PlatformRequest, location: str) -> PlatformRequest:
    if not location:
        raise NotFetched("not_found")
    try:
        target = urljoin(request.url, location)
        same = _origin(target) == _origin(request.url)
    except ValueError:  # brackets that hold no address, say
        raise NotFetched("not_found") from None
    return PlatformRequest(method="GET", url=target, headers=request.headers if same else {})


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc


def _name_at(url: str) -> str:
    """The last part of an address's path, where it has an ending."""
    name = unquote(urlsplit(url).path.rpartition("/")[2], errors="replace")
    return name if _ENDS_LIKE_A_FILE.search(name) else ""


def _name_in(headers: Mapping[str, str]) -> str:
    """The file name of a Content-Disposition header (RFC 6266); the form that names its charset goes before."""
    given = headers.get("content-disposition", "")[:2000]
    with_charset = _NAMED_WITH_CHARSET.search(given)
    if with_charset:
        return unquote(with_charset[2], encoding=with_charset[1], errors="replace")
    named = _NAMED.search(given)
    return (named[1] or named[2]) if named else ""
