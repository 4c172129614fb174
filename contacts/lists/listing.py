"""A list of contacts: a page of it, and how many there are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce

from contacts.lists import filters
from contacts.lists.filters import BadFilter
from contacts.lists.orders import DEFAULT, ORDERS, Order, Place
from contacts.models import Contact, ContactAddress, ContactIdentity, ContactLabel
from contacts.queries import CONTACT_FIELDS
from contacts.search import finding

SORT = "sort"

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Wish:
    """Whom a list shows, and in which order. filters: by name, as `filters.cleaned` leaves them."""

    filters: Mapping[str, str] = field(default_factory=dict)
    sort: str = DEFAULT

    @classmethod
    def read(cls, values: Mapping[str, str]) -> Wish:
        """The wish that an address or a segment says. Raises BadFilter, also for what cannot be read."""
        sort = values.get(SORT, "") or DEFAULT
        if sort not in ORDERS:
            raise BadFilter(SORT, "invalid")
        wanted = filters.cleaned({name: value for name, value in values.items() if name != SORT})
        return cls(wanted, sort)

    @property
    def order(self) -> Order:
        return ORDERS[self.sort]

    def as_values(self) -> dict[str, str]:
        """The same as `read` takes it."""
        return {**self.filters} if self.sort == DEFAULT else {**self.filters, SORT: self.sort}


def wanted(wish: Wish, *, visible: Q) -> QuerySet[Contact]:
    """The contacts that the wish and the asker's rights let through, in no order. Raises BadFilter."""
    return Contact.objects.filter(filters.condition(wish.filters), visible)


def page(wish: Wish, *, visible: Q, after: Place | None, limit: int) -> list[Row]:
    """A page of rows; `key` says where each stands in the order. One query, one for own fields in the wish, and one
    for its text. Raises BadFilter."""
    order = wish.order
    rows = wanted(wish, visible=visible).annotate(key=order.key)
    if after is not None:
        rows = rows.filter(after.beyond(order))
    key: F | Coalesce = F("key")
    asked = filters.sought(wish.filters.get(filters.TEXT, ""))
    if asked is not None and finding.are_few(asked):
        key = Coalesce(key, key)  # ordered by what no index knows: the server must not walk
    ordered = rows.order_by(
        key.desc() if order.is_falling else key.asc(), "-id" if order.is_falling else "id"
    )
    return list(ordered.values(*CONTACT_FIELDS, "key")[:limit])


def count(wish: Wish, *, visible: Q) -> int:
    """How many there are. One query that looks at all of them: nothing for a page that somebody waits for."""
    return wanted(wish, visible=visible).count()


def with_company(rows: Iterable[Row]) -> list[Row]:
    """The rows with what stands beside a name in the list: `labels`, `channels`, `addresses`. Three queries."""
    found = list(rows)
    ids = [row["id"] for row in found]
    labelled = ContactLabel.objects.filter(contact_id__in=ids).order_by("label__name")
    labels = _grouped(labelled.values_list("contact_id", "label__name", "label__colour"))
    used = ContactIdentity.objects.filter(contact_id__in=ids).order_by("channel")
    channels = _grouped(used.values_list("contact_id", "channel").distinct())
    claimed = ContactAddress.objects.filter(contact_id__in=ids).order_by("-is_verified", "kind", "created_at")
    addresses = _grouped(claimed.values_list("contact_id", "value"))
    for row in found:
        row["labels"] = [{"name": name, "colour": colour} for name, colour in labels.get(row["id"], ())]
        row["channels"] = [channel for (channel,) in channels.get(row["id"], ())]
        row["addresses"] = [value for (value,) in addresses.get(row["id"], ())]
    return found


def _grouped(rows: Iterable[tuple[Any, ...]]) -> dict[UUID, list[tuple[Any, ...]]]:
    groups: dict[UUID, list[tuple[Any, ...]]] = {}
    for contact_id, *rest in rows:
        groups.setdefault(contact_id, []).append(tuple(rest))
    return groups
