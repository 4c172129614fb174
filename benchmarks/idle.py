"""(i) What the whole stack weighs when nobody works: web server, worker, database, as `make run` starts them."""

from __future__ import annotations

import http.client
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import machine, servers
from benchmarks.figures import Figure
from benchmarks.wish import Wish
from config import env
from config.postgres.place import PROJECT

FLOOR_MB, GOAL_MB = 400.0, 320.0
START_SECONDS, STOP_SECONDS, REST_SECONDS = 180.0, 60.0, 60.0
PATHS = ("/account/login/", "/inbox/all/")


def measure(wish: Wish) -> list[Figure]:
    """A fresh house of its own, asked for two pages, then left alone for a minute."""
    port = servers.free_port()
    with tempfile.TemporaryDirectory(prefix="kontor-idle-") as place:
        # As a user finds it: no address of another database, no settings of ours.
        variables = {"KONTOR_STATE": place, "DATABASE_URL": "", "KONTOR_LOG_LEVEL": ""}
        command = [sys.executable, "-m", "config.run", "--port", str(port)]
        with (wish.logs / "idle.log").open("wb") as log:
            house = subprocess.Popen(
                command, cwd=PROJECT, env=env.changed(**variables), stdout=log, stderr=log
            )
        try:
            wait_for_page(port, house)
            for path in PATHS:
                _ask(port, "shanhai.localhost", path)
            time.sleep(REST_SECONDS)
            processes = {*machine.tree(house.pid), *_at_work_in(place)}
            database = {process for process in processes if _name(process) == "postgres"}
            parts = [machine.memory_mb(processes - database), machine.memory_mb(database)]
        finally:
            house.send_signal(signal.SIGINT)
            house.wait(STOP_SECONDS)
    if not parts[1]:
        raise RuntimeError("the database's processes were not found")
    note = f"runner, web and worker {parts[0]:.0f} MB, PostgreSQL {parts[1]:.0f} MB"
    figure = Figure(
        "idle memory of the stack", "MB", [sum(parts)], better="less", floor=FLOOR_MB, goal=GOAL_MB, note=note
    )
    return [figure]


def wait_for_page(port: int, house: subprocess.Popen[bytes]) -> None:
    """Wait until the house answers. Raises RuntimeError when it does not."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and house.poll() is None:
        try:
            if _ask(port, "localhost", "/account/login/") == 200:
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise RuntimeError("the house did not answer")


def _ask(port: int, host: str, path: str) -> int:
    connection = http.client.HTTPConnection(servers.ADDRESS, port, timeout=30)
    try:
        connection.request("GET", path, headers={"Host": f"{host}:{port}"})
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


def _at_work_in(folder: str) -> set[int]:
    """The processes whose working folder lies in `folder`: PostgreSQL's, in its data."""
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if str((entry / "cwd").readlink()).startswith(str(Path(folder).resolve())):
                    found.add(int(entry.name))
            except OSError:
                continue
    return found


def _name(process: int) -> str:
    try:
        return Path(f"/proc/{process}/comm").read_text().strip()
    except OSError:
        return ""
