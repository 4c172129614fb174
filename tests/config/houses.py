"""Small houses: the runner's loop over children that are a line of Python each."""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

from config import run

LONG = 600
SLEEP = f"import time; time.sleep({LONG})"
ANSWER = (
    "import sys\n"
    "from http.server import BaseHTTPRequestHandler, HTTPServer\n"
    "class Handler(BaseHTTPRequestHandler):\n"
    "    def do_GET(self): self.send_error(404)\n"
    "    def log_message(self, *_): pass\n"
    "HTTPServer(('127.0.0.1', int(sys.argv[1])), Handler).serve_forever()\n"
)


def python(*arguments: str) -> list[str]:
    return [sys.executable, "-c", *arguments]


def wait_for(condition) -> None:
    """Wait until a condition holds; the generous end only keeps a broken build from hanging."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.01)


def house(children: list[run.Child], port: int) -> tuple[run.House, threading.Event]:
    stopping = threading.Event()
    return run.House(children, stopping, port=port, welcome="welcome to acme"), stopping


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"
