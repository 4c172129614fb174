"""(p) Words of two characters found among contacts and messages, from rare to common, beside a substring scan."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any
from urllib.parse import quote

from benchmarks import database, people_ground, servers
from benchmarks.figures import Figure, pairs
from benchmarks.ground import Brand
from benchmarks.wish import Wish
from contacts.search import rows as contact_rows
from conversations.search import rows as message_rows
from tenants.scope import tenant_scope

ASKED, SHORT_ASKED = 60, 5
STEP = 2_000
LIMIT_MS = 50.0
NAMES = ("美玲", "家豪", "陳", "陳美玲", "雅婷")
SAID = """SELECT id FROM conversations_message WHERE text LIKE %s ORDER BY sent_at DESC, id DESC LIMIT 51"""
CALLED = """SELECT id FROM contacts_contact WHERE name LIKE %s ORDER BY id DESC LIMIT 51"""
FAR_WORD = "龘靐"  # that nobody says


def measure(wish: Wish) -> list[Figure]:
    """How fast rows are made, and what a search takes by REST."""
    made = people_ground.of(wish)
    figures = [_indexing(made)]
    with ExitStack() as running:
        product = running.enter_context(servers.serving("daphne", servers.PRODUCT, wish.logs))
        bare = running.enter_context(database.connect(prepare_threshold=0))
        bare.execute(f"SET search_path = {made.brand.tenant.schema_name}")
        for what, kind, words, statement in _questions():
            times = SHORT_ASKED if wish.short else ASKED
            scans = SHORT_ASKED if wish.short else max(5, min(len(words), ASKED // 4))
            takes = [
                servers.asked(product.port, _searches(made.brand, kind, words), times),
                database.asked(bare, statement, [[f"%{word}%"] for word in words], scans),
            ]
            ours, theirs = pairs(wish.pairs, *takes)
            figures.append(
                Figure(
                    f"search {what}, p95", "ms", ours, theirs, "substring scan",
                    better="less", goal=LIMIT_MS, bounds_figure=True,
                )
            )  # fmt: skip
    return figures


def _questions() -> list[tuple[str, str, Sequence[str], str]]:
    said = [
        (f"messages, one of {share:,}", "messages", (word,), SAID)
        for word, share in people_ground.MARKS.items()
    ]
    corpus = people_ground.corpus()
    many = [corpus[place : place + 2] for place in range(0, len(corpus) - 2, len(corpus) // ASKED)]
    return [
        *said,
        ("messages, a word that nobody said", "messages", (FAR_WORD,), SAID),
        ("messages, many words", "messages", many, SAID),
        ("contacts by name", "contacts", NAMES, CALLED),
    ]


def _indexing(made: people_ground.Ground) -> Figure:
    """Contacts and messages a second that get the rows they are found by."""
    began = time.perf_counter()
    with tenant_scope(made.brand.tenant):
        for write_from in (contact_rows.write_from, message_rows.write_from):
            after = write_from(None, STEP)
            while after is not None:
                after = write_from(after, STEP)
    spent = time.perf_counter() - began
    people_ground.analyse(made.brand, "contacts_contactterms", "search_messageterms")
    return Figure("rows made to be found by", "/s", [(made.contacts + made.messages) / spent])


def _searches(brand: Brand, kind: str, words: Sequence[str]) -> list[dict[str, Any]]:
    headers = {"Authorization": brand.authorization}
    return [
        {"path": f"/api/v1/search?kind={kind}&q={quote(word)}", "host": brand.host, "headers": headers}
        for word in words
    ]
