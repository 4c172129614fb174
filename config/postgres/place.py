"""Where the embedded PostgreSQL keeps its things, and which account it runs under.

PostgreSQL refuses to run as root, so root hands the server to an unprivileged account that already exists.
When that account cannot enter the project (a home of mode 0700), the data moves to a shelter folder; the
folders on the way are never opened for it.
"""

import hashlib
import os
import pwd
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config import env

PROJECT = Path(__file__).resolve().parents[2]
SHELTER = Path("/var/lib/kontor")
# Not TMPDIR: every process must compute the same path, whatever its environment.
SHORT_FOLDER = Path("/tmp")
ACCOUNTS = ("kontor", "postgres", "nobody")
NAME = "kontor"
USER = "kontor"
SUPERUSER = "postgres"
PORT = 5432
SOCKET_NAME = f".s.PGSQL.{PORT}"
# sizeof(sockaddr_un.sun_path) is 108 on Linux, with a closing zero byte (man 7 unix).
SOCKET_PATH_LIMIT = 107


@dataclass(frozen=True)
class Account:
    """A system account that the server runs under."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True)
class Place:
    """The folders of one embedded server. ``account`` is None when it runs as the present user."""

    state: Path
    home: Path
    account: Account | None

    @property
    def data(self) -> Path:
        """Return the data folder (PGDATA)."""
        return self.home / "postgres"

    @property
    def log(self) -> Path:
        """Return the server's log file."""
        return self.state / "postgres.log"

    @property
    def owner(self) -> int:
        """Return the user id that owns data and socket."""
        return self.account.uid if self.account else os.geteuid()

    @property
    def socket(self) -> Path:
        """Return the socket folder: beside the data, or a short one when that is too long for a socket."""
        beside = self.home / "socket"
        if len(os.fsencode(beside / SOCKET_NAME)) <= SOCKET_PATH_LIMIT:
            return beside
        return SHORT_FOLDER / f"kontor-{self.owner}-{_digest(self.home)}"

    def password_file(self, role: str) -> Path:
        """Return the file that holds the password of a database role."""
        return self.state / f"postgres.password.{role}"

    def password(self, role: str) -> str:
        """Return the password of a database role; empty before the first start."""
        try:
            return self.password_file(role).read_text().strip()
        except FileNotFoundError:
            return ""
        except PermissionError:
            raise foreign(self.state) from None

    def identity(self) -> dict[str, Any]:
        """Return the arguments that make ``subprocess`` run a program as the server's account."""
        if self.account is None:
            return {}
        return {"user": self.account.uid, "group": self.account.gid, "extra_groups": []}


def state_folder() -> Path:
    """Return the folder of everything that a run leaves behind; a relative one counts from the project."""
    return (PROJECT / env.text("KONTOR_STATE", ".kontor")).absolute()


def locate() -> Place:
    """Return the place of the embedded server. Looks at files, changes none."""
    state = state_folder()
    if os.geteuid() != 0:
        return Place(state, state, None)
    shelter = SHELTER / _digest(state)
    for home in (state, shelter):
        if (home / "postgres" / "PG_VERSION").exists():
            account = _account_of((home / "postgres").stat().st_uid)
            if not may_enter(account, home):
                raise env.Misconfigured(
                    f"The database in {home} belongs to the account {account.name}, which cannot enter that"
                    " folder any more. Let it pass through (chmod o+x) or choose another KONTOR_STATE."
                )
            return Place(state, home, account)
    account = _server_account()
    return Place(state, state if may_enter(account, state) else shelter, account)


def make(place: Place) -> None:
    """Make the folders and passwords of a place, under its lock. Only our own are made or given away."""
    make_state(place)
    if place.home != place.state:
        for folder in (SHELTER, place.home):
            folder.mkdir(mode=0o711, exist_ok=True)
            _must_belong(folder, os.geteuid())
            folder.chmod(0o711)
    make_private(place.socket, place)
    for role in (SUPERUSER, USER):
        _make_password(place, role)


def make_private(folder: Path, place: Place) -> None:
    """Make a folder of mode 0700 that belongs to the server's account, or check that it is one already."""
    try:
        folder.mkdir(mode=0o700)
        give(folder, place.owner)
    except FileExistsError:
        pass
    _must_belong(folder, place.owner)
    if stat.S_IMODE(folder.lstat().st_mode) != 0o700:
        folder.chmod(0o700)


def foreign(state: Path) -> env.Misconfigured:
    """Return the error for a state folder that another user made."""
    return env.Misconfigured(
        f"The state folder {state} belongs to another user. Start as that user or set KONTOR_STATE."
    )


def give(path: Path, uid: int) -> None:
    """Make a path belong to a user (and that user's group). Only root can, only root needs to."""
    if os.geteuid() == 0 and path.lstat().st_uid != uid:
        os.chown(path, uid, pwd.getpwuid(uid).pw_gid, follow_symlinks=False)


def may_enter(account: Account, folder: Path) -> bool:
    """Tell whether an account can walk down to a folder; parts that do not exist yet do not hinder."""
    parts = [folder, *folder.parents]
    return all(_allows(part, account, 0o1) for part in parts if part.exists())


def may_read(account: Account, path: Path) -> bool:
    """Tell whether an account can reach and read a file (run it, if it is a program), or list a folder."""
    wanted = 0o5 if path.is_dir() or path.stat().st_mode & 0o100 else 0o4
    return may_enter(account, path.parent) and _allows(path, account, wanted)


def _allows(path: Path, account: Account, wanted: int) -> bool:
    facts = path.stat()
    shift = 6 if facts.st_uid == account.uid else 3 if facts.st_gid == account.gid else 0
    return (facts.st_mode >> shift) & wanted == wanted


def _digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path.resolve())).hexdigest()[:16]


def _account_of(uid: int) -> Account:
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        raise env.Misconfigured(
            f"The database belongs to the user id {uid}, which has no line in /etc/passwd. Add one."
        ) from None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _server_account() -> Account:
    for name in ACCOUNTS:
        try:
            return _account_of(pwd.getpwnam(name).pw_uid)
        except KeyError:
            continue
    raise env.Misconfigured(
        f"PostgreSQL does not run as root and none of the accounts {', '.join(ACCOUNTS)} exists."
        " Make one (useradd --system kontor), start as an ordinary user, or set DATABASE_URL."
    )


def make_state(place: Place) -> None:
    """Make the state folder. Root's is passable (0711), so that the server's account reaches its data."""
    mode = 0o711 if place.account else 0o700
    missing = [folder for folder in (place.state, *place.state.parents) if not folder.exists()]
    try:
        for folder in reversed(missing):
            folder.mkdir(mode=mode, exist_ok=True)
            folder.chmod(mode)
    except OSError as error:
        raise env.Misconfigured(f"The state folder {place.state} cannot be made: {error.strerror}.") from None
    if not os.access(place.state, os.W_OK | os.X_OK):
        raise foreign(place.state)


def _make_password(place: Place, role: str) -> None:
    path = place.password_file(role)
    if path.exists():
        return
    if role == SUPERUSER and (place.data / "PG_VERSION").exists():
        raise env.Misconfigured(
            f"The database in {place.data} is there, but its password is gone: it stood in {path}. Bring that"
            " file back, or delete the database for good with: python -m config.postgres remove"
        )
    unfinished = path.with_suffix(".new")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secrets.token_urlsafe(32))
    give(unfinished, place.state.stat().st_uid)
    unfinished.rename(path)


def _must_belong(folder: Path, uid: int) -> None:
    facts = folder.lstat()
    if not stat.S_ISDIR(facts.st_mode) or facts.st_uid != uid:
        raise env.Misconfigured(f"{folder} is in the way: it is not a folder of user id {uid}. Remove it.")
