from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from uuid import UUID

import pytest
from pytest_django import Settings

from tenants.ids import new_id
from tenants.workspace import wake

TENANT = UUID(int=1)


class Layer:
    """Stands in for the channel layer: what it is given, and whether it is away."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self.is_away = False
        self.gate = threading.Event()
        self.gate.set()
        self.changed = threading.Condition()

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        await asyncio.to_thread(self.gate.wait)
        with self.changed:
            if self.is_away:
                self.changed.notify_all()
                raise ConnectionError("the database is away")
            self.sent.append((group, message))
            self.changed.notify_all()

    def told(self) -> dict[UUID, int]:
        told: dict[UUID, int] = {}
        for group, message in self.sent:
            if group == wake.GROUP:
                told |= wake.read_wake_up(message)
        return told

    def wait_for(self, condition: Callable[[], bool]) -> bool:
        with self.changed:
            return self.changed.wait_for(condition, timeout=20)


@pytest.fixture
def layer(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Iterator[Layer]:
    settings.WAKE_UPS = True
    layer = Layer()
    monkeypatch.setattr(wake, "get_channel_layer", lambda: layer)
    monkeypatch.setattr(wake, "_errands", [])
    monkeypatch.setattr(wake, "_subscribers", [])
    monkeypatch.setattr(wake, "_sender", None)
    yield layer
    layer.gate.set()
    rest()


def rest() -> None:
    """Let the sender do what waits, so that the next test does not hear of it."""
    sender = wake._sender
    while sender is not None and (sender._wakes._newest or sender._work._newest):
        time.sleep(0.005)


def test_other_processes_are_told(layer: Layer) -> None:
    wake.announce(TENANT, 7)
    assert layer.wait_for(lambda: layer.told() == {TENANT: 7})


def test_while_the_sender_is_busy_numbers_of_a_tenant_melt_into_the_newest(layer: Layer) -> None:
    layer.gate.clear()
    other = new_id()
    for number in range(1, 101):
        wake.announce(TENANT, number)
        wake.announce(other, number * 2)
    layer.gate.set()
    assert layer.wait_for(lambda: layer.told() == {TENANT: 100, other: 200})
    assert len(layer.sent) <= 3


def test_a_storm_of_wake_ups_goes_out_in_few_messages(layer: Layer) -> None:
    began = time.monotonic()
    for number in range(1, 301):
        wake.announce(TENANT, number)
        time.sleep(0.0005)
    assert layer.wait_for(lambda: layer.told() == {TENANT: 300})
    assert len(layer.sent) <= (time.monotonic() - began) / wake.REST_SECONDS + 2


def test_an_older_number_never_replaces_a_newer_one(layer: Layer) -> None:
    layer.gate.clear()
    wake.announce(new_id(), 1)
    wake.announce(TENANT, 9)
    wake.announce(TENANT, 8)
    layer.gate.set()
    assert layer.wait_for(lambda: TENANT in layer.told())
    assert layer.told()[TENANT] == 9


def test_many_tenants_go_out_in_messages_of_bounded_size(layer: Layer) -> None:
    layer.gate.clear()
    tenants = {new_id(): number for number in range(1, 251)}
    wake.announce(TENANT, 1)
    for tenant_id, number in tenants.items():
        wake.announce(tenant_id, number)
    layer.gate.set()
    assert layer.wait_for(lambda: len(layer.told()) == 251)
    assert max(len(message["tenants"]) for _group, message in layer.sent) <= wake.TENANTS_PER_MESSAGE


def test_listeners_of_this_process_are_told_at_once(layer: Layer) -> None:
    heard: list[tuple[UUID, int]] = []
    end = wake.subscribe(lambda tenant_id, newest: heard.append((tenant_id, newest)))
    wake.announce(TENANT, 3)
    assert heard == [(TENANT, 3)]
    end()
    wake.announce(TENANT, 4)
    assert heard == [(TENANT, 3)]


def test_a_listener_that_raises_does_not_reach_the_writer(layer: Layer) -> None:
    def refuse(tenant_id: UUID, newest: int) -> None:
        raise RuntimeError("no")

    wake.subscribe(refuse)
    wake.announce(TENANT, 3)
    assert wake.subscribe(lambda tenant_id, newest: None) is not None


def test_a_lost_database_costs_wake_ups_and_nothing_else(layer: Layer) -> None:
    lost = wake.lost
    layer.is_away = True
    wake.announce(TENANT, 1)
    assert layer.wait_for(lambda: wake.lost > lost)
    layer.is_away = False
    wake.announce(TENANT, 2)
    assert layer.wait_for(lambda: layer.told() == {TENANT: 2})


def test_calls_reach_their_own_group_and_those_that_come_close_together_go_together(layer: Layer) -> None:
    other = new_id()
    layer.gate.clear()
    for _ in range(50):
        wake.call("post", TENANT)
        wake.call("post", other)
    wake.call("elsewhere", TENANT)
    layer.gate.set()

    def told(group: str) -> set[UUID]:
        messages = [message for name, message in layer.sent if name == group]
        return {tenant for message in messages for tenant in wake.read_wake_up(message)}

    assert layer.wait_for(lambda: told("post") == {TENANT, other} and told("elsewhere") == {TENANT})
    assert len(layer.sent) <= 4


def test_without_wake_ups_nobody_is_called(layer: Layer, settings: Settings) -> None:
    settings.WAKE_UPS = False
    wake.call("post", TENANT)
    settings.WAKE_UPS = True
    wake.call("elsewhere", TENANT)
    assert layer.wait_for(lambda: bool(layer.sent))
    assert [group for group, _message in layer.sent] == ["elsewhere"]


def test_errands_run_after_wake_ups_in_another_thread(layer: Layer) -> None:
    ran: list[tuple[Mapping[UUID, int], str]] = []

    def errand(newest: Mapping[UUID, int]) -> None:
        with layer.changed:
            ran.append((newest, threading.current_thread().name))
            layer.changed.notify_all()

    wake.run_errand(errand)
    wake.run_errand(errand)
    wake.announce(TENANT, 5)
    assert layer.wait_for(lambda: bool(ran))
    assert ran[0][0] == {TENANT: 5}
    assert ran[0][1] != threading.current_thread().name
    assert len(ran) == 1


def test_an_errand_that_fails_keeps_no_wake_up_back(layer: Layer) -> None:
    def refuse(newest: Mapping[UUID, int]) -> None:
        raise RuntimeError("no")

    wake.run_errand(refuse)
    wake.announce(TENANT, 1)
    assert layer.wait_for(lambda: layer.told() == {TENANT: 1})
    wake.announce(TENANT, 2)
    assert layer.wait_for(lambda: layer.told() == {TENANT: 2})


def test_a_reminder_runs_the_errands_once_more_and_tells_nobody_else(layer: Layer) -> None:
    ran: list[Mapping[UUID, int]] = []

    def errand(newest: Mapping[UUID, int]) -> None:
        with layer.changed:
            ran.append(newest)
            layer.changed.notify_all()

    wake.run_errand(errand)
    wake.remind(TENANT, 7)
    assert layer.wait_for(lambda: bool(ran))
    assert ran == [{TENANT: 7}] and layer.sent == []


def test_a_drill_can_drop_wake_ups(layer: Layer, settings: Settings) -> None:
    heard: list[int] = []
    wake.subscribe(lambda tenant_id, newest: heard.append(newest))
    settings.WAKE_UPS_DROPPED_PERCENT = 100
    wake.announce(TENANT, 1)
    assert heard == []
    settings.WAKE_UPS_DROPPED_PERCENT = 0
    wake.announce(TENANT, 2)
    assert heard == [2]


def test_whispers_reach_their_group_from_any_thread(layer: Layer) -> None:
    thread = threading.Thread(target=wake.whisper, args=("presence.x", {"type": "presence"}))
    thread.start()
    thread.join()
    assert layer.wait_for(lambda: ("presence.x", {"type": "presence"}) in layer.sent)


def test_a_forked_child_gets_a_sender_of_its_own(layer: Layer) -> None:
    wake.announce(TENANT, 1)
    assert layer.wait_for(lambda: layer.told() == {TENANT: 1})
    parents = wake._running_sender()
    wake._forget_after_fork()
    try:
        assert wake._running_sender() is not parents
    finally:
        wake._sender = parents
    assert os.getpid() == parents._pid
