"""A person with ten thousand messages, among many others: the export of everything, and the erasing.

Beside the export stands reading the same messages and writing them as JSON, beside the erasing one statement that
empties as many rows: what the machine takes for the bare work.
"""

from __future__ import annotations

import json
import time
from tempfile import TemporaryFile
from typing import Any

from django.db import connection
from django.utils import timezone

from benchmarks import ground
from benchmarks.figures import Figure
from benchmarks.wish import Wish
from contacts.models import Contact, Erasure, PersonExport
from contacts.privacy import erasing, exporting
from conversations.models import Conversation, Inbox, Message
from tenants.ids import new_id
from tenants.scope import scoped_tenant, tenant_scope
from tenants.workspace.events import Actor
from tenants.workspace.models import Agent

MESSAGES, OTHERS = 10_000, 200_000
SHORT_MESSAGES, SHORT_OTHERS = 300, 1_000
EXPORT_FLOOR, EXPORT_GOAL = 30.0, 15.0  # seconds
ERASE_FLOOR, ERASE_GOAL = 60.0, 20.0


def measure(wish: Wish) -> list[Figure]:
    """Two people of the same size: one for the product, one for the bare work."""
    brand = ground.make_brand("private")
    with tenant_scope(brand.tenant):
        number = SHORT_MESSAGES if wish.short else MESSAGES
        inbox, agent = ground.inbox_of(brand, "messenger"), Agent.objects.get(user_id=brand.owner.id)
        somebody(inbox, SHORT_OTHERS if wish.short else OTHERS, "others")
        contact, twin = somebody(inbox, number, "ada"), somebody(inbox, number, "twin")
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        exported, read = _export(contact, agent), _read(twin)
        erased, emptied = _erase(contact, agent), _empty(twin)
    size = f"{number} messages among {OTHERS if not wish.short else SHORT_OTHERS}"
    return [
        Figure(
            f"export of a person, {size}",
            "s",
            [exported],
            [read],
            "rows read and written as JSON",
            better="less",
            floor=EXPORT_FLOOR,
            goal=EXPORT_GOAL,
            bounds_figure=True,
        ),
        Figure(
            f"erasing a person, {size}",
            "s",
            [erased],
            [emptied],
            "one UPDATE of as many rows",
            better="less",
            floor=ERASE_FLOOR,
            goal=ERASE_GOAL,
            bounds_figure=True,
        ),
    ]


def somebody(inbox: Inbox, number: int, name: str) -> Contact:
    """A person who wrote so many messages, each with its raw record and an event, by a few statements."""
    contact = Contact.objects.create(name=name.title())
    address = f"customer-{name}-{new_id().hex[:8]}"
    identity = contact.identities.create(channel=inbox.channel, scope=inbox.identity_scope, address=address)
    talk = Conversation.objects.create(
        inbox=inbox,
        contact=contact,
        identity=identity,
        status="resolved",
        message_count=number,
        last_activity_at=timezone.now(),
    )
    given = {"talk": talk.id, "inbox": inbox.id, "number": number, "name": name, "address": address}
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute(_MESSAGES, given)
        cursor.execute(_RECORDS, {**given, "account": inbox.account_id, "channel": inbox.channel})
    return contact


_MESSAGES = """
    INSERT INTO conversations_message
           (id, conversation_id, inbox_id, number, direction, kind, text, author_kind, external_id, status,
            error_kind, error_detail, outside_window, sent_at, created_at, reaction, reply_to, details)
    SELECT gen_random_uuid(), %(talk)s, %(inbox)s, n, 'in', 'text', 'Where is order ' || n || '? 我的訂單在哪裡？',
           'contact', %(name)s || '-' || n, 'received', '', '', FALSE, now() - n * interval '1 minute', now(), '', '',
           '{}'
      FROM generate_series(1, %(number)s) AS n
"""
_RECORDS = """
    INSERT INTO conversations_inboundrecord
           (id, inbox_id, channel, account_id, event_id, body, headers, state, outcome, attempts, error, repeats,
            received_at)
    SELECT id, inbox_id, %(channel)s, %(account)s, external_id,
           convert_to('{"sender":{"id":"' || %(address)s || '"},"message":{"text":"' || text || '"}}', 'UTF8'),
           '{}', 'done', 'threaded', 0, '', 0, created_at
      FROM conversations_message WHERE conversation_id = %(talk)s
"""


def _export(contact: Contact, agent: Agent) -> float:
    start = time.perf_counter()
    export = exporting.ask(contact, by=Actor.agent(agent))
    exporting.make(tenant_id=str(scoped_tenant().id), export_id=str(export.id))
    lasted = time.perf_counter() - start
    assert PersonExport.objects.get(id=export.id).state == PersonExport.State.DONE
    return lasted


def _read(contact: Contact) -> float:
    start = time.perf_counter()
    with TemporaryFile() as content:
        for row in Message.objects.filter(conversation__contact=contact).values().iterator(chunk_size=500):
            content.write(json.dumps(row, default=str, ensure_ascii=False).encode())
    return time.perf_counter() - start


def _erase(contact: Contact, agent: Agent) -> float:
    by = Actor.agent(agent)
    start = time.perf_counter()
    erasure = erasing.plan(contact, mode=Erasure.Mode.ERASE, by=by)
    erasing.confirm(erasure, by=by, typed=contact.name)
    while Erasure.objects.get(id=erasure.id).state != Erasure.State.DONE:
        erasing.work_on(tenant_id=str(scoped_tenant().id), erasure_id=str(erasure.id))
    return time.perf_counter() - start


def _empty(contact: Contact) -> float:
    blank: dict[str, Any] = {"text": "", "external_id": "", "details": {"erased": True}}
    start = time.perf_counter()
    Message.objects.filter(conversation__contact=contact).update(**blank)
    return time.perf_counter() - start
