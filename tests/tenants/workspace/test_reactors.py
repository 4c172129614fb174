from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from threading import Timer
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from tenants.directory import TenantRef
from tenants.workspace import reactors, wake
from tenants.workspace.events import SYSTEM, DomainEvent, record, unit_of_work
from tenants.workspace.log import LoggedEvent, events_after, newest_sequence
from tenants.workspace.models import Cursor, DeadEvent, Team

pytestmark = pytest.mark.django_db


@dataclass(frozen=True, slots=True)
class BellRung(DomainEvent):
    name = "test.bell_rung"
    number: int


@dataclass(frozen=True, slots=True)
class DoorOpened(DomainEvent):
    name = "test.door_opened"
    number: int


@pytest.fixture(autouse=True)
def only_my_reactors(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(reactors, "_registry", {})
    yield


def ring(*numbers: int, event: type[DomainEvent] = BellRung) -> None:
    with unit_of_work():
        for number in numbers:
            record(event(number), by=SYSTEM)  # type: ignore[call-arg]


def bells(seen: list[int], *, poison: frozenset[int] = frozenset()) -> reactors.Handler:
    def handle(event: LoggedEvent) -> None:
        if event.payload["number"] in poison:
            raise RuntimeError(f"bell {event.payload['number']} is cracked")
        seen.append(event.payload["number"])

    return handle


def let_retries_fall_due() -> None:
    Cursor.objects.filter(retry_at__isnull=False).update(retry_at=timezone.now() - timedelta(seconds=1))


def cursor_of(name: str) -> Cursor:
    return Cursor.objects.get(reactor=name)


def test_a_reactor_takes_its_events_once_and_in_order(in_acme: TenantRef) -> None:
    seen: list[int] = []
    reactors.reactor("bells", events=[BellRung])(bells(seen))
    ring(1, 2, 3)
    assert reactors.run_reactors() is False
    ring(4)
    reactors.run_reactors()
    reactors.run_reactors()
    assert seen == [1, 2, 3, 4]
    assert cursor_of("bells").sequence == newest_sequence()


def test_a_reactor_is_not_given_events_it_did_not_ask_for_and_still_moves_on(in_acme: TenantRef) -> None:
    seen: list[int] = []
    reactors.reactor("bells", events=[BellRung])(bells(seen))
    ring(7, event=DoorOpened)
    reactors.run_reactors()
    assert seen == []
    assert cursor_of("bells").sequence == newest_sequence()


def test_several_batches_are_taken_in_one_run(in_acme: TenantRef, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reactors, "MOST_AT_ONCE", 10)
    seen: list[int] = []
    reactors.reactor("bells", events=[BellRung])(bells(seen))
    ring(*range(35))
    assert reactors.run_reactors() is False
    assert seen == list(range(35))


def test_a_run_also_takes_what_reactors_write_in_it(in_acme: TenantRef) -> None:
    seen: list[int] = []

    @reactors.reactor("porter", events=[DoorOpened])
    def ring_for(event: LoggedEvent) -> None:
        record(BellRung(event.payload["number"]), by=SYSTEM)

    reactors.reactor("bells", events=[BellRung])(bells(seen))
    ring(1, 2, event=DoorOpened)
    assert reactors.run_reactors() is False
    assert seen == [1, 2]


def test_a_run_ends_with_what_was_there_when_it_began_and_reminds_of_the_rest(
    in_acme: TenantRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs: list[int] = []
    reminded: list[tuple[Any, int]] = []
    really = reactors._run_round

    def round_in_a_storm() -> Any:
        step = really()
        runs.append(len(runs))
        if len(runs) < 5:
            ring(len(runs))
        return step

    reactors.reactor("bells", events=[BellRung])(bells([]))
    monkeypatch.setattr(reactors, "_run_round", round_in_a_storm)
    monkeypatch.setattr(wake, "remind", lambda tenant_id, newest: reminded.append((tenant_id, newest)))
    ring(0)
    reactors.run_reactors_job.func(str(in_acme.id))
    assert (len(runs), reminded) == (1, [(in_acme.id, newest_sequence())])
    runs.extend(range(5))  # the storm is over
    reminded.clear()
    reactors.run_reactors_job.func(str(in_acme.id))
    assert reminded == [] and cursor_of("bells").sequence == newest_sequence()


def test_a_run_says_when_work_is_left(in_acme: TenantRef, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reactors, "MOST_AT_ONCE", 2)
    monkeypatch.setattr(reactors, "MOST_ROUNDS", 3)
    seen: list[int] = []
    reactors.reactor("bells", events=[BellRung])(bells(seen))
    ring(*range(9))
    assert reactors.run_reactors() is True
    assert seen == list(range(6))
    assert reactors.run_reactors() is False
    assert seen == list(range(9))


def test_effects_and_cursor_stand_or_fall_together(in_acme: TenantRef) -> None:
    @reactors.reactor("teams", events=[BellRung])
    def make_team(event: LoggedEvent) -> None:
        Team.objects.create(name=f"team {event.payload['number']}")
        if event.payload["number"] == 2:
            raise RuntimeError("no")

    ring(1, 2)
    reactors.run_reactors()
    assert list(Team.objects.values_list("name", flat=True)) == ["team 1"]
    assert cursor_of("teams").sequence == newest_sequence() - 1


def test_what_stands_before_and_behind_a_poisonous_event_is_taken_in_order(in_acme: TenantRef) -> None:
    seen: list[int] = []
    reactors.reactor("bells", events=[BellRung])(bells(seen, poison=frozenset({3})))
    ring(1, 2, 3, 4, 5)
    reactors.run_reactors()
    assert seen[-2:] == [1, 2]
    for _try in range(reactors.TRIES):
        let_retries_fall_due()
        reactors.run_reactors()
    assert [number for number in seen if number > 2] == [4, 5]
    dead = DeadEvent.objects.get()
    assert (dead.reactor, dead.sequence) == ("bells", newest_sequence() - 2)
    assert "bell 3 is cracked" in dead.error


def test_an_event_is_tried_five_times_and_not_before_its_pause_is_over(in_acme: TenantRef) -> None:
    tries: list[int] = []

    @reactors.reactor("bells", events=[BellRung])
    def refuse(event: LoggedEvent) -> None:
        tries.append(event.sequence)
        raise RuntimeError("never")

    ring(1)
    pauses = []
    for _try in range(reactors.TRIES):
        let_retries_fall_due()
        reactors.run_reactors()
        reactors.run_reactors()  # the pause is not over: nothing happens
        retry_at = cursor_of("bells").retry_at
        pauses.append(retry_at and round((retry_at - timezone.now()).total_seconds()))
    assert len(tries) == reactors.TRIES
    assert pauses == [2, 10, 30, 60, None]
    assert cursor_of("bells").sequence == newest_sequence()


def test_a_failing_reactor_holds_no_other_up(in_acme: TenantRef) -> None:
    seen: list[int] = []
    reactors.reactor("first", events=[BellRung])(bells([], poison=frozenset({1})))
    reactors.reactor("second", events=[BellRung])(bells(seen))
    ring(1, 2)
    reactors.run_reactors()
    assert seen == [1, 2]
    assert cursor_of("first").sequence == newest_sequence() - 2


def test_an_event_that_kills_the_process_is_counted_and_given_up(in_acme: TenantRef) -> None:
    class Killed(BaseException):
        """Stands in for the end of the process: no handler of ours runs."""

    seen: list[int] = []

    @reactors.reactor("bells", events=[BellRung])
    def handle(event: LoggedEvent) -> None:
        if event.payload["number"] == 2:
            raise Killed
        seen.append(event.payload["number"])

    ring(1, 2, 3)
    deaths = 0
    for _run in range(12):
        let_retries_fall_due()
        try:
            reactors.run_reactors()
        except Killed:
            deaths += 1
    assert deaths == reactors.TRIES + 1  # once inside the batch, five times alone
    assert seen[-2:] == [1, 3]
    assert "process ended" in DeadEvent.objects.get().error


def test_a_dead_event_is_replayed_once(in_acme: TenantRef) -> None:
    seen: list[int] = []
    poison = {1}
    reactors.reactor("bells", events=[BellRung])(bells(seen, poison=poison))  # type: ignore[arg-type]
    ring(1)
    for _try in range(reactors.TRIES):
        let_retries_fall_due()
        reactors.run_reactors()
    dead = DeadEvent.objects.get()
    with pytest.raises(RuntimeError):
        reactors.replay(dead)
    assert DeadEvent.objects.get().replayed_at is None
    poison.clear()
    reactors.replay(dead)
    reactors.replay(dead)
    assert seen == [1]
    assert DeadEvent.objects.get().replayed_at is not None


def test_a_dead_event_of_a_reactor_that_is_gone_cannot_be_replayed(in_acme: TenantRef) -> None:
    ring(1)
    dead = DeadEvent.objects.create(reactor="gone", sequence=newest_sequence(), error="x")
    with pytest.raises(reactors.EventGone):
        reactors.replay(dead)


def test_a_broken_reference_is_charged_to_the_event_that_made_it(in_acme: TenantRef) -> None:
    @reactors.reactor("teams", events=[BellRung])
    def join(event: LoggedEvent) -> None:
        if event.payload["number"] == 2:
            team = Team.objects.create(name="phantoms")
            team.agents.through.objects.create(team_id=team.id, agent_id=team.id)
        else:
            Team.objects.create(name=f"team {event.payload['number']}")

    ring(1, 2, 3)
    reactors.run_reactors()
    assert list(Team.objects.values_list("name", flat=True)) == ["team 1"]
    assert cursor_of("teams").failing_sequence == newest_sequence() - 1


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_only_looks_at_a_cursor_keeps_nobody_from_the_work(in_acme: TenantRef) -> None:
    seen: list[int] = []
    reactors.reactor("bells", events=[BellRung])(bells(seen))
    reactors.run_reactors()
    ring(1)
    onlooker = connection.copy()
    onlooker.inc_thread_sharing()
    going: list[Timer] = []

    def look(execute: Callable[..., Any], sql: str, *given: Any) -> Any:
        answer = execute(sql, *given)
        if "attempts + 1" in sql and not going:  # the try is noted, the work not begun
            onlooker.set_autocommit(False)
            with onlooker.cursor() as cursor:
                cursor.execute(f"SELECT 1 FROM {in_acme.schema_name}.workspace_cursor FOR UPDATE")
            going.append(Timer(0.2, onlooker.rollback))
            going[0].start()
        return answer

    with connection.execute_wrapper(look):
        reactors.run_reactors()
    going[0].join()
    onlooker.close()
    assert seen == [1]


def test_events_of_another_brand_are_never_seen(in_acme: TenantRef, globex: TenantRef) -> None:
    seen: list[int] = []
    reactors.reactor("bells", events=[BellRung])(bells(seen))
    ring(1)
    with reactors.tenant_scope(globex):
        ring(2)
        reactors.run_reactors()
    assert seen == [2]
    reactors.run_reactors()
    assert seen == [2, 1]


def test_being_behind_is_known_and_a_pause_does_not_count(in_acme: TenantRef) -> None:
    reactors.reactor("bells", events=[BellRung])(bells([], poison=frozenset({1})))
    ring(2)
    assert reactors.is_behind()
    reactors.run_reactors()
    assert not reactors.is_behind()
    ring(1)
    reactors.run_reactors()
    assert not reactors.is_behind()
    let_retries_fall_due()
    assert reactors.is_behind()


def test_the_query_count_does_not_grow_with_reactors_that_want_nothing(
    in_acme: TenantRef, django_assert_max_num_queries: object
) -> None:
    for name in ("one", "two", "three", "four", "five", "six", "seven", "eight"):
        reactors.reactor(name, events=[DoorOpened])(bells([]))
    reactors.run_reactors()
    ring(*range(50))
    with django_assert_max_num_queries(8):  # type: ignore[operator]
        reactors.run_reactors()


def test_two_reactors_of_one_name_are_refused() -> None:
    reactors.reactor("bells", events=[BellRung])(bells([]))
    with pytest.raises(ValueError, match="bells"):
        reactors.reactor("bells", events=[BellRung])(bells([]))


def test_a_sweep_asks_once_for_each_brand_that_is_behind(in_acme: TenantRef) -> None:
    reactors.reactor("bells", events=[BellRung])(bells([]))
    ring(1)
    assert reactors.sweep() >= 1
    reactors.sweep()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'reactors' AND args->>'tenant_id'=%s",
            [str(in_acme.id)],
        )
        assert cursor.fetchone() == (1,)
    assert events_after(newest_sequence()) == []


def test_a_batch_reactor_is_given_what_it_wants_of_a_batch_at_once(in_acme: TenantRef) -> None:
    seen: list[list[int]] = []
    reactors.batch_reactor("bells", events=[BellRung])(batches(seen))
    ring(1, 2)
    ring(9, event=DoorOpened)
    ring(3)
    reactors.run_reactors()
    assert seen == [[1, 2, 3]]
    assert cursor_of("bells").sequence == newest_sequence()


def test_of_a_batch_with_a_poisonous_event_the_others_are_taken_and_it_dies_alone(in_acme: TenantRef) -> None:
    def found_teams(events: Sequence[LoggedEvent]) -> None:
        numbers = [event.payload["number"] for event in events]
        Team.objects.bulk_create(Team(name=f"bell {number}") for number in numbers)
        if 2 in numbers:
            raise RuntimeError("bell 2 is cracked")

    reactors.batch_reactor("bells", events=[BellRung])(found_teams)
    ring(1, 2, 3)
    for _try in range(reactors.TRIES + 1):
        reactors.run_reactors()
        let_retries_fall_due()
    assert sorted(Team.objects.values_list("name", flat=True)) == ["bell 1", "bell 3"]
    assert DeadEvent.objects.filter(reactor="bells").count() == 1
    assert cursor_of("bells").sequence == newest_sequence()


def test_a_dead_event_of_a_batch_reactor_is_replayed_alone(in_acme: TenantRef) -> None:
    seen: list[list[int]] = []
    reactors.batch_reactor("bells", events=[BellRung])(batches(seen))
    ring(5)
    reactors.replay(DeadEvent.objects.create(reactor="bells", sequence=newest_sequence(), error="broke"))
    assert seen == [[5]]


def batches(seen: list[list[int]]) -> reactors.BatchHandler:
    def handle(events: Sequence[LoggedEvent]) -> None:
        seen.append([event.payload["number"] for event in events])

    return handle
