"""What the fault drills stand on: the road to the doubles, and the dump that knows no order."""

from __future__ import annotations

import base64
import http.client
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import urlsplit

import pytest

from tenants.directory import TenantRef
from tenants.scope import tenant_scope
from tests.conversations.posting import arrive, edit, message, page_inbox, reaction, unsend
from tests.drills import dump
from tests.drills.relay import Relay

ANSWER = "answer 7.0.01a201f2-5ad4-77da-b3df-49386259b0ba"


class Target:
    """A platform that takes everything. bodies: what came."""

    def __init__(self) -> None:
        target, self.bodies = self, list[bytes]()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                target.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(200)
                self.send_header("Content-Length", "4")
                self.end_headers()
                self.wfile.write(b"done")

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/platforms"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()


@pytest.fixture
def target() -> Iterator[Target]:
    target = Target()
    yield target
    target.server.shutdown()
    target.server.server_close()
    target.thread.join()


@pytest.fixture
def road(target: Target) -> Iterator[Relay]:
    road = Relay(target.url)
    yield road
    road.shut()


def post(road: Relay, body: str, kind: str = "line") -> tuple[int, bytes, str]:
    parts = urlsplit(road.url)
    wire = http.client.HTTPConnection("127.0.0.1", parts.port, timeout=10)
    try:
        wire.request("POST", f"{parts.path}/{kind}/messages", body.encode())
        response = wire.getresponse()
        return response.status, response.read(), response.headers.get("Retry-After", "")
    finally:
        wire.close()


def test_an_open_road_passes_calls_on_and_notes_those_with_an_answer(road: Relay, target: Target) -> None:
    assert post(road, "who are you?") == (200, b"done", "")
    for body in (
        ANSWER,
        ANSWER.replace(" ", "+"),
        f"base64\n\n{base64.b64encode(ANSWER.encode()).decode()}\n",
    ):
        assert post(road, body) == (200, b"done", "")
    assert [call.text for call in road.calls] == [ANSWER] * 3
    assert len(target.bodies) == 4


def test_a_road_that_is_shut_refuses_connections_until_it_is_opened(road: Relay) -> None:
    road.shut()
    with pytest.raises(ConnectionRefusedError):
        post(road, ANSWER)
    road.open()
    assert post(road, ANSWER)[0] == 200


def test_the_first_call_of_an_answer_is_told_to_rest(road: Relay, target: Target) -> None:
    road.slow_down(["line"], seconds=7)
    assert post(road, ANSWER) == (429, b"{}", "7")
    assert post(road, ANSWER, "sms")[0] == 200
    assert post(road, ANSWER)[0] == 200
    assert len(target.bodies) == 2


def test_an_answer_may_be_lost_on_its_way_back(road: Relay, target: Target) -> None:
    road.lose(["line"], answers=1)
    with pytest.raises(http.client.RemoteDisconnected):
        post(road, ANSWER)
    assert len(target.bodies) == 1
    assert post(road, ANSWER)[0] == 200
    assert [call.outcome for call in road.calls] == ["lost", "passed"]


# --- the dump ----------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_dump_does_not_tell_in_which_order_things_came(acme: TenantRef, globex: TenantRef) -> None:
    told = [
        message("m1", "first", 0),
        message("m2", "second", 9),
        edit("m1", "changed", 20),
        reaction("m2", "👍", 21),
    ]
    for tenant, order in ((acme, told), (globex, [told[3], told[2], told[1], told[0], told[2]])):
        with tenant_scope(tenant):
            inbox = page_inbox()
            for each in order:
                arrive(inbox, each)
    assert dump.differences(dump.of(acme), dump.of(globex)) == []
    with tenant_scope(globex):
        arrive(inbox, edit("m2", "changed too", 30))
    assert dump.differences(dump.of(acme), dump.of(globex))


@pytest.mark.django_db
def test_the_dump_tells_what_was_changed_taken_back_and_left_waiting(in_acme: TenantRef) -> None:
    inbox = page_inbox()
    arrive(inbox, message("m1", "first", 0))
    seen = [dump.of(in_acme)]
    for told in (edit("m1", "changed", 20), reaction("m1", "👍", 21), unsend("m1", 22), edit("m7", "?", 23)):
        arrive(inbox, told)
        seen.append(dump.of(in_acme))
        assert dump.differences(seen[-2], seen[-1])
    assert any(place.startswith("parked edited of m7") for place in seen[-1])
