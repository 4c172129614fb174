"""The processes that `make run` keeps alive: those of the desk are forks of the runner, and share what it loaded."""

import ctypes
import multiprocessing
import os
import runpy
import signal
import sys
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess

from config import env
from config.postgres.place import PROJECT

DEATHS_ALLOWED = 5
DEATHS_WITHIN_SECONDS = 60.0
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 8.0
STOP_SECONDS = 10.0
POLL_SECONDS = 0.02
PR_SET_PDEATHSIG, PR_SET_NAME = 1, 15  # man 2 prctl
LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
FORK = multiprocessing.get_context("fork")


@dataclass
class Child:
    """A process that is kept alive: started again after a growing pause, given up when it keeps dying.

    command: a program with its arguments; of a Python program, the interpreter first.
    variables: what it finds changed in its environment.
    is_fork: whether its Python program runs on the modules that we have loaded, instead of loading its own.
    """

    name: str
    command: Sequence[str]
    variables: dict[str, str] = field(default_factory=dict)
    is_fork: bool = False
    process: BaseProcess | None = None
    deaths: deque[float] = field(default_factory=deque)
    starts_at: float = 0.0

    def start(self) -> None:
        """Start the process in a session of its own, so that Ctrl-C reaches only us."""
        self.process = FORK.Process(target=_live, args=(self, os.getpid()), name=self.name)
        # Until the child has handlers of its own a signal waits: ours would swallow it there.
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
        try:
            self.process.start()  # safe beside the thread that reaps the database: it only waits, and holds nothing
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)

    def exit_code(self) -> int | None:
        """Return the exit code of the ended process, or None while it runs."""
        code = self.process.exitcode if self.process else None
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


def stop_children(children: Sequence[Child]) -> None:
    """Ask all children to end, wait, and end those that do not listen, with everything they started."""
    living = [child.process for child in children if child.process and child.process.is_alive()]
    for process in living:
        process.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for process in living:
        # Not join(): what it waits for is closed by a child that becomes another program.
        while process.exitcode is None:
            if time.monotonic() > deadline and process.pid is not None:
                os.killpg(process.pid, signal.SIGKILL)
            time.sleep(POLL_SECONDS)


def _live(child: Child, runner: int) -> None:
    """What the new process does: cut loose from the runner's signals and terminal, and become the program."""
    for number in STOP_SIGNALS:
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)
    os.setsid()
    _die_with_parent()
    if os.getppid() != runner:  # it was gone before the line above
        return
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.chdir(PROJECT)
    env.put(**child.variables)
    if not child.is_fork:
        os.execv(child.command[0], [*child.command])  # noqa: S606 -- our own program
    _call_itself(child.name)
    _interpreter, *arguments = child.command
    if arguments[0] == "-m":
        sys.argv = arguments[1:]
        runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = arguments
        runpy.run_path(arguments[0], run_name="__main__")


def _die_with_parent() -> None:
    """Have the kernel end this child when the runner is killed outright: nobody would be left to stop it."""
    if LIBC is not None:
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def _call_itself(name: str) -> None:
    """Let `ps -e` and `top` tell the forks of the runner apart."""
    if LIBC is not None:
        LIBC.prctl(PR_SET_NAME, name.encode(), 0, 0, 0)
