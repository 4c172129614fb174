"""``make run``: the whole desk with one command, and all of it gone with one Ctrl-C.

``python -m config.run [--port 8000]`` holds the database, prepares it, starts web server and worker, and
prints where the desk answers. ``python -m config.run prepare`` only prepares.
"""

import argparse
import ctypes
import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from config import env, postgres
from config.postgres.place import PROJECT, state_folder

ADDRESS = "127.0.0.1"
TICK_SECONDS = 0.25
ANSWER_SECONDS = 2.0
DEATHS_ALLOWED = 5
DEATHS_WITHIN_SECONDS = 60.0
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 8.0
STOP_SECONDS = 10.0
PR_SET_PDEATHSIG = 1  # man 2 prctl
LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


def main(arguments: list[str]) -> int:
    """Do what the command line says and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m config.run", description=__doc__)
    parser.add_argument("step", nargs="?", choices=["serve", "prepare"], default="serve")
    parser.add_argument(
        "--port", type=int, default=None, help="where the desk answers (else PORT, else 8000)"
    )
    options = parser.parse_args(arguments)
    stopping = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        stopping.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    try:
        port = env.number("PORT", 8000) if options.port is None else options.port
        if options.step == "prepare":
            with postgres.running():
                return prepare(port, stopping)
        return serve(port, stopping)
    except (env.Misconfigured, postgres.ServerError) as error:
        print(error, file=sys.stderr)
        return 1


def serve(port: int, stopping: threading.Event) -> int:
    """Run the desk until it is told to stop. Returns the exit code."""
    if not port_is_free(port):
        print(f"Port {port} is in use. Choose another one: make run PORT={port + 1}", file=sys.stderr)
        return 1
    with postgres.running():
        code = prepare(port, stopping)
        if code or stopping.is_set():
            return code
        web = Child("web server", web_command(port), variables=own_address(port))
        worker = Child("worker", [sys.executable, "manage.py", "work"], variables=own_address(port))
        welcome = welcome_file().read_text()
        return House(
            [web, worker], stopping, port=port, welcome=f"{welcome}\nCtrl-C stops everything."
        ).keep()


def own_address(port: int) -> dict[str, str]:
    """Return the variable that says where people reach the desk, unless the environment has its own."""
    return {"KONTOR_PUBLIC_URL": env.url("KONTOR_PUBLIC_URL", f"http://localhost:{port}")}


def web_command(port: int) -> list[str]:
    """Return the command of the web server."""
    daphne = [sys.executable, "-m", "daphne", "-v", "0"]
    return [*daphne, "-b", ADDRESS, "-p", str(port), "config.asgi:application"]


def welcome_file() -> Path:
    """Return the file through which the preparation hands over addresses and log-ins."""
    return state_folder() / "welcome.txt"


def prepare(port: int, stopping: threading.Event) -> int:
    """Bring schemas, catalogs, static files and demo up to date. Returns the exit code; 0 when stopped."""
    welcome = welcome_file()
    welcome.parent.mkdir(parents=True, exist_ok=True)
    welcome.touch(mode=0o600)
    step = Child(
        "preparation",
        [sys.executable, "-m", "config.prepare", "--port", str(port), "--welcome", str(welcome)],
        # Migrations may fork, and a forked child would wait for ever on threads of a pool that it lacks.
        variables={"KONTOR_POOL": "0"},
    )
    step.start()
    while (code := step.exit_code()) is None:
        if stopping.wait(TICK_SECONDS / 5):
            stop_children([step])
            return 0
    if code:
        print("The preparation failed; nothing was started. The reason stands above.", file=sys.stderr)
    return code


def port_is_free(port: int) -> bool:
    """Tell whether the web server could listen on a port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((ADDRESS, port))
        except OSError:
            return False
    return True


def answers(port: int) -> bool:
    """Tell whether something on the port speaks HTTP, whatever it says."""
    connection = http.client.HTTPConnection(ADDRESS, port, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", "/")
        connection.getresponse()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True


@dataclass
class Child:
    """A process that is kept alive: started again after a growing pause, given up when it keeps dying."""

    name: str
    command: Sequence[str]
    variables: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    deaths: deque[float] = field(default_factory=deque)
    starts_at: float = 0.0

    def start(self) -> None:
        """Start the process in a session of its own, so that Ctrl-C reaches only us."""
        self.process = subprocess.Popen(
            self.command,
            cwd=PROJECT,
            env=env.changed(**self.variables),
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            # Safe beside the thread that reaps the database: one call into a library that is loaded already.
            preexec_fn=_die_with_parent,
        )

    def exit_code(self) -> int | None:
        """Return the exit code of the ended process, or None while it runs."""
        code = self.process.poll() if self.process else None
        return 128 - code if code is not None and code < 0 else code

    def tend(self) -> bool:
        """Start the process if it is due; tell whether there is still hope for it."""
        now = time.monotonic()
        if self.process is None:
            if now >= self.starts_at:
                self.start()
            return True
        code = self.exit_code()
        if code is None:
            return True
        self.process = None
        self.deaths.append(now)
        while now - self.deaths[0] > DEATHS_WITHIN_SECONDS:
            self.deaths.popleft()
        if len(self.deaths) >= DEATHS_ALLOWED:
            print(
                f"The {self.name} died {len(self.deaths)} times within a minute (last exit code {code})."
                " Giving up; the reason stands above.",
                file=sys.stderr,
            )
            return False
        pause = min(FIRST_PAUSE_SECONDS * 2 ** (len(self.deaths) - 1), LONGEST_PAUSE_SECONDS)
        print(f"The {self.name} ended (exit code {code}); starting it again in {pause:g} s.", file=sys.stderr)
        self.starts_at = now + pause
        return True


@dataclass
class House:
    """Everything that runs together, until one is beyond hope or we are told to stop."""

    children: list[Child]
    stopping: threading.Event
    port: int
    welcome: str

    def keep(self) -> int:
        """Keep all children and the database alive. Returns 0 when told to stop, 1 after giving up."""
        greeted = False
        try:
            while not self.stopping.is_set():
                for child in self.children:
                    if not child.tend():
                        return 1
                if postgres.mend():
                    print("The database had crashed and runs again.", file=sys.stderr)
                if not greeted and answers(self.port):
                    greeted = True
                    print(self.welcome, flush=True)
                self.stopping.wait(TICK_SECONDS)
            return 0
        finally:
            stop_children(self.children)


def stop_children(children: Sequence[Child]) -> None:
    """Ask all children to end, wait, and end those that do not listen, with everything they started."""
    living = [child.process for child in children if child.process and child.process.poll() is None]
    for process in living:
        process.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for process in living:
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _die_with_parent() -> None:
    """Have the kernel end this child when we are killed outright: nobody would be left to stop it."""
    if LIBC is not None:
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
