"""The rows that messages are found by."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import F

from contacts import bigrams
from contacts.folding import fold
from conversations.models import Attachment, Message
from conversations.privacy.talk_rows import MARK
from conversations.search.models import MessageTerms
from tenants.arrays import columns
from tenants.statements import OneOf, Question, prepared

_SAID: Question[tuple[Any, ...]] = Question(
    lambda: (
        Message.objects.filter(OneOf("id", "ids", "uuid"), unsent_at__isnull=True)
        .exclude(details__contains=MARK)
        .values_list("id", "conversation_id", "inbox_id", "sent_at", "text", F("details__subject"))
    )
)
_NAMED: Question[tuple[UUID, str]] = Question(
    lambda: (
        Attachment.objects.filter(OneOf("message_id", "ids", "uuid"))
        .exclude(name="")
        .order_by("position")
        .values_list("message_id", "name")
    )
)

BETWEEN_TERMS = "\x1f"


def inbox_term(inbox_id: UUID) -> str:
    """The term that every message of an inbox has."""
    return f"@{inbox_id.hex}"


def write(message_ids: Iterable[UUID]) -> None:
    """Make the rows of these messages anew; what is gone, taken back, erased or says nothing loses its
    row.

    A constant number of statements, whatever the number of messages.
    """
    ids = set(message_ids)
    names = _file_names(ids)
    rows = []
    for message_id, conversation_id, inbox_id, sent_at, *words in _SAID.all(ids=list(ids)):
        lines = [str(line)[: bigrams.LONGEST_TEXT] for line in (*words, *names[message_id]) if line]
        folded = "\n".join(filter(None, map(fold, lines)))[: bigrams.LONGEST_TEXT]
        if terms := bigrams.terms(folded):
            written = BETWEEN_TERMS.join([inbox_term(inbox_id), *terms])
            rows.append((message_id, conversation_id, inbox_id, sent_at, folded, written))
    if rows:
        _insert(rows)
    if silent := ids - {row[0] for row in rows}:
        MessageTerms.objects.filter(message_id__in=silent).delete()


def write_from(after: UUID | None, count: int) -> UUID | None:
    """Make the rows of the next `count` messages behind an id anew; answers where to go on, None at the end."""
    rows = Message.objects.order_by("id")
    if after is not None:
        rows = rows.filter(id__gt=after)
    ids = list(rows.values_list("id", flat=True)[:count])
    write(ids)
    return ids[-1] if len(ids) == count else None


def _file_names(message_ids: set[UUID]) -> dict[UUID, list[str]]:
    names: dict[UUID, list[str]] = defaultdict(list)
    for message_id, name in _NAMED.all(ids=list(message_ids)):
        names[message_id].append(name)
    return names


def _insert(rows: list[tuple[Any, ...]]) -> None:
    with prepared() as cursor:
        cursor.execute(
            """
            INSERT INTO search_messageterms (message_id, conversation_id, inbox_id, sent_at, folded, terms)
            SELECT message_id, conversation_id, inbox_id, sent_at, folded,
                   array_to_tsvector(string_to_array(terms, chr(31)))
              FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::timestamptz[], %s::text[], %s::text[])
                   AS new (message_id, conversation_id, inbox_id, sent_at, folded, terms)
            ON CONFLICT (message_id) DO UPDATE SET folded = EXCLUDED.folded, terms = EXCLUDED.terms
             WHERE search_messageterms.folded <> EXCLUDED.folded
            """,
            columns(rows),
        )
