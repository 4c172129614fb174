"""Start, recognise, recover and stop the server process of a place."""

import os
import signal
import socket
import subprocess
import threading
import time
from dataclasses import dataclass
from io import BufferedWriter
from pathlib import Path

from config.postgres import cluster
from config.postgres.binaries import find
from config.postgres.place import SOCKET_NAME, Place, foreign, locate, make

POLL_SECONDS = 0.02
RETRY_SECONDS = 0.2
# After a kill -9 of the postmaster its children needed up to 2 s to let go of the shared memory.
LEFTOVER_SECONDS = 30.0
# Replaying the log after a crash may take minutes; the server is alive and says so meanwhile.
RECOVERY_SECONDS = 600.0
FAST_STOP_SECONDS = 60.0
LARGEST_LOG = 5_000_000
LEFTOVER_SIGNS = ("pre-existing shared memory block", "is still in use", "already exists")


class ServerError(Exception):
    """The embedded server did not start or stop. The text holds what it wrote last."""


@dataclass(frozen=True)
class Postmaster:
    """What ``postmaster.pid`` says (PostgreSQL source, miscadmin.h: pid on line 1, status on line 8)."""

    pid: int
    ready: bool


def start(place: Place) -> None:
    """Make the server of a place run and ready: reuse, recover or create it. The caller holds the lock."""
    make(place)
    if postmaster(place) is None:
        binaries = find(place)
        if not cluster.data_exists(place):
            cluster.create(place, binaries)
        cluster.configure(place)
        _launch(place, binaries.folder / "postgres")
    else:
        _wait_until_ready(place, None, 0)
    cluster.make_database(place)


def stop(place: Place) -> None:
    """Stop the server: sessions are ended, the log is flushed. Returns when it is gone."""
    for number in (signal.SIGINT, signal.SIGQUIT):  # fast, then immediate (PostgreSQL documentation, 18.5)
        running = postmaster(place)
        if running is None:
            return
        os.kill(running.pid, number)
        deadline = time.monotonic() + FAST_STOP_SECONDS
        while time.monotonic() < deadline:
            if postmaster(place) is None:
                return
            time.sleep(POLL_SECONDS)
    raise ServerError(f"PostgreSQL in {place.data} does not stop. See {place.log}.")


def postmaster(place: Place) -> Postmaster | None:
    """Return the live server process of a place, or None. A zombie and a foreign process do not count."""
    try:
        lines = (place.data / "postmaster.pid").read_text().splitlines()
        pid = int(lines[0])
    except (FileNotFoundError, IndexError, ValueError):
        return None
    except PermissionError:
        raise foreign(place.state) from None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        if os.geteuid() == place.owner:
            return None
    process = Path("/proc") / str(pid)
    if process.exists():
        try:
            state = (process / "stat").read_text().rpartition(")")[2].split()[0]
            if state == "Z" or not (process / "cwd").samefile(place.data):
                return None
        except OSError:
            return None
    return Postmaster(pid, ready=len(lines) > 7 and lines[7].strip() == "ready")


def status() -> str:
    """Return one line about the embedded server: its process and place, or that it does not run."""
    place = locate()
    running = postmaster(place)
    if running is None:
        return f"stopped ({place.data})"
    return f"running, process {running.pid} ({place.data})"


def _launch(place: Place, program: Path) -> None:
    deadline = time.monotonic() + LEFTOVER_SECONDS
    while _somebody_listens(place):
        if time.monotonic() > deadline:
            raise ServerError(
                f"A PostgreSQL that cannot be seen from here (another container?) serves {place.data}."
            )
        time.sleep(RETRY_SECONDS)
    while True:
        _clear_leftovers(place)
        with _open_log(place) as log:
            seen = log.tell()
            process = subprocess.Popen(
                [program, "-D", place.data],
                cwd="/",
                env=cluster.ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Ctrl-C in the terminal must reach the program that uses the server, not the server.
                start_new_session=True,
                **place.identity(),
            )
        threading.Thread(target=process.wait, name="postgres-reaper", daemon=True).start()
        if _wait_until_ready(place, process, seen):
            return
        if time.monotonic() > deadline:
            raise ServerError(f"A crashed PostgreSQL still holds {place.data}:\n{_tail(place, seen)}")
        time.sleep(RETRY_SECONDS)


def _wait_until_ready(place: Place, process: subprocess.Popen[bytes] | None, seen: int) -> bool:
    """Return True when ready, False when leftovers of a crash are in the way; raise for anything else."""
    deadline = time.monotonic() + RECOVERY_SECONDS
    while time.monotonic() < deadline:
        running = postmaster(place)
        if running and running.ready and (process is None or running.pid == process.pid):
            return True
        if process is None and running is None:
            raise ServerError(f"PostgreSQL ended while it was starting. See {place.log}.")
        if process is not None and process.poll() is not None:
            tail = _tail(place, seen)
            if any(sign in tail for sign in LEFTOVER_SIGNS):
                return False
            raise ServerError(f"PostgreSQL did not start:\n{tail}")
        time.sleep(POLL_SECONDS)
    raise ServerError(
        f"PostgreSQL in {place.data} is still recovering. Wait, then start again; see {place.log}."
    )


def _somebody_listens(place: Place) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(str(place.socket / SOCKET_NAME))
        except OSError:
            return False
    return True


def _clear_leftovers(place: Place) -> None:
    """Remove the lock files of a crashed server: their process number may by now be another process's."""
    for path in (
        place.data / "postmaster.pid",
        place.socket / SOCKET_NAME,
        place.socket / f"{SOCKET_NAME}.lock",
    ):
        path.unlink(missing_ok=True)


def _open_log(place: Place) -> BufferedWriter:
    if place.log.exists() and place.log.stat().st_size > LARGEST_LOG:
        place.log.replace(place.log.with_suffix(".log.1"))
    descriptor = os.open(place.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.chown(place.log, place.state.stat().st_uid, -1)
    log = os.fdopen(descriptor, "ab")
    log.seek(0, os.SEEK_END)
    return log


def _tail(place: Place, seen: int) -> str:
    with place.log.open("rb") as log:
        log.seek(seen)
        return log.read()[-2000:].decode(errors="replace").strip()
