"""Mails that answer one of ours from another address: they belong to the conversation that they answer.

Who answers a mail has received it, or was handed it on. The message is put into the thread, marked with the address
that wrote it; our answers go on to the customer's own address, so that a forged answer leads none of them astray.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple
from uuid import UUID

from conversations import reply_tokens
from conversations.channels.email_addresses import REPLY
from conversations.channels.email_items import WRITTEN_FROM
from conversations.channels.items import IncomingMessage
from conversations.inbound.records import Entry
from tenants.arrays import columns
from tenants.statements import prepared

_OWN_ID = re.compile(r"kontor\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})@.+")
_NONE = UUID(int=0)

# The first of an entry's answers that is known decides.
_FIND = """
    SELECT DISTINCT ON (asked.entry) asked.entry, i.address
      FROM unnest(%s::int[], %s::int[], %s::uuid[], %s::text[], %s::uuid[], %s::uuid[])
           AS asked (entry, position, inbox_id, external_id, message_id, conversation_id)
      JOIN LATERAL (
           SELECT m.conversation_id AS id FROM conversations_message m
            WHERE m.inbox_id = asked.inbox_id AND m.external_id = asked.external_id AND NOT m.external_id = ''
           UNION ALL
           SELECT m.conversation_id FROM conversations_message m
            WHERE m.id = asked.message_id AND m.inbox_id = asked.inbox_id AND m.direction = 'out'
           UNION ALL SELECT asked.conversation_id) AS found ON TRUE
      JOIN conversations_conversation c ON c.id = found.id AND c.inbox_id = asked.inbox_id AND c.thread = ''
      JOIN contacts_contactidentity i ON i.id = c.identity_id AND NOT starts_with(i.address, 'erased:')
     ORDER BY asked.entry, asked.position
"""


class _Asked(NamedTuple):
    entry: int
    position: int
    inbox_id: UUID
    external_id: str
    message_id: UUID
    conversation_id: UUID


def attribute(entries: Sequence[Entry]) -> list[Entry]:
    """The entries, each answer as one of the customer whose conversation it answers. One query, if any answers."""
    asked = [row for number, entry in enumerate(entries) for row in _questions(number, entry)]
    if not asked:
        return list(entries)
    with prepared() as cursor:
        cursor.execute(_FIND, columns(asked))
        found: dict[int, str] = dict(cursor.fetchall())
    return [_as_of(entry, found.get(number, "")) for number, entry in enumerate(entries)]


def _questions(number: int, entry: Entry) -> Iterable[_Asked]:
    item = entry.arrival.item
    if not isinstance(item, IncomingMessage):
        return
    for position, answered in enumerate(item.answers):
        if answered.startswith(REPLY):
            known = reply_tokens.read(answered.removeprefix(REPLY), entry.inbox.id)
            if known is not None:
                yield _Asked(number, position, entry.inbox.id, "", _NONE, known)
            continue
        own = _OWN_ID.fullmatch(answered)
        yield _Asked(number, position, entry.inbox.id, answered, UUID(own[1]) if own else _NONE, _NONE)


def _as_of(entry: Entry, address: str) -> Entry:
    item = entry.arrival.item
    if not address or not isinstance(item, IncomingMessage) or item.address == address:
        return entry
    details = {**item.details, WRITTEN_FROM: item.address}
    return replace(
        entry,
        arrival=replace(entry.arrival, item=replace(item, address=address, aliases=(), details=details)),
    )
