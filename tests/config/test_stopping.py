"""A server that is told to stop answers what is under way, and takes nothing new."""

from __future__ import annotations

import http.client
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from config.door import Door

PROJECT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 30


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answer_of(port: int) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
    with closing(connection):
        connection.request("GET", "/")
        response = connection.getresponse()
        return response.status, response.read()


@pytest.fixture
def server() -> Iterator[tuple[subprocess.Popen[str], int]]:
    port = free_port()
    command = [sys.executable, "-m", "daphne", "-v", "1", "-b", "127.0.0.1", "-p", str(port)]
    process = subprocess.Popen(
        [*command, "tests.config.slow_door:application"], cwd=PROJECT, stderr=subprocess.PIPE, text=True
    )
    try:
        until(process, "Listening")
        yield process, port
    finally:
        process.kill()
        process.communicate()


def until(process: subprocess.Popen[str], words: str) -> None:
    """Read what the server says until it says this."""
    assert process.stderr is not None
    for line in process.stderr:
        if words in line:
            return
    pytest.fail(f"the server never said {words!r}")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_daphne_answers_what_is_under_way_before_it_stops(
    server: tuple[subprocess.Popen[str], int], number: signal.Signals
) -> None:
    process, port = server
    answers: list[tuple[int, bytes]] = []
    caller = threading.Thread(target=lambda: answers.append(answer_of(port)))
    caller.start()
    until(process, "begun")
    process.send_signal(number)
    caller.join(PATIENCE_SECONDS)
    assert answers == [(200, b"whole")]
    until(process, "finished")
    assert process.wait(PATIENCE_SECONDS) == 0


async def test_a_closed_door_sends_newcomers_away() -> None:
    sent: list[dict[str, Any]] = []

    async def never(*given: Any) -> None:
        raise AssertionError

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    door = Door(never, sockets={}, folders={})
    await door.close()
    await door({"type": "http", "path": "/", "headers": [(b"host", b"acme.test")]}, never, send)
    assert sent[0]["status"] == 503
