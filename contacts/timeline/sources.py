"""What a timeline is made of: entries, places between them, and the sources that know them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from django.db.models import Q

from tenants.workspace.access import Acting


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """Where an entry stands: by time, then by kind, then by the order of its own source."""

    at: datetime
    kind: str
    id: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing in a person's story. id: unique within the kind; texts of ids sort as the ids do. data: what the
    kind's template and the API show."""

    kind: str
    id: str
    at: datetime
    data: Mapping[str, Any]

    @property
    def position(self) -> Position:
        return Position(self.at, self.kind, self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Which part of a story is wanted: `limit` entries next to a position, older (before) or newer (after) than it;
    without one, the newest of all. Never both."""

    limit: int
    before: Position | None = None
    after: Position | None = None

    @property
    def is_forward(self) -> bool:
        """Whether it is read towards the present."""
        return self.after is not None

    def order(self, *fields: str) -> tuple[str, ...]:
        """The fields by which rows are ordered, the nearest first."""
        return fields if self.is_forward else tuple(f"-{field}" for field in fields)

    def condition(self, kind: str, at: str, id: str) -> Q:
        """The rows of a source of this kind that lie in the part. at, id: the names of its fields."""
        edge = self.after or self.before
        if edge is None:
            return Q()
        way = "gt" if self.is_forward else "lt"
        beyond = Q(**{f"{at}__{way}": edge.at})
        if kind == edge.kind:
            same = Q(**{at: edge.at, f"{id}__{way}": edge.id})
            # said once more in a way that an index can begin with
            return (beyond | same) & Q(**{f"{at}__{way}e": edge.at})
        is_beyond = kind > edge.kind if self.is_forward else kind < edge.kind
        return Q(**{f"{at}__{way}e": edge.at}) if is_beyond else beyond


class Source(Protocol):
    """One kind of entries. label: what people call them; template: shows one entry, as `entry`; ids: what reads an
    id of it from text, and raises ValueError for what is none."""

    kind: str
    ids: Any
    label: Any
    template: str

    def entries(self, contact_ids: Sequence[UUID], *, reader: Acting, part: Part) -> list[Entry]:
        """The entries in the part, nearest first, `part.limit` at most; only what the reader may see. A number of
        queries that does not depend on how many there are.

        contact_ids: the person's, and those of contacts that were merged into them, which only the log still names.
        """


_registry: dict[str, Source] = {}


def register(source: Source) -> None:
    """Let timelines tell what this source knows. Raises ValueError when another one has its kind."""
    known = _registry.setdefault(source.kind, source)
    if type(known) is not type(source):  # an app may be made ready twice
        raise ValueError(f"two sources of the timeline are called {source.kind}")


def registered() -> list[Source]:
    """All sources, in the order of registration."""
    return list(_registry.values())


def by_kind(kind: str) -> Source | None:
    """The source of this kind, if there is one."""
    return _registry.get(kind)
