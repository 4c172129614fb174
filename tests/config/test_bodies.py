from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import pytest
from daphne import http_protocol
from twisted.internet.testing import StringTransport

from config import bodies

FORM = b"text=hello"
HEAD = b"POST / HTTP/1.1\r\nhost: acme\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: 10\r\n\r\n"


@pytest.fixture
def received(monkeypatch: pytest.MonkeyPatch) -> list[tuple[dict[bytes, Any], bytes]]:
    """Of each request that Daphne has received: what was made of its body, and the body."""
    requests: list[tuple[dict[bytes, Any], bytes]] = []
    request_class = http_protocol.WebRequest
    monkeypatch.setattr(
        request_class, "process", lambda request: requests.append((request.args, request.content.read()))
    )
    monkeypatch.setattr(http_protocol, "WebRequest", request_class)
    return requests


def post() -> None:
    server = SimpleNamespace(protocol_connected=lambda protocol: None)
    protocol = http_protocol.HTTPFactory(server).buildProtocol(None)
    protocol.makeConnection(StringTransport())
    protocol.dataReceived(HEAD + FORM)


def test_daphne_leaves_a_form_to_django(received: list[tuple[dict[bytes, Any], bytes]]) -> None:
    post()
    bodies.leave_to_django()
    post()
    assert received == [({b"text": [b"hello"]}, FORM), ({}, FORM)]


def test_nothing_is_done_under_another_server(monkeypatch: pytest.MonkeyPatch) -> None:
    before = http_protocol.WebRequest
    monkeypatch.delitem(sys.modules, "daphne.http_protocol")
    bodies.leave_to_django()
    assert http_protocol.WebRequest is before
