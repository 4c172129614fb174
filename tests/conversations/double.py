"""A platform on 127.0.0.1 that answers as it is told and remembers what it was asked."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any


@dataclass(frozen=True)
class Answer:
    """What to answer. cut: read the request, then hang up. hold: wait for `Double.release` first."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    hold: bool = False


class Double:
    """The server. `answers` are used up first, then everything is accepted."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.answers: deque[Answer] = deque()
        self.release = threading.Event()
        self.arrived = threading.Event()
        self._lock = threading.Lock()
        double = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                double._answer(self)

            def do_POST(self) -> None:
                double._answer(self)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    @property
    def texts(self) -> list[str]:
        """The texts that arrived, in order, in the form of Messenger or LINE."""
        return [
            asked.body["message"]["text"] if "message" in asked.body else asked.body["messages"][0]["text"]
            for asked in self.asked
            if asked.method == "POST"
        ]

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers.get("Content-Length", 0)))
        with self._lock:
            self.asked.append(
                Asked(
                    request.command,
                    request.path,
                    {name.lower(): value for name, value in request.headers.items()},
                    _read(body),
                )
            )
            number = len(self.asked)
            answer = self.answers.popleft() if self.answers else Answer()
        self.arrived.set()
        if answer.hold:
            self.release.wait(10)
        if answer.cut:
            request.close_connection = True
            return
        accepted = {"message_id": f"m_{number}", "sentMessages": [{"id": str(number)}]}
        content = answer.body if answer.body is not None else accepted
        raw = content if isinstance(content, bytes) else json.dumps(content).encode()
        try:
            request.send_response(answer.status)
            for name, value in {"Content-Length": str(len(raw)), **answer.headers}.items():
                request.send_header(name, value)
            request.end_headers()
            request.wfile.write(raw)
        except OSError:
            request.close_connection = True


def _read(body: bytes) -> Any:
    """The JSON in a body; None for an empty one, the bytes of what is no JSON."""
    try:
        return json.loads(body) if body else None
    except ValueError:
        return body


@contextmanager
def running_double() -> Iterator[Double]:
    """A double that serves until the block ends."""
    double = Double()
    thread = threading.Thread(target=double.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield double
    finally:
        double.release.set()
        double.server.shutdown()
        double.server.server_close()
        thread.join(5)
