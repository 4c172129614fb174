"""The whole product as people start it: `make run`'s process with its own state, for tests that drive a browser."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
START_SECONDS = 400.0  # a bound for slow machines
STOP_SECONDS = 40.0
NOT_INHERITED = {"DJANGO_SETTINGS_MODULE", "KONTOR_POOL"}


class House:
    """A running Kontor with the demo brands. Only processes started here are ever ended, by their id."""

    def __init__(self, state: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.state = state
        self.start()

    def start(self, **variables: str) -> None:
        """Start, with further environment variables; the second time on the data of the first."""
        self._log = (self.state.parent / f"{self.state.name}.log").open("w+")
        inherited = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
        self._runner = subprocess.Popen(
            [sys.executable, "-m", "config.run", "--port", str(self.port)],
            cwd=PROJECT,
            env={**inherited, "KONTOR_STATE": str(self.state), **variables},
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._wait_for_welcome()

    def url(self, path: str, brand: str = "") -> str:
        """An address on a brand's host, or on the platform's own."""
        host = f"{brand}.localhost" if brand else "localhost"
        return f"http://{host}:{self.port}{path}"

    def kill_web_server(self) -> None:
        """End the web server at once, without a chance to tidy up. The runner starts it again."""
        os.kill(self._child("web server"), signal.SIGKILL)

    def log(self) -> str:
        """What the processes have printed so far."""
        self._log.flush()
        return Path(self._log.name).read_text()

    def stop(self) -> int:
        """Stop as Ctrl-C does and return the exit code."""
        self._runner.send_signal(signal.SIGINT)
        try:
            return self._runner.wait(STOP_SECONDS)
        finally:
            self._log.close()

    def _wait_for_welcome(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while "Ctrl-C stops everything" not in self.log():
            if self._runner.poll() is not None or time.monotonic() > deadline:
                self._runner.send_signal(signal.SIGINT)  # nothing is left running that nobody could stop
                raise RuntimeError(f"Kontor did not start:\n{self.log()}")
            time.sleep(0.1)

    def _child(self, name: str) -> int:
        children = Path(f"/proc/{self._runner.pid}/task/{self._runner.pid}/children").read_text().split()
        for child in children:
            if Path(f"/proc/{child}/comm").read_text().strip() == name:
                return int(child)
        raise RuntimeError(f"no child is called {name}")
