"""A road between the product and its platform doubles that can be closed, made slow to accept, or lose answers."""

from __future__ import annotations

import base64
import contextlib
import http.client
import re
import threading
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote_plus, urlsplit

from config.run import ADDRESS

MARK = re.compile(r"answer [0-9]+\.[0-9]+\.[0-9a-f-]{36}")
"""The text of an answer, by which it is found in every platform's call."""
ANSWER_SECONDS = 20.0
HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "host", "content-length"})


@dataclass(frozen=True)
class Call:
    """One try to hand over an answer. at: monotonic, when it arrived. outcome: passed, refused, lost."""

    at: float
    kind: str
    text: str
    outcome: str
    status: int


class Relay:
    """Passes every call on to the doubles and notes those that carry an answer."""

    def __init__(self, target: str) -> None:
        self._target = urlsplit(target)
        self.calls: list[Call] = []
        self._busy: dict[str, float] = {}
        self._losing: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._server: ThreadingHTTPServer | None = None
        self._port = 0
        self.open()

    @property
    def url(self) -> str:
        return f"http://{ADDRESS}:{self._port}{self._target.path}"

    def open(self) -> None:
        """Take calls; after `shut` at the same address."""
        relay = self

        class Handler(BaseHTTPRequestHandler):
            def _pass(self) -> None:
                relay._take(self)

            do_GET = do_POST = _pass  # noqa: N815 -- as the server names them

            def log_message(self, format: str, *args: object) -> None:
                pass

        ThreadingHTTPServer.allow_reuse_address = True
        self._server = ThreadingHTTPServer((ADDRESS, self._port), Handler)
        self._server.daemon_threads = True
        self._port = self._server.server_port
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        ).start()

    def shut(self) -> None:
        """Nobody answers at the address any more: connections are refused."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def slow_down(self, kinds: Iterable[str], seconds: float) -> None:
        """Each of these platforms refuses an answer's first call, and wants `seconds` of rest for it."""
        self._busy = dict.fromkeys(kinds, seconds)

    def lose(self, kinds: Iterable[str], answers: int) -> None:
        """The platforms take the next so many messages, and their answers never come back to us."""
        self._losing = Counter(dict.fromkeys(kinds, answers))

    def _take(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers.get("Content-Length", 0)))
        kind = request.path.removeprefix(self._target.path).strip("/").partition("/")[0]
        text = _answer_in(body)
        with self._lock:
            is_first = bool(text) and not any(call.text == text for call in self.calls)
            if is_first and kind in self._busy:
                self.calls.append(Call(time.monotonic(), kind, text, "refused", 429))
                self._refuse(request, self._busy[kind])
                return
        status, headers, content = self._pass_on(request, body)
        with self._lock:
            is_lost = bool(text) and 200 <= status < 300 and self._losing[kind] > 0
            if text:
                self._losing[kind] -= is_lost
                outcome = "lost" if is_lost else "passed"
                self.calls.append(Call(time.monotonic(), kind, text, outcome, status))
        if not is_lost:  # without a word the connection ends
            self._write(request, status, headers, content)

    def _pass_on(
        self, request: BaseHTTPRequestHandler, body: bytes
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        wire = http.client.HTTPConnection(ADDRESS, self._target.port, timeout=ANSWER_SECONDS)
        headers = {name: value for name, value in request.headers.items() if name.lower() not in HOP_BY_HOP}
        with contextlib.closing(wire):
            wire.request(request.command, request.path, body or None, headers)
            response = wire.getresponse()
            return response.status, response.getheaders(), response.read()

    def _refuse(self, request: BaseHTTPRequestHandler, seconds: float) -> None:
        """Too many calls: what every platform's client reads, the wait in the header."""
        self._write(request, 429, [("Retry-After", str(round(seconds)))], b"{}")

    def _write(
        self, request: BaseHTTPRequestHandler, status: int, headers: list[tuple[str, str]], content: bytes
    ) -> None:
        with contextlib.suppress(OSError):
            request.send_response(status)
            for name, value in headers:
                if name.lower() not in HOP_BY_HOP:
                    request.send_header(name, value)
            request.send_header("Content-Length", str(len(content)))
            request.end_headers()
            request.wfile.write(content)


def _answer_in(body: bytes) -> str:
    """The answer that a call carries, "" for a call that carries none. A mail's text may stand in base64."""
    plain = body.decode("utf-8", "replace")
    found = MARK.search(plain) or MARK.search(unquote_plus(plain))
    if found is None and "base64" in plain:
        for block in re.findall(r"(?:[A-Za-z0-9+/=]{20,}\s+)+", plain):
            with contextlib.suppress(ValueError):
                found = found or MARK.search(base64.b64decode(block).decode("utf-8", "replace"))
    return found.group() if found else ""
