"""What the tests of the embedded PostgreSQL share: a state folder, and a process that uses its server."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from config.postgres import cluster
from config.postgres.place import NAME, PROJECT, SHELTER, USER, Place, locate

COMMAND = [sys.executable, "-m", "config.postgres"]


def variables(state: Path, **changes: str) -> dict[str, str]:
    """Return an environment in which only the test's own state folder counts."""
    foreign = ("KONTOR_", "DATABASE_URL", "PG", "PORT")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return {**kept, "KONTOR_STATE": str(state), **changes}


def call(state: Path, *arguments: str, **changes: Any) -> "subprocess.CompletedProcess[str]":
    """Run ``python -m config.postgres`` to its end. Keyword arguments in capitals are variables."""
    environment = {name: changes.pop(name) for name in list(changes) if name.isupper()}
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=PROJECT,
        env=variables(state, **environment),
        capture_output=True,
        text=True,
        check=False,
        **changes,
    )


@contextmanager
def folder() -> Iterator[Path]:
    """Make a folder under /tmp that every account can enter; remove it with the clusters in and behind it."""
    had_shelter = SHELTER.exists()
    base = Path(tempfile.mkdtemp(prefix="kontor-test-", dir="/tmp"))
    base.chmod(0o755)
    try:
        yield base
    finally:
        for state in {path.parent for path in base.rglob("postgres.lock")}:
            call(state, "remove")
        shutil.rmtree(base)
        if not had_shelter and SHELTER.exists():
            SHELTER.rmdir()


@contextmanager
def user(state: Path, **changes: str) -> "Iterator[subprocess.Popen[str]]":
    """Hold the server up in another process for the length of a block."""
    process = subprocess.Popen(
        [*COMMAND, "run", "--", "sh", "-c", "echo up; exec cat"],
        cwd=PROJECT,
        env=variables(state, **changes),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdin and process.stdout and process.stderr
    try:
        first = process.stdout.readline()
        assert first == "up\n", process.stderr.read()
        yield process
    finally:
        process.stdin.close()
        process.wait()
        process.stdout.close()
        process.stderr.close()


def ask(place: Place, statement: str, *parameters: object) -> Any:
    """Run one statement in the desk's database and return the first value of its answer, if it has one."""
    with cluster.connect(place, USER, NAME) as connection:
        cursor = connection.execute(statement, parameters)
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


def postmaster_pid(place: Place) -> int:
    """Return the process number that the server wrote down."""
    return int((place.data / "postmaster.pid").read_text().split()[0])


__all__ = ["COMMAND", "ask", "call", "folder", "locate", "postmaster_pid", "user", "variables"]
