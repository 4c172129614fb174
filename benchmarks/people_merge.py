"""Two contacts with ten thousand messages each become one and part again; and what looking for doubles costs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from benchmarks import database, ground
from benchmarks.figures import Figure
from benchmarks.wish import Wish
from contacts import merging
from contacts.models import Contact, MatchKey, Suggestion
from contacts.suggesting import upkeep
from conversations import inbound
from conversations.channels.items import IncomingMessage
from conversations.inbound import Arrival
from tenants.scope import tenant_scope
from tenants.workspace.events import SYSTEM

MESSAGES = 10_000
THREADS = 10
CONTACTS = 100_000
BATCH = 200
REST_SECONDS = 0.002  # between two messages of the customer who writes meanwhile
MOST_SECONDS, MOST_MS_A_CONTACT = 2.0, 2.0

CROWD = """
INSERT INTO contacts_contact (id, name, language, timezone, picture_url, created_at)
SELECT uuidv7(),
       substr('陳林黃張李王吳劉蔡楊', 1 + n %% 10, 1) || chr(19968 + n %% 2000) || chr(19968 + n / 10 %% 3000),
       'zh-Hant', '', '', now() FROM generate_series(1, %(contacts)s) n
"""
ADDRESSES = """
INSERT INTO contacts_contactaddress (id, contact_id, kind, value, is_verified, source, created_at)
SELECT uuidv7(), id, 'email', (row_number() OVER () / 2) || '@shop.test', random() < 0.5, 'form', now()
  FROM contacts_contact
"""
IDENTITIES = """
INSERT INTO contacts_contactidentity
       (id, contact_id, channel, scope, address, display_name, is_reachable, created_at)
SELECT uuidv7(), %(contact)s, 'messenger', %(scope)s, %(contact)s || '-' || n, '', true, now()
  FROM generate_series(1, %(threads)s) n
"""
CONVERSATIONS = """
INSERT INTO conversations_conversation
       (id, inbox_id, identity_id, contact_id, thread, status, priority, reply_handle, message_count,
        last_inbound_number, last_message_text, last_message_direction, last_activity_at, created_at)
SELECT uuidv7(), %(inbox)s, id, contact_id, '', 'open', 0, '', %(each)s, %(each)s, '', 'in', now(), now()
  FROM contacts_contactidentity WHERE contact_id = %(contact)s
"""
SAID = """
INSERT INTO conversations_message
       (id, conversation_id, inbox_id, number, direction, kind, text, author_kind, external_id, status,
        error_kind, error_detail, outside_window, sent_at, created_at, reaction, reply_to, details)
SELECT uuidv7(), id, inbox_id, n, 'in', 'text', 'Hello', 'contact', 'm' || id || n, 'received', '', '', false,
       now(), now(), '', '', '{}'
  FROM conversations_conversation, generate_series(1, %(each)s) n WHERE contact_id = %(contact)s
"""
TABLES = (
    "contacts_contact",
    "contacts_contactaddress",
    "conversations_message",
    "conversations_conversation",
)


def measure(wish: Wish) -> list[Figure]:
    """The merge and its undo beside one bare statement; the upkeep beside asking for each contact by itself."""
    brand = ground.make_brand("people-merge")
    with tenant_scope(brand.tenant):
        _found_crowd(1_000 if wish.short else CONTACTS)
        kept, double = (_heavy(brand, 100 if wish.short else MESSAGES) for _each in range(2))
        merges, undos, bare = _merge_times(brand, kept, double, wish)
        meanwhile, at_rest = _waits(brand, kept, double, wish)
        ours, theirs = _upkeep_times(wish)
    size = "100" if wish.short else f"{MESSAGES:,}"
    return [
        Figure(
            f"merge of two contacts with {size} messages each",
            "s",
            merges,
            bare,
            "the identities re-pointed by one bare statement",
            better="less",
            floor=MOST_SECONDS,
            bounds_figure=True,
        ),
        Figure(f"its undo ({size} messages each)", "s", undos, bare, "the same", better="less"),
        Figure(
            "longest way in of a message while its customer is merged and parted",
            "ms",
            meanwhile,
            at_rest,
            "at rest",
            better="less",
        ),
        Figure(
            "upkeep of suggestions, a contact",
            "ms",
            ours,
            theirs,
            "one comparing query for each contact",
            better="less",
            floor=MOST_MS_A_CONTACT,
            bounds_figure=True,
        ),
    ]


def _found_crowd(contacts: int) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute(CROWD, {"contacts": contacts})
        cursor.execute(ADDRESSES)


def _heavy(brand: ground.Brand, messages: int) -> UUID:
    contact = Contact.objects.create(name="Heavy")
    inbox = ground.inbox_of(brand, "messenger")
    values: dict[str, Any] = {
        "contact": contact.id,
        "threads": THREADS,
        "inbox": inbox.id,
        "scope": inbox.identity_scope,
        "each": messages // THREADS,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in (IDENTITIES, CONVERSATIONS, SAID):
            cursor.execute(statement, values)
    return contact.id


def _merge_times(
    brand: ground.Brand, kept: UUID, double: UUID, wish: Wish
) -> tuple[list[float], list[float], list[float]]:
    other = Contact.objects.create().id
    with database.connect() as bare:
        for table in TABLES:
            bare.execute(f"VACUUM ANALYZE {brand.tenant.schema_name}.{table}")
    merges, undos, plain = [], [], []
    for _pair in range(wish.pairs):
        record: list[Any] = []
        merges.append(_seconds(lambda: record.append(merging.merge(kept, [double], by=SYSTEM))))  # noqa: B023
        undos.append(_seconds(lambda: merging.undo(record[0].id, by=SYSTEM)))  # noqa: B023
        plain.append(_seconds(lambda: _repoint(double, other)))
        _repoint(other, double)
    return merges, undos, plain


def _waits(brand: ground.Brand, kept: UUID, double: UUID, wish: Wish) -> tuple[list[float], list[float]]:
    """How long the slowest message of both customers took to be written down, in milliseconds: during a merge and its
    undo, and for as long without."""
    meanwhile, at_rest = [], []
    for _pair in range(wish.pairs):
        began = time.perf_counter()
        with _writing(brand, (kept, double)) as times:
            record = merging.merge(kept, [double], by=SYSTEM)
            merging.undo(record.id, by=SYSTEM)
        meanwhile.append(max(times) * 1000)
        spent = time.perf_counter() - began
        with _writing(brand, (kept, double)) as times:
            time.sleep(spent)
        at_rest.append(max(times) * 1000)
    return meanwhile, at_rest


@contextmanager
def _writing(brand: ground.Brand, contact_ids: tuple[UUID, ...]) -> Iterator[list[float]]:
    """Their customers write one message after the other; how many seconds each took."""
    times: list[float] = []
    is_over = Event()

    def write() -> None:
        with tenant_scope(brand.tenant):
            inbox = ground.inbox_of(brand, "messenger")
            while not times or not is_over.wait(REST_SECONDS):
                number = len(times)
                item = IncomingMessage(
                    account_id=inbox.account_id,
                    event_id="",
                    happened_at=timezone.now(),
                    raw={},
                    address=f"{contact_ids[number % len(contact_ids)]}-1",
                    external_id=f"meanwhile-{time.time_ns()}",
                    text="Are you there?",
                )
                began = time.perf_counter()
                inbound.receive([Arrival(item, inbox.id)])
                times.append(time.perf_counter() - began)
        connection.close()

    with ThreadPoolExecutor(1) as customers:
        customer = customers.submit(write)
        try:
            yield times
        finally:
            is_over.set()
            customer.result()


def _repoint(contact: UUID, other: UUID) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE contacts_contactidentity SET contact_id = %s WHERE contact_id = %s", [other, contact]
        )


def _upkeep_times(wish: Wish) -> tuple[list[float], list[float]]:
    ids = list(Contact.objects.filter(name__lt="𠀀").order_by("id").values_list("id", flat=True))
    batches = [ids[start : start + BATCH] for start in range(0, len(ids), BATCH)]
    for batch in batches:
        upkeep.keep_up(batch)
    assert MatchKey.objects.exists() and Suggestion.objects.exists()
    ours, theirs = [], []
    for pair in range(wish.pairs):
        batch = batches[(pair * 7919) % len(batches)]
        ours.append(_seconds(lambda: upkeep.keep_up(batch)) * 1000 / len(batch))  # noqa: B023
        theirs.append(_seconds(lambda: _compare_each(batch)) * 1000 / len(batch))  # noqa: B023
    return ours, theirs


def _compare_each(batch: list[UUID]) -> None:
    """What a form with a list of possible doubles asks: the same name or a shared address."""
    with connection.cursor() as cursor:
        for contact_id in batch:
            cursor.execute(
                """
                SELECT other.id FROM contacts_contact me, contacts_contact other
                 WHERE me.id = %(id)s AND other.name = me.name AND other.id <> me.id
                UNION SELECT b.contact_id
                  FROM contacts_contactaddress a JOIN contacts_contactaddress b USING (kind, value)
                 WHERE a.contact_id = %(id)s AND b.contact_id <> %(id)s
                """,
                {"id": contact_id},
            )
            cursor.fetchall()


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
