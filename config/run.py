"""``make run``: the whole desk with one command, and all of it gone with one Ctrl-C.

``python -m config.run [--port 8000]`` holds the database, prepares it, starts web server and worker, and
prints where the desk answers. ``python -m config.run prepare`` only prepares.
"""

import argparse
import http.client
import signal
import socket
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from config import env, loading, postgres
from config.children import STOP_SIGNALS, Child, stop_children
from config.postgres.place import state_folder

ADDRESS = "127.0.0.1"
TICK_SECONDS = 0.25
ANSWER_SECONDS = 2.0


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

    for number in STOP_SIGNALS:
        signal.signal(number, stop)
    signal.signal(
        signal.SIGCHLD, signal.SIG_DFL
    )  # who ignores it, as some supervisors do, never learns of a death
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
        env.put(**own_address(port))
        if loading.IS_USED:
            loading.load()
        web = Child("web server", web_command(port), is_fork=loading.IS_USED)
        worker = Child("worker", [sys.executable, "manage.py", "work"], is_fork=loading.IS_USED)
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


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
