from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction

from tenants.directory import TenantRef
from tenants.scope import NoTenant, public_scope, tenant_scope
from tenants.workspace import wake
from tenants.workspace.events import SYSTEM, Actor, DomainEvent, NoUnitOfWork, record, unit_of_work
from tenants.workspace.log import event_at, events_after, newest_sequence, oldest_sequence
from tenants.workspace.models import Agent, Event, EventCounter


@dataclass(frozen=True, slots=True)
class FlagRaised(DomainEvent):
    name = "test.flag_raised"
    colour: str
    conversation_id: UUID | None = None
    contact_id: UUID | None = None


class Refused(Exception):
    pass


def raise_flags(*colours: str) -> None:
    with unit_of_work():
        for colour in colours:
            record(FlagRaised(colour), by=SYSTEM)


def colours_after(sequence: int) -> list[str]:
    return [event.payload["colour"] for event in events_after(sequence)]


@pytest.mark.django_db
def test_events_of_a_unit_are_written_in_their_order_with_following_numbers(in_acme: TenantRef) -> None:
    before = newest_sequence()
    raise_flags("red", "green", "blue")
    assert [event.sequence for event in events_after(before)] == [before + 1, before + 2, before + 3]
    assert colours_after(before) == ["red", "green", "blue"]


@pytest.mark.django_db
def test_an_event_keeps_who_when_and_of_whom(in_acme: TenantRef, alice_agent: Agent) -> None:
    conversation_id, contact_id = uuid4(), uuid4()
    at = datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)
    with unit_of_work():
        record(FlagRaised("red", conversation_id, contact_id), by=Actor.agent(alice_agent), happened_at=at)
    event = event_at(newest_sequence())
    assert event is not None
    assert (event.conversation_id, event.contact_id, event.happened_at) == (conversation_id, contact_id, at)
    assert event.actor == Actor("agent", alice_agent.id)
    assert event.payload == {"colour": "red"}


@pytest.mark.django_db
def test_a_failed_unit_leaves_neither_events_nor_a_hole(in_acme: TenantRef) -> None:
    before = newest_sequence()
    with pytest.raises(Refused), unit_of_work():
        record(FlagRaised("red"), by=SYSTEM)
        raise Refused
    raise_flags("green")
    assert newest_sequence() == before + 1
    assert colours_after(before) == ["green"]


@pytest.mark.django_db
def test_an_inner_unit_that_fails_takes_only_its_own_events_back(in_acme: TenantRef) -> None:
    before = newest_sequence()
    with unit_of_work():
        record(FlagRaised("red"), by=SYSTEM)
        with pytest.raises(Refused), unit_of_work():
            record(FlagRaised("green"), by=SYSTEM)
            raise Refused
        with unit_of_work():
            record(FlagRaised("blue"), by=SYSTEM)
        record(FlagRaised("white"), by=SYSTEM)
    assert colours_after(before) == ["red", "blue", "white"]


@pytest.mark.django_db
def test_a_unit_without_a_savepoint_fails_together_with_the_one_around_it(in_acme: TenantRef) -> None:
    before = newest_sequence()
    with pytest.raises(Refused), unit_of_work():
        record(FlagRaised("outer"), by=SYSTEM)
        with unit_of_work(savepoint=False):
            record(FlagRaised("inner"), by=SYSTEM)
            raise Refused
    assert colours_after(before) == []
    with unit_of_work():
        record(FlagRaised("outer"), by=SYSTEM)
        with unit_of_work(savepoint=False):
            record(FlagRaised("inner"), by=SYSTEM)
    assert colours_after(before) == ["outer", "inner"]


def test_recording_outside_of_a_unit_is_refused() -> None:
    with pytest.raises(NoUnitOfWork):
        record(FlagRaised("red"), by=SYSTEM)


@pytest.mark.django_db
def test_a_unit_outside_of_every_brand_cannot_write(acme: TenantRef) -> None:
    with public_scope(), pytest.raises((NoTenant, Exception)), transaction.atomic(), unit_of_work():
        record(FlagRaised("red"), by=SYSTEM)
    with tenant_scope(acme):
        raise_flags("green")
        assert colours_after(newest_sequence() - 1) == ["green"]


@pytest.mark.django_db
def test_a_unit_without_events_takes_no_number_and_no_statement(
    in_acme: TenantRef, django_assert_num_queries: object
) -> None:
    before = newest_sequence()
    with django_assert_num_queries(2), unit_of_work():  # type: ignore[operator]  # savepoint and its release
        pass
    assert newest_sequence() == before


@pytest.mark.django_db
def test_a_hundred_events_cost_one_statement(in_acme: TenantRef, django_assert_num_queries: object) -> None:
    newest_sequence()  # the connection is in this brand's schema by now
    with django_assert_num_queries(3):  # type: ignore[operator]  # savepoint, one statement, release
        raise_flags(*("red" for _ in range(100)))


@pytest.mark.django_db
def test_two_event_types_of_one_name_are_refused() -> None:
    with pytest.raises(TypeError, match="flag_raised"):

        class Impostor(DomainEvent):
            name = "test.flag_raised"


@pytest.mark.django_db
def test_a_page_of_the_log_is_bounded_and_continues(in_acme: TenantRef) -> None:
    before = newest_sequence()
    raise_flags("red", "green", "blue")
    first = events_after(before, limit=2)
    assert [event.payload["colour"] for event in first] == ["red", "green"]
    assert colours_after(first[-1].sequence) == ["blue"]
    assert oldest_sequence() is not None


@pytest.mark.django_db
def test_an_empty_log_has_number_zero(in_acme: TenantRef) -> None:
    Event.objects.all().delete()
    EventCounter.objects.all().delete()
    assert newest_sequence() == 0
    assert oldest_sequence() is None
    assert event_at(1) is None


@pytest.mark.django_db(transaction=True)
def test_order_of_numbers_is_order_of_commits_without_holes(acme: TenantRef) -> None:
    """Under concurrent writers, a reader that asks for what lies behind its newest number misses nothing."""
    with tenant_scope(acme):
        begin = newest_sequence()
    writers, each = 6, 25
    done = threading.Event()
    seen: list[int] = []

    def write(number: int) -> None:
        try:
            with tenant_scope(acme):
                for turn in range(each):
                    try:
                        with unit_of_work():
                            record(FlagRaised(f"{number}.{turn}"), by=SYSTEM)
                            if turn % 5 == 4:
                                raise Refused
                    except Refused:
                        pass
        finally:
            connection.close()

    def read() -> None:
        try:
            with tenant_scope(acme):
                at = begin
                while True:
                    finished = done.is_set()
                    events = events_after(at)
                    seen.extend(event.sequence for event in events)
                    at = seen[-1] if seen else at
                    if finished and not events:
                        return
        finally:
            connection.close()

    reader = threading.Thread(target=read)
    threads = [threading.Thread(target=write, args=(number,)) for number in range(writers)]
    reader.start()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    done.set()
    reader.join()
    committed = writers * each * 4 // 5
    assert seen == list(range(begin + 1, begin + 1 + committed))


@pytest.mark.django_db(transaction=True)
def test_a_wake_up_follows_the_commit_and_never_a_rollback(acme: TenantRef) -> None:
    heard: list[tuple[UUID, int]] = []
    end = wake.subscribe(lambda tenant_id, newest: heard.append((tenant_id, newest)))
    try:
        with tenant_scope(acme):
            with transaction.atomic():
                raise_flags("red")
                assert heard == []
            first = newest_sequence()
            with pytest.raises(Refused), transaction.atomic():
                raise_flags("green")
                raise Refused
    finally:
        end()
    assert heard == [(acme.id, first)]
