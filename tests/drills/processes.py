"""The processes of a drill, and what kills them. Only what was started here is ever ended, by its id."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import random
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from config import env, postgres
from config.postgres import place as places
from config.postgres import server
from config.postgres.place import PROJECT
from config.run import ADDRESS, answers, web_command
from tenants import failpoints
from tests.drills.ground import Account

START_SECONDS = 90.0
STOP_SECONDS = 20.0
# The drills' own process neither pools nor wakes anybody; the product's processes do.
ORDINARY = {"KONTOR_POOL": "1", "KONTOR_WAKE_UPS": "1", "KONTOR_LOG_LEVEL": "WARNING"}


class TooLate(RuntimeError):
    """A process did not do in time what it should."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((ADDRESS, 0))
        port: int = probe.getsockname()[1]
        return port


class Process:
    """A program that can be killed and started again. changes: names of `mends` that it runs with."""

    _speaks = False  # whether its first words are for us, not for the log

    def __init__(
        self, command: Sequence[str], log: Path, *, changes: Iterable[str] = (), **variables: str
    ) -> None:
        changed = ",".join(changes)
        if changed:
            program = command[1:] if command[1] != "-m" else command[2:]
            program = [program[0].removesuffix(".py"), *program[1:]]
            command = [sys.executable, "-m", "tests.drills.started", changed, *program]
        self._command = command
        self._log = log
        self._variables = variables
        self._process: subprocess.Popen[str] | None = None

    def start(self, **variables: str) -> None:
        """Start it. variables: for this one life."""
        with self._log.open("a") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=PROJECT,
                env=env.changed(**{**ORDINARY, **self._variables, **variables}),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE if self._speaks else log,
                stderr=log,
                start_new_session=True,
                text=True,
            )

    @property
    def running(self) -> subprocess.Popen[str]:
        assert self._process is not None
        return self._process

    def kill(self) -> None:
        """End it at once, without a chance to tidy up."""
        self.running.kill()
        self.running.wait()

    def wait(self, seconds: float = START_SECONDS) -> int:
        """Its exit code, as a shell reports it. Raises TooLate."""
        try:
            code = self.running.wait(seconds)
        except subprocess.TimeoutExpired:
            raise TooLate(f"{self._command} did not end by itself") from None
        return 128 - code if code < 0 else code

    def ask_to_stop(self) -> None:
        """Tell it to end, as an operator does, and do not wait."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def stop(self) -> None:
        """End it as an operator does."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()


class Web(Process):
    """A web server on a port of its own, which it keeps over its lives."""

    def __init__(self, log: Path, *, changes: Iterable[str] = (), **variables: str) -> None:
        self.port = free_port()
        super().__init__(web_command(self.port), log, changes=changes, **variables)

    def start(self, **variables: str) -> None:
        super().start(**variables)
        deadline = time.monotonic() + START_SECONDS
        while not answers(self.port):
            if self.running.poll() is not None or time.monotonic() > deadline:
                raise TooLate(f"the web server did not start, see {self._log}")
            time.sleep(0.05)


class Worker(Process):
    """A worker with both queues."""

    def __init__(self, log: Path, *, changes: Iterable[str] = (), **variables: str) -> None:
        super().__init__([sys.executable, "manage.py", "work"], log, changes=changes, **variables)


class Simulator(Process):
    """The product's platform doubles, as a process of their own that is never killed."""

    _speaks = True

    def __init__(self, log: Path) -> None:
        self._token = secrets.token_hex(16)
        command = [sys.executable, "-m", "conversations.simulator", "--control-token", self._token]
        super().__init__(command, log)
        self.url = ""

    def start(self, **variables: str) -> None:
        super().start(**variables)
        assert self.running.stdout is not None
        self.url = self.running.stdout.readline().strip().rstrip("/")

    def connect(self, account: Account, customers: Iterable[str], hooks: str) -> None:
        """Make an account known, its customers having just written. hooks: scheme, host and port of a web server."""
        bubble = {"id": "first", "at": int(time.time() * 1000), "mine": True, "text": "?"}
        people = [{"id": customer, "name": "Mei-Ling Chen", "bubbles": [bubble]} for customer in customers]
        self.call(
            "POST accounts",
            kind=account.kind,
            account_id=account.account_id,
            name=account.kind,
            secret=account.secret,
            token=account.token,
            hook_url=hooks + account.hook_path,
            customers=people,
        )

    def meet(self, account: Account, name: str) -> str:
        """Somebody new, who may write to the account; their id."""
        met = self.call("POST customers", kind=account.kind, account_id=account.account_id, name=name)
        return str(met["id"])

    def write(self, account: Account, customer: str, text: str) -> None:
        """A customer writes; the webhook is on its way."""
        self.call(
            "POST act",
            kind=account.kind,
            account_id=account.account_id,
            customer=customer,
            do="write",
            text=text,
        )

    def call(self, what: str, **content: Any) -> dict[str, Any]:
        """One call of its control API, such as "GET record"."""
        method, path = what.split()
        parts = urlsplit(self.url)
        connection = http.client.HTTPConnection(ADDRESS, parts.port, timeout=30)
        with contextlib.closing(connection):
            headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
            connection.request(method, f"{parts.path}/control/{path}", json.dumps(content), headers)
            response = connection.getresponse()
            answer: dict[str, Any] = json.loads(response.read())
        if response.status != 200:
            raise RuntimeError(f"{what}: {answer}")
        return answer


def visit(process: Process, failpoint: str) -> None:
    """Wait until the process ends at the failpoint that it was started with. Raises TooLate when it does not."""
    code = process.wait()
    if code != failpoints.KILLED:
        raise TooLate(f"{failpoint} was not reached: exit code {code}")


class Nemesis(threading.Thread):
    """Kills a process again and again, each time after a while of life, and starts it anew."""

    def __init__(self, victim: Process, rng: random.Random, life: tuple[float, float], kills: int) -> None:
        super().__init__(name="nemesis", daemon=True)
        self._victim = victim
        self._rng = rng
        self._life = life
        self._most = kills
        self._end = threading.Event()
        self._error: Exception | None = None
        self.kills = 0
        self.start()

    def run(self) -> None:
        try:
            while self.kills < self._most and not self._end.wait(self._rng.uniform(*self._life)):
                self._victim.kill()
                self.kills += 1
                self._victim.start()
        except Exception as error:
            self._error = error

    def stop(self) -> int:
        """Stop killing; the process runs. Returns how often it was killed."""
        self._end.set()
        self.join()
        if self._error is not None:
            raise self._error
        if not self.kills:
            raise TooLate("the load was over before anybody was killed")
        return self.kills


class Keeper(threading.Thread):
    """Starts the crashed database again, as the product's runner does."""

    def __init__(self) -> None:
        super().__init__(name="keeper", daemon=True)
        self._end = threading.Event()
        self._mended = threading.Event()
        self.start()

    def run(self) -> None:
        while not self._end.wait(0.25):
            if postgres.mend():
                self._mended.set()

    def await_mending(self) -> None:
        """Return when the crashed database runs again. Raises TooLate."""
        if not self._mended.wait(START_SECONDS):
            raise TooLate("the database did not come back")
        self._mended.clear()

    def stop(self) -> None:
        self._end.set()
        self.join()


def kill_database() -> None:
    """End the embedded server and all its processes at once."""
    running = server.postmaster(places.locate())
    assert running is not None
    children = Path(f"/proc/{running.pid}/task/{running.pid}/children").read_text().split()
    for pid in (running.pid, *map(int, children)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
