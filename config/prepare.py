"""Everything between a running database and a running desk, in one process: each Django start costs a second.

``python -m config.prepare --port 8000 --welcome FILE``: schemas, catalogs, static files, demo; FILE receives
the text with addresses and log-ins.
"""

import argparse
import fcntl
import hashlib
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import django
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command

from config import env
from config.postgres.place import PROJECT

# Beside what they speak of: catalogs and static files are the project's, whatever KONTOR_STATE says.
STAMPS = PROJECT / ".kontor" / "stamps"
# Parts of libraries that no page of ours asks for; hashing and compressing them would take longer than all the rest.
UNUSED = ("--ignore", "rest_framework", "--ignore", "redoc")


def main(arguments: list[str]) -> int:
    """Prepare the desk and return the exit code. Errors of the steps are raised as they come."""
    parser = argparse.ArgumentParser(prog="python -m config.prepare", description=__doc__)
    parser.add_argument("--port", type=int, default=8000, help="where the desk will answer")
    parser.add_argument("--welcome", type=Path, help="file for the addresses and log-ins")
    options = parser.parse_args(arguments)
    env.choose_settings()
    django.setup()
    call_command("migrate_all")
    with alone():
        unless_unchanged(STAMPS / "catalogs", catalogs, "compile_catalogs")
        unless_unchanged(
            STAMPS / "static", static_files, "collectstatic", "--noinput", "--verbosity", "0", *UNUSED
        )
    call_command("make_demo", "--port", str(options.port))
    if options.welcome:
        with options.welcome.open("w") as file:
            call_command("make_demo", "--describe", "--port", str(options.port), stdout=file, no_color=True)
    return 0


@contextmanager
def alone() -> Iterator[None]:
    """Wait until no other preparation writes into the project's folder, and keep others waiting."""
    project = os.open(PROJECT, os.O_RDONLY)
    try:
        fcntl.flock(project, fcntl.LOCK_EX)
        yield
    finally:
        os.close(project)


def unless_unchanged(stamp: Path, files: Callable[[], Iterable[Path]], *command: str) -> None:
    """Run a command unless its inputs and outputs are those that the stamp file remembers."""
    if stamp.exists() and stamp.read_text() == fingerprint(files()):
        return
    call_command(*command)
    stamp.parent.parent.mkdir(mode=0o711, parents=True, exist_ok=True)
    stamp.parent.mkdir(exist_ok=True)
    stamp.write_text(fingerprint(files()))


def fingerprint(files: Iterable[Path]) -> str:
    """Return a digest of names, sizes and times of files; a missing file counts as such."""
    digest = hashlib.sha256()
    for path in sorted(set(files)):
        facts = path.stat() if path.exists() else None
        digest.update(f"{path}:{facts and (facts.st_size, facts.st_mtime_ns)}\n".encode())
    return digest.hexdigest()


def catalogs() -> Iterator[Path]:
    """Yield each message catalog and its compiled twin."""
    for folder in settings.LOCALE_PATHS:
        for catalog in Path(folder).rglob("*.po"):
            yield catalog
            yield catalog.with_suffix(".mo")


def static_files() -> Iterator[Path]:
    """Yield each static file of the project and its apps, and the folder that they are collected in."""
    yield Path(settings.STATIC_ROOT)
    for finder in get_finders():
        for path, storage in finder.list([]):
            yield Path(storage.path(path))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
