"""Server processes that are measured, and the load generator that measures them. Each is ended by its own id."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.figures import percentile
from config import env
from config.postgres.place import PROJECT

ADDRESS = "127.0.0.1"
START_SECONDS = 60.0
STOP_SECONDS = 20.0

PRODUCT = "config.asgi:application"
PLAIN = "benchmarks.references.plain.asgi:application"
RAW = "benchmarks.references.raw:application"
PLATFORM = "benchmarks.references.platform:application"
PLAIN_SETTINGS = {"DJANGO_SETTINGS_MODULE": "benchmarks.references.plain.settings"}


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind((ADDRESS, 0))
        port: int = probe.getsockname()[1]
        return port


class Process:
    """A process of ours, with everything below it."""

    def __init__(
        self, command: Sequence[str], log: Path, variables: Mapping[str, str], port: int = 0
    ) -> None:
        self.port = port
        self._log = log.open("ab")
        self._log_path = log
        self.process = subprocess.Popen(
            command,
            cwd=PROJECT,
            env=env.changed(**variables),
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )

    def wait(self) -> None:
        """Wait until the port is open. Raises RuntimeError when that does not happen."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex((ADDRESS, self.port)) == 0:
                    return
            time.sleep(0.05)
        raise RuntimeError(f"a server did not start, see {self._log_path}")

    def memory_mb(self) -> float:
        return machine.memory_mb(machine.tree(self.process.pid))

    def cpu_seconds(self) -> float:
        return machine.cpu_seconds(machine.tree(self.process.pid))

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._log.close()


def asgi(kind: str, application: str, port: int) -> list[str]:
    """The command of an ASGI server. kind: daphne or uvicorn."""
    if kind == "daphne":
        return [sys.executable, "-m", "daphne", "-v", "0", "-b", ADDRESS, "-p", str(port), application]
    quiet = ["--log-level", "warning", "--no-access-log"]
    sockets = ["--ws", "websockets", "--ws-per-message-deflate", "false"]
    return [
        sys.executable,
        "-m",
        "uvicorn",
        application,
        "--host",
        ADDRESS,
        "--port",
        str(port),
        *quiet,
        *sockets,
    ]


@contextmanager
def serving(
    kind: str, application: str, logs: Path, *, variables: Mapping[str, str] | None = None, port: int = 0
) -> Iterator[Process]:
    """A web server until the block ends."""
    port = port or free_port()
    log = logs / f"{application.split(':')[0]}-{kind}.log"
    server = Process(asgi(kind, application, port), log, variables or {}, port)
    try:
        server.wait()
        yield server
    finally:
        server.stop()


@contextmanager
def working(logs: Path) -> Iterator[Process]:
    """The product's worker until the block ends."""
    worker = Process(
        [sys.executable, "manage.py", "work"], logs / "worker.log", {"KONTOR_LOG_LEVEL": "WARNING"}
    )
    try:
        yield worker
    finally:
        worker.stop()


def load(plan: Mapping[str, Any]) -> dict[str, Any]:
    """Have the load generator do a plan; what came of it (see benchmarks/load/__main__.py).

    Raises RuntimeError when a request was refused.
    """
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.load"],
        input=json.dumps(plan),
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"the load generator failed: {done.stderr[-2000:]}")
    result: dict[str, Any] = json.loads(done.stdout)
    if result["refused"]:
        where = f"{plan['write']['kind']}, port {plan['port']}"
        raise RuntimeError(f"requests were refused ({where}): {result['refused']}")
    return result


def asked(port: int, asks: Sequence[Mapping[str, Any]], times: int) -> Callable[[], float]:
    """A take: these pages asked for `times` times, one after the other. 95th percentile in milliseconds.

    asks: each with its path, host and headers.
    """

    def take() -> float:
        write = {"kind": "requests", "asks": list(asks)}
        result = load({"port": port, "write": write, "senders": 1, "seconds": 60, "count": times})
        return percentile(result["times"], 95) * 1000

    return take


@contextmanager
def load_beside(plan: Mapping[str, Any]) -> Iterator[subprocess.Popen[str]]:
    """The load generator beside other work; the caller reads its result from stdout."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.load"],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps(plan) + "\n")
    process.stdin.flush()
    try:
        yield process
    finally:
        process.stdin.close()
        process.wait(STOP_SECONDS)
