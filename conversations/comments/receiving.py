"""Comments that came with a batch: their rows, and their posts', in the transaction of the batch.

A few statements for all of them, and none where the batch holds no comment.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from conversations.comments import posts
from conversations.comments.events import CommentHidden, CommentReceived, CommentShown
from conversations.inbound.batch import Batch, Said
from conversations.models import Message
from tenants.arrays import columns
from tenants.ids import new_id
from tenants.statements import prepared
from tenants.workspace.events import SYSTEM, Actor, record

PRIVATE_FOR = timedelta(days=7)
"""How long after a comment Meta takes the private reply to it."""


def write(batch: Batch) -> None:
    """Keep the new comments of a batch, and what was told of who may see comments."""
    new = [said for said in batch.said_by_id.values() if said.is_new and _is_comment(said)]
    if new:
        post_ids = _write_posts(new)
        _write_comments(new, post_ids)
    if batch.hidden:
        _write_hidden(batch)


def _is_comment(said: Said) -> bool:
    return said.direction == Message.Direction.IN and "comment" in said.details


def _key(said: Said) -> tuple[UUID, str]:
    return said.inbox_id, said.details["comment"]["post_id"][:200]


def _write_posts(new: Sequence[Said]) -> dict[tuple[UUID, str], UUID]:
    """The posts' ids; what a comment tells of its post is taken over where we did not know it."""
    told: dict[tuple[UUID, str], dict[str, Any]] = {}
    for said in new:
        told[_key(said)] = {**told.get(_key(said), {}), **said.details["comment"].get("post", {})}
    rows = [
        (
            new_id(),
            *key,
            str(post.get("text", "")),
            str(post.get("picture_url", "")),
            str(post.get("url", "")),
        )
        for key, post in sorted(told.items())
    ]
    with prepared() as cursor:
        cursor.execute(
            """
            INSERT INTO comments_post AS known (id, inbox_id, external_id, text, picture_url, url)
            SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::text[], %s::text[], %s::text[])
            ON CONFLICT (inbox_id, external_id)
            DO UPDATE SET text = coalesce(nullif(EXCLUDED.text, ''), known.text),
                          picture_url = coalesce(nullif(EXCLUDED.picture_url, ''), known.picture_url),
                          url = coalesce(nullif(EXCLUDED.url, ''), known.url)
            RETURNING known.inbox_id, known.external_id, known.id, known.text = '' AS is_blank, xmax = 0
            """,
            columns(rows),
        )
        found = cursor.fetchall()
    posts.ask([post_id for _, _, post_id, is_blank, is_new in found if is_new and is_blank])
    return {(inbox_id, external_id): post_id for inbox_id, external_id, post_id, _, _ in found}


def _write_comments(new: Sequence[Said], post_ids: dict[tuple[UUID, str], UUID]) -> None:
    rows = [
        (
            new_id(), said.id, said.inbox_id, post_ids[_key(said)], said.external_id[:300],
            said.details["comment"]["parent_id"][:300], said.sent_at + PRIVATE_FOR,
        )
        for said in sorted(new, key=lambda each: (each.inbox_id, each.external_id))
    ]  # fmt: skip
    with prepared() as cursor:
        cursor.execute(
            """
            INSERT INTO comments_comment
                   (id, message_id, inbox_id, post_id, comment_id, parent_id, private_until, is_hidden,
                    private_address)
            SELECT *, FALSE, ''
              FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::uuid[], %s::text[], %s::text[],
                          %s::timestamptz[])
            ON CONFLICT (inbox_id, comment_id) DO NOTHING
            """,
            columns(rows),
        )
    for said in new:
        received = CommentReceived(
            conversation_id=said.conversation_id,
            contact_id=said.contact_id,
            message_id=said.id,
            post_id=post_ids[_key(said)],
        )
        record(received, by=Actor("contact", said.contact_id), happened_at=said.sent_at)


def _write_hidden(batch: Batch) -> None:
    """Of two words on one comment the later one stands; only a change is news."""
    rows = sorted((message_id, hidden, at) for message_id, (hidden, at) in batch.hidden.items())
    with prepared() as cursor:
        cursor.execute(
            """
            UPDATE comments_comment c SET is_hidden = told.hidden, hidden_told_at = told.at
              FROM unnest(%s::uuid[], %s::bool[], %s::timestamptz[]) AS told (message_id, hidden, at),
                   comments_comment before
             WHERE c.message_id = told.message_id AND before.id = c.id
               AND (c.hidden_told_at IS NULL OR c.hidden_told_at < told.at)
            RETURNING c.message_id, c.is_hidden, before.is_hidden
            """,
            columns(rows),
        )
        changed = [(row[0], row[1]) for row in cursor.fetchall() if row[1] != row[2]]
    for message_id, hidden in sorted(changed):
        said = batch.said_by_id[message_id]
        event = CommentHidden if hidden else CommentShown
        told = event(conversation_id=said.conversation_id, contact_id=said.contact_id, message_id=message_id)
        record(told, by=SYSTEM, happened_at=min(batch.hidden[message_id][1], timezone.now()))
