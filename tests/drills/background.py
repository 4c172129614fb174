"""Load that goes on while the drill does something else."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Meanwhile(threading.Thread):
    """Does `work` in the background; `done()` waits for its end and raises what went wrong."""

    def __init__(self, work: Callable[[], None]) -> None:
        super().__init__(daemon=True)
        self._work = work
        self._error: BaseException | None = None
        self.start()

    def run(self) -> None:
        try:
            self._work()
        except BaseException as error:
            self._error = error

    def done(self) -> None:
        self.join()
        if self._error is not None:
            raise self._error
