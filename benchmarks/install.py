"""(i) From a fresh copy of the sources to the first page, by the README's command; packages come from pip's cache."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from benchmarks import servers
from benchmarks.figures import Figure
from benchmarks.idle import STOP_SECONDS, wait_for_page
from benchmarks.wish import Wish
from config import env
from config.postgres.place import PROJECT

FLOOR_SECONDS, GOAL_SECONDS = 75.0, 55.0
LEFT_BEHIND = shutil.ignore_patterns(
    ".venv",
    ".kontor",
    ".git",
    "*_cache",
    ".hypothesis",
    "static-collected",
    "__pycache__",
    "*.mo",
    "latest.json",
)


def measure(wish: Wish) -> list[Figure]:
    """`make run` in a copy without a virtual environment, database or compiled catalog."""
    port = servers.free_port()
    with tempfile.TemporaryDirectory(prefix="kontor-install-") as place:
        copy = Path(place) / "kontor"
        shutil.copytree(PROJECT, copy, ignore=LEFT_BEHIND)
        variables = {"KONTOR_STATE": str(Path(place) / "state"), "DATABASE_URL": "", "KONTOR_LOG_LEVEL": ""}
        began = time.perf_counter()
        with (wish.logs / "install.log").open("wb") as log:
            house = subprocess.Popen(
                ["make", "run", f"PORT={port}"],
                cwd=copy,
                env=env.changed(**variables),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            wait_for_page(port, house)
            lasted = time.perf_counter() - began
        finally:
            os.killpg(house.pid, signal.SIGINT)
            house.wait(STOP_SECONDS)
    return [
        Figure(
            "cold install to first page", "s", [lasted], better="less", floor=FLOOR_SECONDS, goal=GOAL_SECONDS
        )
    ]
