"""What a drill may change in the processes that it starts: disturbances, and the removal of the mend that it proves.

Changes are made by replacing functions of the loaded product; the product itself knows nothing of them.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import psycopg
from django.db import connection, transaction

from conversations import attempts, breaker, hooks, lanes, settling
from conversations.channels.errors import DeliveryError, ErrorKind
from conversations.channels.items import IncomingMessage
from conversations.inbound import Arrival, changes, records
from conversations.inbound.records import Outcome
from conversations.models import InboundRecord, OutboundAttempt
from conversations.realtime import hub
from tenants.directory import TenantRef
from tenants.scope import in_tenant, scoped_tenant, tenant_scope
from tenants.statements import send_what_waits
from tenants.workspace import events, notices, wake
from tenants.workspace.log import newest_sequence

LONGEST_HOLD_SECONDS = 0.05
WRITE_BEHIND_SECONDS = 0.2

_submit = lanes.submit
_store = records.store
_begin_all, _finish_all = attempts.begin_all, attempts.finish_all
_refused = settling.refused
_later: set[asyncio.Task[None]] = set()


@dataclass(frozen=True)
class Mend:
    """What keeps a promise, the change that removes it, and the law that is broken without it."""

    what: str
    removal: str
    law: str


# --- disturbances ------------------------------------------------------------------------------------------


def slow_commits() -> None:
    """Every transaction is held for 0 to 50 ms between its last statement and its commit."""
    write = events._write

    def held(recorded: list[Any]) -> None:
        write(recorded)
        send_what_waits()
        time.sleep(random.uniform(0, LONGEST_HOLD_SECONDS))

    events._write = held


def no_slow_poll() -> None:
    """The hub never looks at the log by itself."""
    hub.LOOK_SECONDS = 3600.0


def quick_probes() -> None:
    """A platform that failed is asked again every two seconds."""
    breaker.PROBE_EVERY = timedelta(seconds=2)


# --- removals ----------------------------------------------------------------------------------------------


def acknowledge_before_commit() -> None:
    """A hook is answered while its messages wait in memory to be written."""

    async def later(tenant: TenantRef, arrivals: Sequence[Arrival]) -> None:
        await asyncio.sleep(WRITE_BEHIND_SECONDS)
        await _submit(tenant, arrivals)

    async def at_once(tenant: TenantRef, arrivals: Sequence[Arrival]) -> None:
        task = asyncio.get_running_loop().create_task(later(tenant, arrivals))
        _later.add(task)
        task.add_done_callback(_later.discard)

    lanes.submit = at_once


def forget_names() -> None:
    """A message that comes again has another name than before: no constraint knows it."""

    async def renamed(tenant: TenantRef, arrivals: Sequence[Arrival]) -> None:
        await _submit(tenant, [_renamed(arrival) for arrival in arrivals])

    lanes.submit = renamed


def look_then_insert() -> None:
    """Duplicates are looked for instead of being refused by a constraint."""

    def is_new(arrival: Arrival) -> bool:
        return not InboundRecord.objects.filter(event_id__startswith=f"{arrival.item.event_id}#").exists()

    def new_ones(arrivals: Sequence[Arrival]) -> list[Arrival]:
        return [_renamed(arrival) for arrival in arrivals if is_new(arrival)]

    async def looked(tenant: TenantRef, arrivals: Sequence[Arrival]) -> None:
        await _submit(tenant, await in_tenant(tenant, new_ones, arrivals))

    lanes.submit = looked


def commit_without_flush() -> None:
    """Commits are answered before they are on disk."""

    def store(arrivals: Sequence[Arrival]) -> list[records.Entry]:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL synchronous_commit = off")
        return _store(arrivals)

    records.store = store


def serial_numbers() -> None:
    """Events take their numbers from a sequence, as a serial column does, instead of from the counter's row."""

    def numbered(recorded: list[Any]) -> None:
        with connection.cursor() as cursor:
            for row in map(events._columns, recorded):
                cursor.execute(
                    """
                    INSERT INTO workspace_event
                           (sequence, name, payload, actor_kind, actor_id, contact_id, conversation_id, happened_at)
                    VALUES (nextval('drill_serial'), %(names)s, %(payloads)s, %(actor_kinds)s, %(actor_ids)s,
                            %(contact_ids)s, %(conversation_ids)s, %(times)s)
                    RETURNING sequence
                    """,
                    row,
                )
                newest = cursor.fetchone()[0]
        transaction.on_commit(partial(told, newest))

    def told(newest: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE workspace_eventcounter SET newest = greatest(newest, %s)", [newest])
        wake.announce(scoped_tenant().id, newest)

    events._write = numbered


def make_serial(tenant: TenantRef) -> None:
    """The sequence that `serial_numbers` needs."""
    with tenant_scope(tenant), connection.cursor() as cursor:
        cursor.execute("INSERT INTO workspace_eventcounter (id, newest) VALUES (1, 0) ON CONFLICT DO NOTHING")
        cursor.execute(f"CREATE SEQUENCE drill_serial START {newest_sequence() + 1}")


def attempt_after_call() -> None:
    """The attempt's row is written after the call: no trace of a killed worker, and no lease for a second one."""
    begun: dict[UUID, dict[str, Any]] = {}

    def begin_all(conversation_ids: Sequence[UUID]) -> list[attempts.Call]:
        calls = _begin_all(conversation_ids)
        for call in calls:
            rows = OutboundAttempt.objects.filter(id=call.attempt_id)
            begun[call.attempt_id] = rows.values().get()
            rows.delete()
        return calls

    def finish_all(results: Sequence[tuple[attempts.Call, Any]]) -> Any:
        for call, _result in results:
            row = begun.pop(call.attempt_id)
            known = OutboundAttempt.objects.filter(message_id=row["message_id"]).count()
            OutboundAttempt.objects.create(**{**row, "number": known + 1})
        return _finish_all(results)

    attempts.begin_all, attempts.finish_all = begin_all, finish_all


def no_second_try() -> None:
    """A platform's trouble is the message's end."""
    settling.RETRY_AFTER_SECONDS = ()


def deaf_to_retry_after() -> None:
    """The time that a platform wants is not heard: the usual one is waited."""

    def refused(*given: Any) -> settling.Settled:
        attempt, message, error, *more = given
        error.retry_after = None
        return _refused(attempt, message, error, *more)

    settling.refused = refused


def try_again_unasked() -> None:
    """An outcome that nobody knows counts as a failure that may be tried again."""

    def refused(*given: Any) -> settling.Settled:
        attempt, message, error, *more = given
        if error.kind is ErrorKind.UNKNOWN_OUTCOME:
            error = DeliveryError(ErrorKind.TEMPORARY, code=error.code, detail=error.detail)
        return _refused(attempt, message, error, *more)

    settling.refused = refused


def forget_what_is_early() -> None:
    """What is told of a message before the message came is dropped."""

    def dropped(*given: Any) -> str:
        return Outcome.UNRELATED

    changes._park = dropped


def unreadable_comes_again() -> None:
    """A body that cannot be read is not kept: the platform is asked to bring it again."""

    async def refused(*given: Any) -> None:
        raise hooks._come_again()

    hooks._bury = refused


def unsupervised_listener() -> None:
    """A lost listening connection is not opened again."""

    async def once(listener: notices.Listener) -> None:
        with suppress(psycopg.Error, OSError):
            await listener._listen()

    notices.Listener._supervise = once


def _renamed(arrival: Arrival) -> Arrival:
    mark = f"#{uuid4().hex}"
    names = {"event_id": f"{arrival.item.event_id}{mark}"}
    if isinstance(arrival.item, IncomingMessage):
        names["external_id"] = f"{arrival.item.external_id}{mark}"
    return replace(arrival, item=replace(arrival.item, **names))


CHANGES: dict[str, Callable[[], None]] = {
    change.__name__: change
    for change in (
        slow_commits,
        no_slow_poll,
        quick_probes,
        acknowledge_before_commit,
        forget_names,
        look_then_insert,
        commit_without_flush,
        serial_numbers,
        attempt_after_call,
        no_second_try,
        deaf_to_retry_after,
        try_again_unasked,
        forget_what_is_early,
        unreadable_comes_again,
        unsupervised_listener,
    )
}

MENDS: dict[str, Mend] = {
    "web_killed": Mend("a hook is answered after the commit", "acknowledge_before_commit", "lost"),
    "inbound_failpoints": Mend("every event has one name, under a constraint", "forget_names", "doubled"),
    "database_killed": Mend("commits wait for the disk", "commit_without_flush", "lost"),
    "same_event": Mend("duplicates are refused, not looked for", "look_then_insert", "doubled"),
    "worker_killed": Mend("an attempt is on disk before its call", "attempt_after_call", "doubled"),
    "two_workers": Mend("an attempt is a lease", "attempt_after_call", "doubled"),
    "platform_down": Mend("trouble of a platform is tried again", "no_second_try", "waiting"),
    "rate_limited": Mend("Retry-After is obeyed", "deaf_to_retry_after", "early"),
    "timed_out_but_delivered": Mend(
        "what has no key is not sent again on a guess", "try_again_unasked", "doubled"
    ),
    "shuffled_history": Mend("what comes early waits for its message", "forget_what_is_early", "state"),
    "hostile": Mend("what cannot be read is kept and answered", "unreadable_comes_again", "stuck"),
    "commit_order": Mend("events are numbered last, under the counter's row", "serial_numbers", "reader"),
    "listener_lost": Mend("the listener is supervised", "unsupervised_listener", "reader"),
    "wake_ups_dropped": Mend("the hub looks by itself, too", "no_slow_poll", "reader"),
}
"""Drill -> the mend that it proves."""
