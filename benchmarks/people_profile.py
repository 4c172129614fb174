"""(p) A person's page with its timeline, among many contacts: ten thousand messages by three addresses, the newest page
and a deep one."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any
from urllib.parse import quote

from django.db import connection, transaction

from benchmarks import database, ground, people_ground, servers
from benchmarks.figures import Figure, pairs
from benchmarks.wish import Wish
from tenants.scope import tenant_scope

MESSAGES, SHORT_MESSAGES = 10_000, 300
ASKED, SHORT_ASKED = 60, 5
MOST_MS = 80.0

PERSON = "00000000-0000-7000-8000-000000000001"
SEED = (
    """INSERT INTO contacts_contact (id, name, language, timezone, picture_url, created_at)
       VALUES (%(person)s, '陳美玲', 'zh-TW', 'Asia/Taipei', '', now())""",
    """INSERT INTO contacts_contactidentity
              (id, contact_id, channel, scope, address, display_name, is_reachable, created_at)
       SELECT gen_random_uuid(), %(person)s, 'messenger', 'bench', 'p' || n, '', true, now()
         FROM generate_series(1, 3) n""",
    """INSERT INTO conversations_conversation
              (id, inbox_id, identity_id, contact_id, thread, status, priority, reply_handle, message_count,
               last_inbound_number, last_message_text, last_message_direction, last_activity_at, created_at)
       SELECT gen_random_uuid(), %(inbox)s, id, contact_id, '', 'open', 0, '', 0, 0, '', 'in', now(), now()
         FROM contacts_contactidentity WHERE contact_id = %(person)s""",
    """INSERT INTO conversations_message
              (id, conversation_id, inbox_id, number, direction, kind, text, author_kind, external_id, status,
               error_kind, error_detail, outside_window, sent_at, created_at, reaction, reply_to, details)
       SELECT gen_random_uuid(), c.id, c.inbox_id, n, 'in', 'text', '請問什麼時候可以到貨？' || n, 'contact',
              'm' || c.id || n, 'received', '', '', false, now() - n * interval '7 s', now(), '', '', '{}'
         FROM conversations_conversation c, generate_series(1, %(each)s) n WHERE c.contact_id = %(person)s""",
    # what the log holds beside them: far more of messages than of states
    """INSERT INTO workspace_event
              (sequence, name, payload, actor_kind, actor_id, contact_id, conversation_id, happened_at)
       SELECT row_number() OVER () + (SELECT coalesce(max(sequence), 0) FROM workspace_event),
              CASE WHEN m.number %% 50 = 0 THEN 'conversation.resolved' ELSE 'message.received' END, '{}', 'system',
              NULL, c.contact_id, c.id, m.sent_at
         FROM conversations_message m JOIN conversations_conversation c ON c.id = m.conversation_id
        WHERE c.contact_id = %(person)s""",
    """INSERT INTO workspace_eventcounter (id, newest) SELECT 1, max(sequence) FROM workspace_event
       ON CONFLICT (id) DO UPDATE SET newest = EXCLUDED.newest""",
    """INSERT INTO contacts_contactnote (id, contact_id, text, is_pinned, created_at)
       SELECT gen_random_uuid(), %(person)s, '喜歡烏龍茶 ' || n, false, now() - n * interval '1 hour'
         FROM generate_series(1, 20) n""",
)
NEWEST = """
SELECT m.*, a.name FROM conversations_message m JOIN conversations_conversation c ON c.id = m.conversation_id
  LEFT JOIN workspace_agent a ON a.id = m.agent_id
 WHERE c.contact_id = %s AND m.sent_at < %s ORDER BY m.sent_at DESC, m.id DESC LIMIT 41
"""


def measure(wish: Wish) -> list[Figure]:
    """The desk's page and the fragment of an older part, beside the bare statement for the messages alone."""
    figures: list[Figure] = []
    with ExitStack() as running:
        product = running.enter_context(servers.serving("daphne", servers.PRODUCT, wish.logs))
        bare = running.enter_context(database.connect(prepare_threshold=0))
        brand = people_ground.of(wish).brand
        middle = _seed(brand, wish)
        bare.execute(f"SET search_path = {brand.tenant.schema_name}")
        times = SHORT_ASKED if wish.short else ASKED
        headers = {"Cookie": ground.people(brand, 1)[0]}
        far = "9999-01-01T00:00:00+00:00"
        deep = quote(f"{middle.isoformat()}_message_{PERSON}")
        for name, path, at in (
            ("a person's page with 10,000 messages", f"/contacts/{PERSON}/", far),
            ("a deep part of the timeline", f"/contacts/{PERSON}/timeline/?before={deep}", middle),
        ):
            ours, theirs = pairs(
                wish.pairs,
                servers.asked(product.port, [{"path": path, "host": brand.host, "headers": headers}], times),
                database.asked(bare, NEWEST, [[PERSON, at]], times),
            )
            figures.append(Figure(f"{name} p95", "ms", ours, better="less", floor=MOST_MS))
            figures.append(Figure(f"{name} p95 / SQL", "ms", ours, theirs, "bare SQL", better="less"))
    return figures


def _seed(brand: ground.Brand, wish: Wish) -> Any:
    """One person with a long story among the many. Returns a time in the middle of it."""
    with tenant_scope(brand.tenant):
        inbox = ground.inbox_of(brand, "messenger")
        values: dict[str, Any] = {
            "person": PERSON,
            "inbox": inbox.id,
            "each": (SHORT_MESSAGES if wish.short else MESSAGES) // 3,
        }
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = 0")
            for statement in SEED:
                cursor.execute(statement, values)
            cursor.execute(
                "SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY happened_at) FROM workspace_event"
                " WHERE contact_id = %s",
                [PERSON],
            )
            middle = cursor.fetchone()[0]
    people_ground.analyse(brand, *people_ground.TABLES, "workspace_event")
    return middle
