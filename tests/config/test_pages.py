from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from django.core.signals import request_finished
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import path
from pytest_django import Settings

from config import pages
from config.pages import Pages

Message = dict[str, Any]

gate = threading.Event()
begun = threading.Semaphore(0)
running: list[str] = []


def echo(request: HttpRequest) -> HttpResponse:
    response = HttpResponse(request.body, headers={"X-Name": request.GET["name"]})
    response.set_cookie("seen", "yes")
    return response


def form(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.POST.get("text", "nothing"))


def slow(request: HttpRequest) -> HttpResponse:
    running.append(threading.current_thread().name)
    begun.release()
    gate.wait(20)
    return HttpResponse("at last")


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("a secret of the house")


def streamed(request: HttpRequest) -> StreamingHttpResponse:
    def pieces() -> Iterator[str]:
        for number in range(1_000_000):
            running.append(threading.current_thread().name)
            yield f"{number} "
            if request.GET.get("few") and number == 2:
                return

    return StreamingHttpResponse(pieces())


async def asynchronous(request: HttpRequest) -> StreamingHttpResponse:
    async def pieces() -> AsyncIterator[str]:
        for number in range(3):
            await asyncio.sleep(0)
            yield f"{number} "

    return StreamingHttpResponse(pieces())


urlpatterns = [
    path("echo/", echo),
    path("form/", form),
    path("slow/", slow),
    path("broken/", broken),
    path("streamed/", streamed),
    path("asynchronous/", asynchronous),
]


@pytest.fixture(autouse=True)
def own_addresses(settings: Settings) -> Iterator[None]:
    settings.ROOT_URLCONF = __name__
    settings.MIDDLEWARE = []
    gate.clear()
    running.clear()
    while begun.acquire(blocking=False):
        pass
    yield
    gate.set()


class Caller:
    """One HTTP request, as a server brings it to an application."""

    def __init__(self, path: str, *parts: bytes, query: str = "", leaves_after: int | None = None) -> None:
        self.scope = {
            "type": "http",
            "method": "POST",
            "path": path,
            "query_string": query.encode(),
            "headers": [(b"host", b"acme.localhost")],
        }
        self.parts = list(parts or (b"",))
        self.leaves_after = leaves_after
        self.gone = asyncio.Event()
        self.sent: list[Message] = []

    async def receive(self) -> Message:
        if self.parts:
            return {"type": "http.request", "body": self.parts.pop(0), "more_body": bool(self.parts)}
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        self.sent.append(message)
        if self.leaves_after is not None and len(self.sent) > self.leaves_after:
            self.gone.set()
            await asyncio.sleep(0)

    async def ask(self, application: Pages) -> Caller:
        await application(self.scope, self.receive, self.send)
        return self

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent[1:])


async def test_a_request_is_answered_whole_with_headers_and_cookies() -> None:
    caller = await Caller("/echo/", b"half ", b"and half", query="name=n").ask(Pages(1))
    assert (caller.status, caller.body) == (200, b"half and half")
    headers = dict(caller.sent[0]["headers"])
    assert headers[b"X-Name"] == b"n"
    assert headers[b"Set-Cookie"].startswith(b"seen=yes")
    assert len(caller.sent) == 2


async def test_a_form_that_comes_in_chunks_announces_no_length_and_is_read_all_the_same() -> None:
    parts = b'--b\r\nContent-Disposition: form-data; name="text"\r\n\r\nhello\r\n', b"--b--\r\n"
    caller = Caller("/form/", *parts)
    caller.scope["headers"] = [
        (b"host", b"acme.localhost"),
        (b"transfer-encoding", b"chunked"),
        (b"content-type", b"multipart/form-data; boundary=b"),
    ]
    assert (await caller.ask(Pages(1))).body == b"hello"


async def test_a_caller_who_leaves_before_the_body_is_there_is_not_answered() -> None:
    caller = Caller("/echo/")
    caller.parts = []
    caller.gone.set()
    assert (await caller.ask(Pages(1))).sent == []


async def test_a_view_that_breaks_is_a_plain_500_without_its_secrets() -> None:
    caller = await Caller("/broken/").ask(Pages(1))
    assert caller.status == 500
    assert b"secret" not in caller.body


async def test_no_more_requests_are_worked_on_at_a_time_than_there_are_threads() -> None:
    application = Pages(2)
    callers = [asyncio.create_task(Caller("/slow/").ask(application)) for _ in range(5)]
    for _ in range(2):
        assert await asyncio.to_thread(begun.acquire, timeout=20)
    assert len(running) == 2
    gate.set()
    assert [caller.body for caller in await asyncio.gather(*callers)] == [b"at last"] * 5
    assert len(set(running)) <= 2


async def test_a_crowd_beyond_the_bound_is_told_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "MOST_WAITING", 1)
    application = Pages(1)
    callers = [asyncio.create_task(Caller("/slow/").ask(application)) for _ in range(2)]
    assert await asyncio.to_thread(begun.acquire, timeout=20)
    assert (await Caller("/slow/").ask(application)).status == 503
    gate.set()
    assert [caller.status for caller in await asyncio.gather(*callers)] == [200, 200]
    assert (await Caller("/echo/", query="name=n").ask(application)).status == 200


async def test_a_stream_comes_piece_by_piece_from_a_thread_of_its_own() -> None:
    caller = await Caller("/streamed/", query="few=1").ask(Pages(1))
    assert [message["body"] for message in caller.sent[1:]] == [b"0 ", b"1 ", b"2 ", b""]
    assert len(set(running)) == 1
    assert not running[0].startswith("pages")


@pytest.mark.parametrize(("most", "status"), [(0, 503), (1, 200)])
async def test_streams_beyond_the_bound_are_told_to_come_again(
    monkeypatch: pytest.MonkeyPatch, most: int, status: int
) -> None:
    monkeypatch.setattr(pages, "MOST_STREAMS", most)
    house = Pages(1)
    for _ in range(2):  # the first one gives its place back
        caller = await Caller("/streamed/", query="few=1").ask(house)
        assert caller.sent[0]["status"] == status


async def test_an_asynchronous_stream_comes_whole() -> None:
    assert (await Caller("/asynchronous/").ask(Pages(1))).body == b"0 1 2 "


async def test_a_stream_ends_when_its_reader_leaves() -> None:
    finished: list[object] = []

    def note(sender: object, **given: object) -> None:
        finished.append(sender)

    request_finished.connect(note)
    try:
        caller = await Caller("/streamed/", leaves_after=3).ask(Pages(1))
    finally:
        request_finished.disconnect(note)
    assert len(caller.sent) < 20
    assert len(finished) == 1
