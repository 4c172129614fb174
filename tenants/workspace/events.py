"""The event log: the one spine.

Every change of state happens inside `unit_of_work()` and says so with `record()`. The events are written by the
last statement before the commit: numbers are taken under the tenant's counter row, so their order is the order of
commits, and there are no holes.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, ClassVar
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from tenants.arrays import array
from tenants.scope import scoped_tenant
from tenants.statements import Answer, execute_with_next, send_what_waits
from tenants.workspace import wake
from tenants.workspace.models import Agent


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it. Every verb takes one as `by=`; there is no ambient current user."""

    kind: str  # agent | contact | bot | system | token
    id: UUID | None = None

    @classmethod
    def agent(cls, agent: Agent) -> Actor:
        return cls("agent", agent.id)

    @property
    def agent_id(self) -> UUID | None:
        """The agent's id when a member of the brand's staff acts, else None."""
        return self.id if self.kind == "agent" else None


SYSTEM = Actor("system")


class DomainEvent:
    """Base of all event types: frozen dataclasses with ids and changed values only, never message text.

    `contact_id` and `conversation_id`, where a type has them, become columns of the log; all else is payload.
    """

    name: ClassVar[str]
    catalogue: ClassVar[dict[str, type[DomainEvent]]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "name" not in cls.__dict__:
            return  # a base of several types
        known = DomainEvent.catalogue.get(cls.name)
        if known is not None and known.__qualname__ != cls.__qualname__:
            raise TypeError(f"two event types are called {cls.name}")
        DomainEvent.catalogue[cls.name] = cls  # a slotted dataclass is made twice: the second one counts


class NoUnitOfWork(RuntimeError):
    """An event was recorded outside of unit_of_work()."""


@dataclass(slots=True)
class _Recorded:
    event: DomainEvent
    by: Actor
    happened_at: datetime


_WRITE = """
    WITH counter AS (
        INSERT INTO workspace_eventcounter (id, newest) VALUES (1, %(count)s)
        ON CONFLICT (id) DO UPDATE SET newest = workspace_eventcounter.newest + EXCLUDED.newest
        RETURNING newest)
    INSERT INTO workspace_event
           (sequence, name, payload, actor_kind, actor_id, contact_id, conversation_id, happened_at)
    SELECT counter.newest - %(count)s + new.position, new.name, new.payload, new.actor_kind, new.actor_id,
           new.contact_id, new.conversation_id, new.happened_at
      FROM counter,
           unnest(%(names)s::text[], %(payloads)s::jsonb[], %(actor_kinds)s::text[], %(actor_ids)s::uuid[],
                  %(contact_ids)s::uuid[], %(conversation_ids)s::uuid[], %(times)s::timestamptz[])
           WITH ORDINALITY AS new (name, payload, actor_kind, actor_id, contact_id, conversation_id,
                                   happened_at, position)
    RETURNING (SELECT newest FROM counter)
"""

_names: dict[type[DomainEvent], tuple[str, ...]] = {}
_open_unit: ContextVar[list[_Recorded] | None] = ContextVar("open_unit_of_work", default=None)


@contextmanager
def unit_of_work(*, savepoint: bool = True) -> Iterator[Sequence[object]]:
    """One transaction with its events. Units nest: an inner one that fails takes its events back with it.
    What it gives fills with what is recorded in it.

    savepoint: False for one that, when it stands in another, fails together with it: two round trips fewer.
    """
    outer = _open_unit.get()
    recorded: list[_Recorded] = []
    token = _open_unit.set(recorded)
    try:
        with transaction.atomic(savepoint=savepoint):
            yield recorded
            connection.validate_no_broken_transaction()  # it would be taken back without a word
            if outer is not None:
                send_what_waits()  # whoever catches what an inner unit raises must not meet it later
            elif recorded:
                _write(recorded)
    finally:
        _open_unit.reset(token)
    if outer is not None:
        outer.extend(recorded)


def record(event: DomainEvent, *, by: Actor, happened_at: datetime | None = None) -> None:
    """Note that `event` happened; it is written when the outermost unit of work ends.

    happened_at: platform time where the event has one, else now.
    """
    recorded = _open_unit.get()
    if recorded is None:
        raise NoUnitOfWork(f"{event.name} was recorded outside of unit_of_work()")
    recorded.append(_Recorded(event, by, happened_at or timezone.now()))


def _write(recorded: list[_Recorded]) -> None:
    rows = [_columns(entry) for entry in recorded]
    given = {"count": len(rows), **{key: array(row[key] for row in rows) for key in rows[0]}}
    # Where the transaction is ours, nothing but the commit follows: everybody's counter is held for no round trip.
    answer = execute_with_next(_WRITE, given)
    transaction.on_commit(partial(_announce, scoped_tenant().id, answer))


def _announce(tenant_id: UUID, answer: Answer) -> None:
    wake.announce(tenant_id, answer()[0][0])


def _columns(entry: _Recorded) -> dict[str, Any]:
    event = entry.event
    values = {name: getattr(event, name) for name in _field_names(type(event))}
    return {
        "names": event.name,
        "contact_ids": values.pop("contact_id", None),
        "conversation_ids": values.pop("conversation_id", None),
        "payloads": _payload(values),
        "actor_kinds": entry.by.kind,
        "actor_ids": entry.by.id,
        "times": entry.happened_at,
    }


def _field_names(kind: type[DomainEvent]) -> tuple[str, ...]:
    names = _names.get(kind)
    if names is None:
        names = _names[kind] = tuple(field.name for field in dataclasses.fields(kind))  # type: ignore[arg-type]
    return names


def _plain(value: Any) -> Any:
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} cannot stand in an event")


_payload = json.JSONEncoder(default=_plain).encode
