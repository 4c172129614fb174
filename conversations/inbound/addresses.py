"""Customers with several addresses, or with new ones: what an event vouches for, noted as its batch is resolved."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from contacts import aliases, identify
from contacts.identify import Address, Sought
from conversations.channels.items import AddressChanged, IncomingMessage
from conversations.inbound import batch as batches
from conversations.inbound.batch import Batch
from conversations.inbound.records import Entry


def hold(entries: Iterable[Entry]) -> None:
    """Hold every customer named, under all their addresses, until the transaction ends."""
    identify.hold(address for entry in entries for address in all_of(entry))


def all_of(entry: Entry) -> list[Address]:
    """Every address of the customer that an entry names."""
    first, item = batches.address_of(entry), entry.arrival.item
    if isinstance(item, IncomingMessage):
        return [first, *(first._replace(address=other) for other in item.aliases)]
    if isinstance(item, AddressChanged):
        return [first, first._replace(address=item.new_address)]
    return [first]


def resolve(batch: Batch, sought: Sequence[Sought]) -> None:
    """Put everybody named into `batch.people`. One statement; up to three more where an event tells of further
    addresses. Who moves in this very batch is the same person under the old address and the new."""
    changes = _changes(batch)
    moved = {old: changes[old] for old in aliases.move(changes)}
    pairs = [(moved.get(address, address), moved.get(alias, alias)) for address, alias in _pairs(batch)]
    aliases.introduce(pairs)
    if moved:
        sought = [replace(one, address=moved.get(one.address, one.address)) for one in sought]
    found = identify.resolve_many(sought, erased=batch.erased)
    aliases.keep(pairs, found)
    batch.people = found | {old: found[new] for old, new in moved.items() if new in found}


def _changes(batch: Batch) -> dict[Address, Address]:
    found = {}
    for entry in batch.entries:
        if isinstance(entry.arrival.item, AddressChanged):
            old, new = all_of(entry)
            if old != new:
                found[old] = new
    return found


def _pairs(batch: Batch) -> list[tuple[Address, Address]]:
    return [
        (named[0], other)
        for entry in batch.entries
        if isinstance(entry.arrival.item, IncomingMessage) and len(named := all_of(entry)) > 1
        for other in named[1:]
    ]
