"""The orders of a list of contacts, each with an index that walks it, and places in them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F, Q
from django.db.models.expressions import Combinable

from contacts.models.people import BY_LAST_SEEN, BY_NAME

DEFAULT = "newest"


@dataclass(frozen=True, slots=True)
class Order:
    """key: what is ordered by, never null. is_falling: the greatest first; so is the id among equals."""

    key: Combinable
    is_falling: bool
    is_time: bool


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ends: the next one begins behind it. key: a time or a folded name, as the order has it."""

    key: Any
    id: UUID

    def beyond(self, order: Order) -> Q:
        """The rows behind it, of a queryset annotated with `key`."""
        way = "lt" if order.is_falling else "gt"
        behind = Q(**{f"key__{way}": self.key}) | Q(key=self.key, **{f"id__{way}": self.id})
        # said once more in a way that an index can begin with
        return behind & Q(**{f"key__{way}e": self.key})

    @classmethod
    def read(cls, order: Order, position: list[Any] | None) -> Place | None:
        """The place that a cursor says. Raises ValueError for one of another order."""
        if position is None:
            return None
        key, row_id = position
        return cls(datetime.fromisoformat(key) if order.is_time else str(key), UUID(row_id))


ORDERS = {
    "newest": Order(F("created_at"), True, True),
    "seen": Order(BY_LAST_SEEN, True, True),
    "name": Order(BY_NAME, False, False),
}
"""By their names in addresses: newest first, seen last first, by name with the nameless at the end."""
