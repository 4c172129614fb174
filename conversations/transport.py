"""The one HTTP client towards platforms: bounded in time and size, and never into our own network.

Names are resolved here and the address is checked at the moment of connecting, so that neither a redirect nor
a name that changes its answer leads inside. What an exception means for the message is decided by whether a
byte may have left: before, trying again is safe; after, nobody knows.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from typing import Any

import httpcore
import httpx
from django.conf import settings

from conversations import mail_transport
from conversations.channels.base import PlatformRequest, PlatformResponse, Transport
from conversations.channels.errors import DeliveryError, ErrorKind
from tenants import addresses

CONNECT_SECONDS = 5.0
READ_SECONDS = 10.0
KEEP_ALIVE_SECONDS = 4.0
"""Shorter than the shortest that servers commonly keep an idle connection open (5 seconds: Node.js, uvicorn). On one
that is being closed that moment, nobody knows whether a call was taken."""

MOST_ANSWER_BYTES = 1_000_000
PORTS = frozenset({443, 8443})

_NOTHING_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)

_deadline: ContextVar[float] = ContextVar("deadline_of_call")


def within(seconds: float) -> Transport:
    """A transport whose calls, all together, end within `seconds`."""
    ends_at = time.monotonic() + seconds

    def transport(request: PlatformRequest) -> PlatformResponse:
        token = _deadline.set(ends_at)
        try:
            return _call(request)
        finally:
            _deadline.reset(token)

    return transport


@dataclass(frozen=True, slots=True)
class StreamedAnswer:
    """A platform's answer whose body has not been read. headers: lower-case names."""

    status: int
    headers: Mapping[str, str]
    chunks: Iterator[bytes]


@contextmanager
def streamed(request: PlatformRequest, *, until: float) -> Iterator[StreamedAnswer]:
    """The answer to a call, read by the caller piece by piece, also longer ones than MOST_ANSWER_BYTES.

    until: on the monotonic clock; the call and the reading end by then. Raises DeliveryError, also while the
    pieces are read.
    """
    token = _deadline.set(until)
    try:
        with _opened(request) as response:
            headers = {name.lower(): value for name, value in response.headers.items()}
            yield StreamedAnswer(response.status_code, headers, response.iter_raw())
    finally:
        _deadline.reset(token)


def _call(request: PlatformRequest) -> PlatformResponse:
    if request.method in mail_transport.METHODS:
        return mail_transport.call(request, ends_at=_deadline.get())
    with _opened(request) as response:
        return PlatformResponse(
            status=response.status_code, headers=dict(response.headers), body=_bounded_body(response)
        )


@contextmanager
def _opened(request: PlatformRequest) -> Iterator[httpx.Response]:
    _require_allowed(request.address)
    if _time_left(1.0) <= 0:
        raise DeliveryError(ErrorKind.TEMPORARY, code="no_time", detail="no time was left for the call")
    try:
        with _client().stream(
            request.method,
            request.address,
            headers=dict(request.headers),
            params=dict(request.params) or None,
            json=request.json,
            data=request.form,
            files=[(file.part, (file.name, file.content, file.mime)) for file in request.files] or None,
            content=request.content,
        ) as response:
            yield response
    except addresses.AddressRefused as error:
        raise _refused(str(error)) from None
    except (httpx.LocalProtocolError, UnicodeError):
        raise _refused(
            "the call cannot be written: a header or the text holds signs that HTTP does not carry"
        ) from None
    except _NOTHING_SENT as error:
        raise _trouble(ErrorKind.TEMPORARY, error) from None
    except httpx.HTTPError as error:
        raise _trouble(ErrorKind.UNKNOWN_OUTCOME, error) from None


def _bounded_body(response: httpx.Response) -> bytes:
    """The answer's body, cut where it is too long or too slow: by then the status has told what we need."""
    body = bytearray()
    with suppress(httpx.HTTPError):
        for chunk in response.iter_raw():
            body += chunk
            if len(body) > MOST_ANSWER_BYTES:
                break
    return bytes(body[:MOST_ANSWER_BYTES])


def _trouble(kind: ErrorKind, error: Exception) -> DeliveryError:
    return DeliveryError(kind, code=type(error).__name__, detail="the platform could not be reached")


def _refused(why: str) -> DeliveryError:
    return DeliveryError(ErrorKind.BAD_REQUEST, code="address_refused", detail=why)


def _require_allowed(address: str) -> None:
    try:
        url = httpx.URL(address)
    except (httpx.InvalidURL, UnicodeError):
        raise _refused("the platform's address cannot be read") from None
    if url.userinfo or not url.host:
        raise _refused("the platform's address must be https://host")
    if settings.SIMULATOR and url.scheme in {"http", "https"}:
        return
    if url.scheme != "https" or (url.port or 443) not in PORTS:
        raise _refused("the platform's address must be https on an ordinary port")


@cache
def _client() -> httpx.Client:
    return httpx.Client(
        transport=_CheckedTransport(),
        timeout=httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS),
        follow_redirects=False,
        trust_env=False,
        headers={
            "User-Agent": "Kontor",
            "Accept-Encoding": "identity",
        },  # a compressed answer could unfold in memory
    )


class _CheckedTransport(httpx.HTTPTransport):
    """httpx's transport over a pool that connects through `_CheckedBackend`."""

    def __init__(self) -> None:
        super().__init__(trust_env=False)
        # httpx offers no public way to give the pool a backend of one's own.
        self._pool = httpcore.ConnectionPool(
            ssl_context=ssl.create_default_context(),
            max_connections=40,
            max_keepalive_connections=20,
            keepalive_expiry=KEEP_ALIVE_SECONDS,
            network_backend=_CheckedBackend(),
        )


class _CheckedBackend(httpcore.NetworkBackend):
    """Connects to the addresses that were checked, not to the name."""

    def __init__(self) -> None:
        self._plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        try:
            found = addresses.resolve(host, port, loopback_allowed=settings.SIMULATOR)
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error
        trouble: Exception = httpcore.ConnectError("the name has no address")
        for address in found:
            try:
                stream = self._plain.connect_tcp(
                    address, port, _time_left(timeout), local_address, socket_options
                )
                return _TimedStream(stream)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                trouble = error
        raise trouble


class _TimedStream(httpcore.NetworkStream):
    """A stream that gives up at the call's deadline, also when the platform sends a byte a second."""

    def __init__(self, plain: httpcore.NetworkStream) -> None:
        self._plain = plain

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        left = _time_left(timeout)
        if left <= 0:
            raise httpcore.ReadTimeout("the call's time is used up")
        return self._plain.read(max_bytes, left)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        left = _time_left(timeout)
        if left <= 0:
            raise httpcore.WriteTimeout("the call's time is used up")
        self._plain.write(buffer, left)

    def close(self) -> None:
        self._plain.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _TimedStream(self._plain.start_tls(ssl_context, server_hostname, _time_left(timeout)))

    def get_extra_info(self, info: str) -> Any:
        return self._plain.get_extra_info(info)


def _time_left(timeout: float | None) -> float:
    left = _deadline.get() - time.monotonic()
    return left if timeout is None else min(timeout, left)
