"""(e) The inbox list and a thread with ten thousand and with a million messages, first page and deep."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from django.db import connection, transaction

from benchmarks import database, ground, servers
from benchmarks.figures import Figure, pairs
from benchmarks.wish import Wish
from tenants.scope import tenant_scope
from tenants.workspace.rest import write_cursor

PER_CONVERSATION = 10
LONG_THREAD = 2_000  # messages of the first conversation
SIZES = (10_000, 1_000_000)
ASKED, SHORT_ASKED = 60, 5
FLOOR_MS = 60.0
GOAL_BY_SQL, GOAL_BY_SIZE = 12.0, 1.3

SEED = (
    """INSERT INTO contacts_contact (id, name, language, timezone, picture_url, created_at)
       SELECT gen_random_uuid(), 'Customer ' || n, '', '', '', now() FROM generate_series(1, %(count)s) n""",
    """INSERT INTO contacts_contactidentity
              (id, contact_id, channel, scope, address, display_name, is_reachable, created_at)
       SELECT gen_random_uuid(), id, 'messenger', %(scope)s, name, name, true, now() FROM contacts_contact""",
    """INSERT INTO conversations_conversation
              (id, inbox_id, identity_id, contact_id, thread, status, priority, reply_handle, message_count,
               last_inbound_number, last_message_text, last_message_direction, last_activity_at, created_at)
       SELECT gen_random_uuid(), %(inbox)s, id, contact_id, '',
              CASE WHEN place %% 5 = 0 THEN 'open' ELSE 'resolved' END, 0, '', %(each)s, %(each)s,
              '請問什麼時候到貨？', 'in', now() - place * interval '1 min', now()
         FROM (SELECT i.*, row_number() OVER (ORDER BY address) AS place FROM contacts_contactidentity i) numbered""",
    """INSERT INTO conversations_message
              (id, conversation_id, inbox_id, number, direction, kind, text, author_kind, external_id, status,
               error_kind, error_detail, outside_window, sent_at, created_at, reaction, reply_to, details)
       SELECT gen_random_uuid(), c.id, c.inbox_id, n, 'in', 'text', '您好，請問什麼時候可以到貨？' || n, 'contact',
              'm' || c.id || n, 'received', '', '', false, c.last_activity_at - (%(each)s - n) * interval '10 s',
              now(), '', '', '{}'
         FROM conversations_conversation c, generate_series(1, %(each)s) n""",
    """INSERT INTO conversations_message
              (id, conversation_id, inbox_id, number, direction, kind, text, author_kind, external_id, status,
               error_kind, error_detail, outside_window, sent_at, created_at, reaction, reply_to, details)
       SELECT gen_random_uuid(), id, inbox_id, n, 'in', 'text', '您好' || n, 'contact', 'l' || n, 'received', '', '',
              false, last_activity_at - n * interval '10 s', now(), '', '', '{}'
         FROM (SELECT * FROM conversations_conversation ORDER BY last_activity_at DESC LIMIT 1) newest,
              generate_series(%(each)s + 1, %(long)s) n""",
)
LIST = """
SELECT c.id, c.inbox_id, i.name, i.channel, c.contact_id, p.name, p.picture_url, c.status, c.priority, c.assignee_id,
       a.name, c.team_id, t.name, c.snoozed_until, c.waiting_since, c.last_customer_message_at, c.last_activity_at,
       c.last_message_text, c.last_message_direction, c.message_count, c.last_inbound_number, c.created_at
  FROM conversations_conversation c
  JOIN conversations_inbox i ON i.id = c.inbox_id JOIN contacts_contact p ON p.id = c.contact_id
  LEFT JOIN workspace_agent a ON a.id = c.assignee_id LEFT JOIN workspace_team t ON t.id = c.team_id
 WHERE c.status IN ('open', 'pending') AND (c.last_activity_at, c.id) < (%s, %s)
 ORDER BY c.last_activity_at DESC, c.id DESC LIMIT 51
"""
THREAD = """
SELECT m.*, a.name FROM conversations_message m LEFT JOIN workspace_agent a ON a.id = m.agent_id
 WHERE conversation_id = %s AND (sent_at, number) < (%s, %s) ORDER BY sent_at DESC, number DESC LIMIT 51
"""
FAR = ("9999-01-01T00:00:00+00:00", "ffffffff-ffff-ffff-ffff-ffffffffffff")


@dataclass(frozen=True)
class Read:
    """One page: as the product is asked for it, and as the bare statement says it."""

    name: str
    path: str
    headers: dict[str, str]
    statement: str
    values: tuple[Any, ...]


def measure(wish: Wish) -> list[Figure]:
    """REST and desk pages of a small and a large brand, beside the bare statement."""
    sizes = (1_000,) if wish.short else SIZES
    figures: list[Figure] = []
    tails: dict[str, list[list[float]]] = {}
    times = SHORT_ASKED if wish.short else ASKED
    with ExitStack() as running:
        product = running.enter_context(servers.serving("daphne", servers.PRODUCT, wish.logs))
        bare = running.enter_context(database.connect(prepare_threshold=0))
        for size in sizes:
            brand = ground.make_brand(f"reading-{size}")
            seed(brand, size)
            bare.execute(f"SET search_path = {brand.tenant.schema_name}")
            for read in reads(brand, size):
                ask = {"path": read.path, "host": brand.host, "headers": read.headers}
                takes = [
                    servers.asked(product.port, [ask], times),
                    database.asked(bare, read.statement, [read.values], times),
                ]
                ours, theirs = pairs(wish.pairs, *takes)
                tails.setdefault(read.name, []).append(ours)
                name = f"{read.name}, {size:,} messages"
                is_large = size == max(SIZES)
                floor, goal = (FLOOR_MS, GOAL_BY_SQL) if is_large else (None, None)
                figures.append(Figure(f"{name} p95", "ms", ours, better="less", floor=floor))
                figures.append(
                    Figure(f"{name} p95 / SQL", "ms", ours, theirs, "bare SQL", better="less", goal=goal)
                )
    for name, runs in tails.items():
        if len(runs) == 2:
            what = f"{name} p95, 1 M / 10 k"
            figures.append(
                Figure(what, "ms", runs[1], runs[0], "10 k messages", better="less", goal=GOAL_BY_SIZE)
            )
    return figures


def seed(brand: ground.Brand, messages: int) -> None:
    """Fill a brand with conversations of ten messages, and one long thread."""
    with tenant_scope(brand.tenant):
        inbox = ground.inbox_of(brand, "messenger")
        values: dict[str, Any] = {
            "count": messages // PER_CONVERSATION,
            "scope": inbox.identity_scope,
            "inbox": inbox.id,
            "each": PER_CONVERSATION,
            "long": LONG_THREAD,
        }
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = 0")
            for statement in SEED:
                cursor.execute(statement, values)
    with database.connect() as bare:
        for table in ("contacts_contact", "conversations_conversation", "conversations_message"):
            bare.execute(f"VACUUM ANALYZE {brand.tenant.schema_name}.{table}")


def reads(brand: ground.Brand, size: int) -> list[Read]:
    """The pages that are asked for."""
    with tenant_scope(brand.tenant), connection.cursor() as cursor:
        cursor.execute(
            "SELECT last_activity_at, id FROM conversations_conversation WHERE status = 'open'"
            " ORDER BY last_activity_at DESC OFFSET %s LIMIT 1",
            [size // PER_CONVERSATION // 5 * 3 // 4],
        )
        at, deep = cursor.fetchone()
        cursor.execute(
            "SELECT conversation_id, sent_at, number FROM conversations_message WHERE number = %s",
            [LONG_THREAD // 2],
        )
        thread, sent_at, number = cursor.fetchone()
    cookie = ground.people(brand, 1)[0]
    rest, desk = {"Authorization": brand.authorization}, {"Cookie": cookie, "HX-Request": "true"}
    listing, messages = "/api/v1/conversations", f"/api/v1/conversations/{thread}/messages"
    tenant = brand.tenant.id
    after = write_cursor(f"{tenant}:{listing}:{[('view', 'all')]}", [at, deep])
    before = write_cursor(f"{tenant}:{messages}:[]", [sent_at, number])
    return [
        Read("REST list, first page", f"{listing}?view=all", rest, LIST, FAR),
        Read("REST list, deep", f"{listing}?view=all&cursor={quote(after)}", rest, LIST, (at, deep)),
        Read("REST thread, newest", messages, rest, THREAD, (thread, FAR[0], 0)),
        Read(
            "REST thread, deep", f"{messages}?cursor={quote(before)}", rest, THREAD, (thread, sent_at, number)
        ),
        Read("desk list, first page", "/inbox/all/", desk, LIST, FAR),
        Read("desk list, deep", f"/inbox/all/?after={quote(at.isoformat())}_{deep}", desk, LIST, (at, deep)),
        Read("desk conversation", f"/inbox/all/{thread}/", desk, THREAD, (thread, FAR[0], 0)),
    ]
