"""Frames under Daphne, over a real connection of Twisted's whose event loop never gets a turn."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from daphne import ws_protocol
from twisted.internet import tcp

from config import frames


class Reactor:
    """Notes who wants to be told when their connection can be written to."""

    def __init__(self) -> None:
        self.writers: list[Any] = []

    def addWriter(self, writer: Any) -> None:
        self.writers.append(writer)

    def removeReader(self, reader: Any) -> None:
        pass

    def removeWriter(self, writer: Any) -> None:
        self.writers = [each for each in self.writers if each is not writer]


@pytest.fixture(params=["at once", "as Twisted does"])
def wire(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    monkeypatch.setattr(ws_protocol.WebSocketFactory, "protocol", ws_protocol.WebSocketProtocol)
    if request.param == "at once":
        frames.send_at_once()
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    theirs.setblocking(False)
    reactor = Reactor()
    protocol = ws_protocol.WebSocketFactory.protocol()
    transport = tcp.Connection(ours, protocol, reactor)
    transport.connected = True
    protocol.transport, protocol.state = transport, protocol.STATE_OPEN
    monkeypatch.setattr(
        ws_protocol.WebSocketProtocol,
        "sendMessage",
        lambda self, content, binary: self.transport.write(content),
    )
    protocol.client_addr = None
    yield SimpleNamespace(
        protocol=protocol,
        browser=theirs,
        reactor=reactor,
        transport=transport,
        is_prompt=request.param == "at once",
    )
    ours.close()
    theirs.close()


def heard(wire: SimpleNamespace) -> bytes:
    try:
        return bytes(wire.browser.recv(10_000_000))
    except BlockingIOError:
        return b""


def test_a_frame_is_on_its_way_when_it_is_written(wire: SimpleNamespace) -> None:
    wire.protocol.serverSend("hello")
    assert heard(wire) == (b"hello" if wire.is_prompt else b"")
    assert bool(wire.reactor.writers) is not wire.is_prompt


def test_what_does_not_fit_follows_in_its_order(wire: SimpleNamespace) -> None:
    large = "a" * 3_000_000
    wire.protocol.serverSend(large)
    wire.protocol.serverSend("b")
    assert wire.reactor.writers
    received = b""
    for _turn in range(1000):
        received += heard(wire)
        if not wire.reactor.writers:
            break
        assert wire.transport.doWrite() is None
    received += heard(wire)
    assert received == large.encode() + b"b"


def test_a_browser_that_is_gone_is_found_out_in_the_usual_way(wire: SimpleNamespace) -> None:
    wire.browser.close()
    wire.protocol.serverSend("hello")
    assert wire.reactor.writers, "the event loop learns of it"
    assert wire.transport.doWrite() is not None


def test_a_connection_that_ends_is_still_ended_by_the_event_loop(wire: SimpleNamespace) -> None:
    wire.protocol.serverSend("goodbye")
    wire.transport.loseConnection()
    assert wire.reactor.writers


def test_nothing_is_done_under_another_server(monkeypatch: pytest.MonkeyPatch) -> None:
    before = ws_protocol.WebSocketFactory.protocol
    monkeypatch.delitem(sys.modules, "daphne.ws_protocol")
    frames.send_at_once()
    assert ws_protocol.WebSocketFactory.protocol is before
