"""Who is using the embedded server: the first to come starts it, the last to leave stops it.

Each user holds a shared lock on a file of the state folder. The kernel drops the lock of a process that dies
in whatever way, so no count can go wrong. Coming and leaving are serialised by a second, exclusive lock.
"""

import atexit
import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from config.postgres import server
from config.postgres.address import embedded
from config.postgres.place import Place, give, locate, make_state


class _Hold:
    """This process's own use of the server: how often it asked, and the file whose lock tells the others."""

    def __init__(self) -> None:
        self.guard = threading.RLock()
        self.forget()

    def forget(self) -> None:
        self.depth = 0
        self.descriptor: int | None = None
        self.place: Place | None = None


_hold = _Hold()


def ensure_running() -> None:
    """Make the embedded server run and keep it up until ``release()`` or the end of this process.

    Each call needs its own ``release()``. Does nothing with DATABASE_URL. Raises Misconfigured or ServerError
    with what to do.
    """
    if not embedded():
        return
    with _hold.guard:
        place = _hold.place or locate()
        make_state(place)
        with _exclusive(place):
            if _hold.descriptor is None:
                descriptor = _open_lock(place, "postgres.users")
                fcntl.flock(descriptor, fcntl.LOCK_SH)
                _hold.descriptor, _hold.place = descriptor, place
            try:
                server.start(place)
            except BaseException:
                if _hold.depth == 0:
                    _leave(place)
                raise
        _hold.depth += 1


def mend() -> bool:
    """Start the held server again if it has crashed; tell whether it had. Cheap enough for every second."""
    with _hold.guard:
        place = _hold.place
        if place is None or server.postmaster(place) is not None:
            return False
        with _exclusive(place):
            server.start(place)
        return True


def release() -> None:
    """Give back one ``ensure_running()``. The last user of the last process stops the server."""
    with _hold.guard:
        if _hold.depth == 0 or _hold.place is None:
            return
        _hold.depth -= 1
        if _hold.depth == 0:
            with _exclusive(_hold.place):
                _leave(_hold.place)


@contextmanager
def running() -> Iterator[None]:
    """Hold the server up for the length of a block."""
    ensure_running()
    try:
        yield
    finally:
        release()


def stop(*, even_if_used: bool = False) -> bool:
    """Stop the embedded server unless somebody uses it (or even then). Tell whether it is stopped now."""
    place = locate()
    if server.postmaster(place) is None:
        return True
    with _exclusive(place):
        users = _open_lock(place, "postgres.users")
        try:
            if not even_if_used and not _is_last(users):
                return False
            server.stop(place)
            return True
        finally:
            os.close(users)


def _leave(place: Place) -> None:
    descriptor = _hold.descriptor
    _hold.forget()
    if descriptor is None:
        return
    try:
        if _is_last(descriptor):
            server.stop(place)
    finally:
        os.close(descriptor)


def _is_last(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _disown() -> None:
    """Forget the parent's hold in a forked child: the lock is the parent's to give back."""
    if _hold.descriptor is not None:
        os.close(_hold.descriptor)
    _hold.guard = threading.RLock()  # another thread of the parent may have held it
    _hold.forget()


@contextmanager
def _exclusive(place: Place) -> Iterator[None]:
    descriptor = _open_lock(place, "postgres.lock")
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _open_lock(place: Place, name: str) -> int:
    path = place.state / name
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    give(path, place.state.stat().st_uid)
    return descriptor


def _release_at_exit() -> None:
    while _hold.depth:
        release()


atexit.register(_release_at_exit)
os.register_at_fork(after_in_child=_disown)
