"""What waits is committed together; brands take turns; what fails is told to those whose it is."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conversations import collecting, inbound, lanes
from conversations.collecting import Lanes
from conversations.inbound import Arrival, reception
from conversations.inbound.records import Entry
from conversations.models import InboundRecord, Inbox, Message
from tenants.directory import TenantRef
from tenants.scope import scoped_tenant, tenant_scope
from tests.conversations.posting import arrivals, message, page_inbox

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def inbox(acme: TenantRef) -> Inbox:
    with tenant_scope(acme):
        return page_inbox()


class Gate:
    """Stands in front of `receive`: holds every batch back until it is opened, and notes what came."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.opened, self.reached = threading.Event(), threading.Semaphore(0)
        self.batches: list[tuple[object, int]] = []
        self.genuine = inbound.receive
        monkeypatch.setattr(inbound, "receive", self.receive)

    def receive(self, batch: list[Arrival]) -> None:
        self.batches.append((scoped_tenant().id, len(batch)))
        self.reached.release()
        assert self.opened.wait(20)
        self.genuine(batch)


async def settle() -> None:
    """Let the tasks that were begun reach their first wait."""
    for _ in range(10):
        await asyncio.sleep(0)


def texts(tenant: TenantRef) -> set[str]:
    with tenant_scope(tenant):
        return set(Message.objects.values_list("external_id", flat=True))


def test_when_submit_returns_the_messages_are_committed(acme: TenantRef, inbox: Inbox) -> None:
    asyncio.run(lanes.submit(acme, arrivals(inbox, message("m1"), message("m2"))))
    assert texts(acme) == {"m1", "m2"}
    assert lanes.waiting(acme.id) == 0


def test_what_waits_goes_together_a_hundred_at_a_time(
    acme: TenantRef, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(monkeypatch)

    async def crowd() -> None:
        first = asyncio.create_task(lanes.submit(acme, arrivals(inbox, message("first"))))
        await asyncio.to_thread(gate.reached.acquire)
        rest = [
            asyncio.create_task(lanes.submit(acme, arrivals(inbox, message(f"m{n}")))) for n in range(150)
        ]
        await settle()
        assert lanes.waiting(acme.id) == 151
        gate.opened.set()
        await asyncio.gather(first, *rest)

    asyncio.run(crowd())
    assert [size for _, size in gate.batches] == [1, 100, 50]
    assert len(texts(acme)) == 151


def test_a_storm_of_one_brand_does_not_hold_another_up(
    acme: TenantRef, globex: TenantRef, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tenant_scope(globex):
        other = page_inbox()
    gate = Gate(monkeypatch)
    gate.opened.set()

    async def storm() -> None:
        many = arrivals(inbox, *(message(f"m{n}") for n in range(500)))
        await asyncio.gather(
            lanes.submit(acme, many), lanes.submit(globex, arrivals(other, message("one of globex")))
        )

    asyncio.run(storm())
    assert [tenant for tenant, _ in gate.batches].index(globex.id) <= 2
    assert texts(globex) == {"one of globex"} and len(texts(acme)) == 500


def test_too_much_of_one_brand_is_refused_and_the_other_goes_on(
    acme: TenantRef, globex: TenantRef, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tenant_scope(globex):
        other = page_inbox()
    gate, small = Gate(monkeypatch), replace(acme, inbound_per_second=1)

    async def flood() -> None:
        first = asyncio.create_task(
            lanes.submit(small, arrivals(inbox, *(message(f"m{n}") for n in range(8))))
        )
        await asyncio.to_thread(gate.reached.acquire)
        with pytest.raises(lanes.LaneFull):
            await lanes.submit(small, arrivals(inbox, message("too"), message("much"), message("now")))
        fits = asyncio.create_task(lanes.submit(small, arrivals(inbox, message("fits"))))
        others = asyncio.create_task(lanes.submit(globex, arrivals(other, message("of globex"))))
        await settle()
        gate.opened.set()
        await asyncio.gather(first, fits, others)
        await lanes.submit(small, arrivals(inbox, message("too"), message("much"), message("now")))

    asyncio.run(flood())
    assert {"fits", "too", "much", "now"} <= texts(acme) and texts(globex) == {"of globex"}


def test_a_load_larger_than_a_batch_and_than_the_limit_passes_an_empty_lane(
    acme: TenantRef, inbox: Inbox
) -> None:
    small = replace(acme, inbound_per_second=1)
    asyncio.run(lanes.submit(small, arrivals(inbox, *(message(f"m{n}") for n in range(250)))))
    assert len(texts(acme)) == 250


def test_a_load_that_cannot_be_written_fails_alone(
    acme: TenantRef, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(monkeypatch)
    bad = replace_event_id(arrivals(inbox, message("bad"))[0], "x" * 400)

    async def mixed() -> list[BaseException | None]:
        first = asyncio.create_task(lanes.submit(acme, arrivals(inbox, message("first"))))
        await asyncio.to_thread(gate.reached.acquire)
        loads = [[bad], arrivals(inbox, message("good"))]
        tasks = [asyncio.create_task(lanes.submit(acme, load)) for load in loads]
        await settle()
        gate.opened.set()
        return await asyncio.gather(first, *tasks, return_exceptions=True)

    first, refused, good = asyncio.run(mixed())
    assert first is None and good is None and isinstance(refused, Exception)
    assert texts(acme) == {"first", "good"}


def replace_event_id(arrival: Arrival, event_id: str) -> Arrival:
    return replace(arrival, item=replace(arrival.item, event_id=event_id))


def test_a_broken_connection_fails_what_it_carried_and_nothing_after_it(
    acme: TenantRef, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    genuine, broken = inbound.receive, []

    def break_once(batch: list[Arrival]) -> None:
        if not broken:
            broken.append(True)
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        genuine(batch)

    monkeypatch.setattr(inbound, "receive", break_once)
    with pytest.raises(Exception, match="terminat"):
        asyncio.run(lanes.submit(acme, arrivals(inbox, message("m1"))))
    assert texts(acme) == set()
    asyncio.run(lanes.submit(acme, arrivals(inbox, message("m1"))))
    assert texts(acme) == {"m1"}


def test_one_lane_serves_several_event_loops(acme: TenantRef, inbox: Inbox) -> None:
    def loop(number: int) -> None:
        asyncio.run(lanes.submit(acme, arrivals(inbox, message(f"m{number}"))))

    threads = [threading.Thread(target=loop, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(texts(acme)) == 8


def test_a_caller_that_goes_away_leaves_the_lane_in_order(
    acme: TenantRef, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(monkeypatch)

    async def leave() -> None:
        first = asyncio.create_task(lanes.submit(acme, arrivals(inbox, message("m1"))))
        await asyncio.to_thread(gate.reached.acquire)
        waits = asyncio.create_task(lanes.submit(acme, arrivals(inbox, message("m2"))))
        await settle()
        first.cancel()
        waits.cancel()
        await asyncio.gather(first, waits, return_exceptions=True)
        gate.opened.set()
        await asyncio.to_thread(lanes.drain, 20)
        await lanes.submit(acme, arrivals(inbox, message("m3")))

    asyncio.run(leave())
    assert texts(acme) == {"m1", "m3"} and lanes.waiting(acme.id) == 0


def test_closing_writes_what_waits_first(acme: TenantRef, inbox: Inbox) -> None:
    async def begin() -> None:
        task = asyncio.create_task(lanes.submit(acme, arrivals(inbox, message("m1"))))
        await settle()
        await asyncio.to_thread(lanes.close)
        await task

    asyncio.run(begin())
    assert texts(acme) == {"m1"}
    asyncio.run(lanes.submit(acme, arrivals(inbox, message("m2"))))
    with tenant_scope(acme):
        assert InboundRecord.objects.count() == 2


def test_a_batch_that_goes_well_needs_no_savepoint(acme: TenantRef, inbox: Inbox) -> None:
    with tenant_scope(acme), CaptureQueriesContext(connection) as captured:
        inbound.receive(arrivals(inbox, message("m1"), message("m2")))
    assert not [query for query in captured if "SAVEPOINT" in query["sql"]]
    assert texts(acme) == {"m1", "m2"}


def test_a_batch_that_does_not_go_well_is_taken_again_from_the_beginning(
    acme: TenantRef, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    genuine = reception.apply

    def refuse_bad(entries: Sequence[Entry]) -> None:
        genuine(entries)
        if any(entry.arrival.item.event_id.endswith("bad") for entry in entries):
            raise ValueError("bad")

    monkeypatch.setattr(reception, "apply", refuse_bad)
    with tenant_scope(acme):
        inbound.receive(arrivals(inbox, message("m1"), message("bad"), message("m2")))
        states = dict(InboundRecord.objects.values_list("event_id", "state"))
    assert texts(acme) == {"m1", "m2"}
    assert {name.rpartition(":")[2]: state for name, state in states.items()} == {
        "m1": "done",
        "bad": "new",
        "m2": "done",
    }


@pytest.mark.parametrize(
    ("rest_seconds", "batches"), [(0.0, [["a"], ["b"], ["c"]]), (0.3, [["a"], ["b", "c"]])]
)
def test_a_lane_that_rests_takes_those_with_it_who_come_a_moment_later(
    acme: TenantRef, rest_seconds: float, batches: list[list[str]]
) -> None:
    written: list[list[str]] = []
    busy, go_on = threading.Event(), threading.Event()

    def write(items: list[str]) -> list[str]:
        written.append(items)
        busy.set()
        assert go_on.wait(20)
        return items

    async def come(road: Lanes[str, str]) -> None:
        first = asyncio.create_task(road.submit(acme, ["a"], most=10))
        await asyncio.to_thread(busy.wait, 20)
        second = asyncio.create_task(road.submit(acme, ["b"], most=10))
        await settle()
        go_on.set()
        await first
        if not rest_seconds:
            await second
        assert await asyncio.gather(second, road.submit(acme, ["c"], most=10)) == [["b"], ["c"]]

    road = Lanes(write, threads=2, name="resting", rest_seconds=rest_seconds)
    asyncio.run(come(road))
    road.close()
    assert written == batches


def test_no_lane_rests_while_another_waits_for_its_thread(
    acme: TenantRef, globex: TenantRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []
    rested_before: list[str] = []
    busy, go_on = threading.Event(), threading.Event()
    monkeypatch.setattr(
        collecting, "time", SimpleNamespace(sleep=lambda seconds: rested_before.append(written[-1]))
    )

    def write(items: list[str]) -> list[str]:
        busy.set()
        assert go_on.wait(20)
        written.append(items[0])
        return items

    async def come(road: Lanes[str, str]) -> None:
        calls = [asyncio.create_task(road.submit(acme, ["a"], most=10))]
        await asyncio.to_thread(busy.wait, 20)
        for tenant, items in ((acme, ["b"]), (globex, ["x"] * collecting.BATCH), (globex, ["y"])):
            calls.append(asyncio.create_task(road.submit(tenant, items, most=1000)))
        await settle()
        go_on.set()
        await asyncio.gather(*calls)

    road = Lanes(write, threads=1, name="resting", rest_seconds=1.0)
    asyncio.run(come(road))
    road.close()
    assert written == ["a", "x", "b", "y"]
    assert rested_before == ["b"], "y alone: nobody else waited then"
