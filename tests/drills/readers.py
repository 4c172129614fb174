"""Those who follow a brand's log: the change feed's reader, and a browser at the desk's socket."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from typing import Any

from django.conf import settings
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from config.run import ADDRESS
from tests.drills.clients import read_feed
from tests.drills.ground import Brand
from tests.drills.history import INVOKE, OK, History
from tests.drills.processes import Web

LISTEN_SECONDS = 0.25
PAUSE_SECONDS = 0.2


class Reader(threading.Thread):
    """Follows a brand's log from number `after` on, until it is stopped. `last` is how far it has come."""

    def __init__(self, history: History, brand: Brand, web: Web, name: str, after: int) -> None:
        super().__init__(name=name, daemon=True)
        self.last = after
        self.tenant = brand.slug
        self._brand = brand
        self._web = web
        self._history = history
        self._end = threading.Event()
        self._note(after, "", INVOKE)
        self.start()

    def reached(self, sequence: int, seconds: float) -> bool:
        """Whether it comes as far as `sequence` within so many seconds."""
        deadline = time.monotonic() + seconds
        while self.last < sequence and time.monotonic() < deadline:
            time.sleep(0.02)
        return self.last >= sequence

    def stop(self) -> None:
        self._end.set()
        self.join()

    def take(self, sequence: int, name: str) -> None:
        """Note an event that came."""
        self._note(sequence, name, OK)
        self.last = sequence

    def _note(self, sequence: int, name: str, phase: str) -> None:
        facts = {"reader": self.name, "tenant": self._brand.slug, "sequence": sequence, "event": name}
        self._history.note("read", phase, **facts)


class FeedReader(Reader):
    """An integrator: asks for what stands behind the last number, again and again."""

    def run(self) -> None:
        while not self._end.is_set():
            try:
                events = read_feed(self._brand, self._web, self.last)
            except OSError:
                time.sleep(PAUSE_SECONDS)
                continue
            for sequence, name in events:
                self.take(sequence, name)


class SocketReader(Reader):
    """A browser with the desk open: drops what it has, asks again when it sees a hole, comes back when cut off."""

    def run(self) -> None:
        while not self._end.is_set():
            with contextlib.suppress(OSError, WebSocketException), self._open() as desk:
                self._hello(desk)
                while not self._end.is_set():
                    with contextlib.suppress(TimeoutError):
                        self._read(desk, json.loads(desk.recv(LISTEN_SECONDS)))
            self._end.wait(PAUSE_SECONDS)

    def _open(self) -> ClientConnection:
        place = f"{self._brand.host}:{self._web.port}"
        return connect(
            f"ws://{place}/live",
            sock=socket.create_connection((ADDRESS, self._web.port), timeout=10),
            origin=f"http://{place}",  # type: ignore[arg-type]
            additional_headers={"Cookie": f"{settings.SESSION_COOKIE_NAME}={self._brand.cookie}"},
            max_size=None,
        )

    def _hello(self, desk: ClientConnection) -> None:
        desk.send(json.dumps({"type": "hello", "after": self.last}))

    def _read(self, desk: ClientConnection, frame: dict[str, Any]) -> None:
        for event in frame.get("events", ()):
            if event["sequence"] > self.last + 1:
                self._hello(desk)
                return
            if event["sequence"] == self.last + 1:
                self.take(event["sequence"], event["name"])
