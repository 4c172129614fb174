"""A brand with many contacts and what they said, made by set-based statements: shared by the people_* benchmarks.

Names are a surname and two characters, texts a phrase and a stretch of a long text with the frequencies of a language:
so words of two characters come in every degree of rarity, and each is known (MARKS).
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cache

from django.db import connection, transaction

from benchmarks import database, ground
from benchmarks.wish import Wish
from tenants.scope import tenant_scope

FULL = (1_000_000, 2_000_000)
SHORT = (1_000, 2_000)
MARKS = {"您好": 2, "退貨": 100, "統編": 5_000, "鍍金": 100_000}
"""A word, and of how many messages one has it."""
SURNAMES = "陳林黃張李王吳劉蔡楊許鄭謝郭洪邱曾廖賴徐"
GIVEN = "美玲家豪淑芬志明雅婷建宏怡君俊傑欣怡宗翰佳穎冠宇詩涵承恩"
SHORTEST_PERIOD_HOURS = 24 * 365  # over which the messages are spread
CORPUS, PIECE = 50_000, 14

PEOPLE = """
INSERT INTO contacts_contact (id, name, language, timezone, picture_url, created_at)
SELECT uuidv7(), substr(%(surnames)s, 1 + n %% length(%(surnames)s), 1)
                 || substr(%(given)s, 1 + (n / 20) %% (length(%(given)s) - 1), 2),
       'zh-Hant', 'Asia/Taipei', '', now() - n * interval '1 minute'
  FROM generate_series(1, %(contacts)s) n
"""
IDENTITIES = """
INSERT INTO contacts_contactidentity
       (id, contact_id, channel, scope, address, display_name, is_reachable, created_at)
SELECT uuidv7(), id, 'messenger', %(scope)s, 'p' || id, name, true, now() FROM contacts_contact
"""
ADDRESSES = """
INSERT INTO contacts_contactaddress (id, contact_id, kind, value, is_verified, source, created_at)
SELECT uuidv7(), id, 'phone', '+8869' || lpad((row_number() OVER () * 7919 %% 100000000)::text, 8, '0'), false,
       'form', now() FROM contacts_contact
"""
CONVERSATIONS = """
INSERT INTO conversations_conversation
       (id, inbox_id, identity_id, contact_id, thread, status, priority, reply_handle, message_count,
        last_inbound_number, last_message_text, last_message_direction, last_activity_at, created_at)
SELECT uuidv7(), %(inbox)s, id, contact_id, '', CASE WHEN place %% 5 = 0 THEN 'open' ELSE 'resolved' END, 0, '',
       %(each)s, %(each)s, '您好', 'in', now() - place * %(pace)s * interval '1 second', now()
  FROM (SELECT i.*, row_number() OVER (ORDER BY address) AS place FROM contacts_contactidentity i) numbered
"""
PIECES = "CREATE TEMPORARY TABLE piece (place bigint PRIMARY KEY, words text) ON COMMIT DROP"
CUT = "INSERT INTO piece SELECT n, substr(%(corpus)s, n + 1, %(piece)s) FROM generate_series(0, %(pieces)s - 1) n"
MESSAGES = """
INSERT INTO conversations_message
       (id, conversation_id, inbox_id, number, direction, kind, text, author_kind, external_id, status,
        error_kind, error_detail, outside_window, sent_at, created_at, reaction, reply_to, details)
SELECT uuidv7(), id, inbox_id, n, 'in', 'text',
       CASE WHEN nth %% 2 = 0 THEN '您好，' ELSE '' END || CASE WHEN nth %% 100 = 0 THEN '我想退貨。' ELSE '' END
       || CASE WHEN nth %% 5000 = 0 THEN '統編怎麼填？' ELSE '' END
       || CASE WHEN nth %% 100000 = 0 THEN '有鍍金的嗎？' ELSE '' END
       || words,
       'contact', 'm' || id || n, 'received', '', '', false, last_activity_at - (%(each)s - n) * interval '10 s',
       now(), '', '', '{}'
  FROM (SELECT c.*, n, row_number() OVER (ORDER BY c.last_activity_at, n) AS nth
          FROM conversations_conversation c, generate_series(1, %(each)s) n) numbered
  JOIN piece ON piece.place = nth * 7919 %% %(pieces)s
"""
TABLES = (
    "contacts_contact", "contacts_contactidentity", "contacts_contactaddress", "conversations_conversation",
    "conversations_message",
)  # fmt: skip


@dataclass(frozen=True)
class Ground:
    """The brand, and how much is in it."""

    brand: ground.Brand
    contacts: int
    messages: int


def of(wish: Wish) -> Ground:
    """The ground of this run, made at the first call: a small one for a short run."""
    return _made(*(SHORT if wish.short else FULL))


@cache
def _made(contacts: int, messages: int) -> Ground:
    brand = ground.make_brand(f"people-{contacts}")
    with tenant_scope(brand.tenant):
        inbox = ground.inbox_of(brand, "messenger")
        values = {
            "contacts": contacts,
            "surnames": SURNAMES,
            "given": GIVEN,
            "scope": inbox.identity_scope,
            "inbox": inbox.id,
            "each": messages // contacts,
            "pace": SHORTEST_PERIOD_HOURS * 3600 / contacts,
            "corpus": corpus(),
            "pieces": CORPUS - PIECE,
            "piece": PIECE,
        }
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = 0")
            for statement in (PEOPLE, IDENTITIES, ADDRESSES, CONVERSATIONS, PIECES, CUT, MESSAGES):
                cursor.execute(statement, values)
    analyse(brand, *TABLES)
    return Ground(brand, contacts, messages)


def analyse(brand: ground.Brand, *tables: str) -> None:
    """Let the server know what the tables hold."""
    with database.connect() as bare:
        for table in tables:
            bare.execute(f"VACUUM ANALYZE {brand.tenant.schema_name}.{table}")


@cache
def corpus() -> str:
    """A long text of characters as frequent as in a language (Zipf), without those of MARKS."""
    dice = random.Random(7)
    known = set("".join(MARKS)) | set(SURNAMES) | set(GIVEN)
    signs = [chr(code) for code in range(0x4E00, 0x4E00 + 3_000) if chr(code) not in known]
    dice.shuffle(signs)
    return "".join(dice.choices(signs, [1 / (place + 5) for place in range(len(signs))], k=CORPUS))
