"""One element of a webhook of Meta's platforms: whose it is, when it happened, what it is called.

The element says what it is by the key it carries. For what a customer does, sender is the customer and recipient
the account; for echoes it is the other way round.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from conversations.channels import wire
from conversations.channels.base import Unparsable
from conversations.channels.items import JsonObject, UnknownItem

STANDBY = "standby"
"""Set to True in `Item.raw` when another app owns the thread: do not answer by machine, warn the agent."""

TOLD_AT = "time"
"""In `Item.raw` of a change: when its entry was sent. A change itself often carries no time, or an old one."""


@dataclass(frozen=True, slots=True)
class Element:
    """An element of `messaging`, `standby` or `changes`, for the account that its entry names."""

    account_id: str
    raw: JsonObject

    @property
    def sender(self) -> str:
        return wire.identifier(wire.mapping(self.raw, "sender"), "id")

    @property
    def recipient(self) -> str:
        return wire.identifier(wire.mapping(self.raw, "recipient"), "id")

    @property
    def from_customer(self) -> bool:
        return self.recipient == self.account_id and self.sender not in {"", self.account_id}

    @property
    def from_account(self) -> bool:
        return self.sender == self.account_id and self.recipient not in {"", self.account_id}

    @property
    def customer(self) -> str:
        if self.from_customer:
            return self.sender
        return self.recipient if self.from_account else ""

    @property
    def happened_at(self) -> datetime:
        return wire.moment(self.raw.get("timestamp"), self.raw.get(TOLD_AT))

    @property
    def is_standby(self) -> bool:
        return self.raw.get(STANDBY) is True

    def body(self, name: str) -> dict[str, Any]:
        """The object under `name`, or an empty one."""
        return wire.mapping(self.raw, name)

    def made_id(self, name: str) -> str:
        """A stable id for an element that carries none; the same in `messaging` and in `standby`."""
        plain = {key: value for key, value in self.raw.items() if key != STANDBY}
        return wire.stable_id(name, wire.fingerprint(plain))

    def common(self, event_id: str) -> dict[str, Any]:
        """The fields that every item has."""
        return {
            "account_id": self.account_id,
            "event_id": event_id,
            "happened_at": self.happened_at,
            "raw": self.raw,
        }

    def unknown(self, name: str) -> UnknownItem:
        """An element that is not read, or that does not fit its account."""
        return UnknownItem(**self.common(self.made_id(name)), name=name, address=self.customer)


def elements(body: bytes, objects: Collection[str]) -> list[Element]:
    """The elements of a webhook about one of `objects`. Raises Unparsable."""
    envelope = wire.load(body)
    if wire.text(envelope, "object") not in objects or not isinstance(envelope.get("entry"), list):
        raise Unparsable(f"not a webhook about {' or '.join(sorted(objects))}")
    found = [element for entry in wire.elements(envelope, "entry") for element in _of(entry)]
    if len(found) > wire.MAX_ITEMS:
        raise Unparsable(f"{len(found)} elements, more than {wire.MAX_ITEMS}")
    return found


def _of(entry: JsonObject) -> list[Element]:
    """An entry holds one of the three lists, or is itself the only change."""
    account_id = wire.identifier(entry, "id")
    told_at = {TOLD_AT: entry[TOLD_AT]} if TOLD_AT in entry else {}
    found: list[JsonObject] = [
        *wire.elements(entry, "messaging"),
        *({**element, STANDBY: True} for element in wire.elements(entry, "standby")),
        *({**told_at, **change} for change in wire.elements(entry, "changes")),
    ]
    return [Element(account_id, raw) for raw in found or [entry]]
