"""Reading mailboxes: every minute a visit to each, new mails into the same road as webhooks, the cursor after them.

A mail is stored before the cursor passes it, and what comes twice is stored once, so that nothing is lost when a
visit breaks off. One bad mail never stops the others: what cannot be read is kept as a dead letter; what the server
cannot give is skipped after a few visits, and counted.
"""

from __future__ import annotations

import base64
import json
import logging
import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from conversations import inbound, platforms
from conversations.channels import email_servers, registry
from conversations.channels.base import Account
from conversations.channels.email import Email
from conversations.channels.errors import DeliveryError, ErrorKind
from conversations.events import InboxWarned
from conversations.inbound import Arrival, records
from conversations.mailbox import imap
from conversations.mailbox.imap import Facts, Fetched, LogInRefused, NotReachable, Visit
from conversations.mailbox.models import MailboxCursor
from conversations.models import Inbox
from tenants import addresses
from tenants.jobs import BULK, defer, job
from tenants.workspace.events import SYSTEM, record, unit_of_work

VISIT_SECONDS = 50.0
LEASE = timedelta(seconds=90)  # longer than a visit with its writing
BATCH_MAILS = 20
BATCH_BYTES = 10_000_000
MOST_MAILS = 300  # of one visit: then another mailbox has its turn
STUCK_TRIES = 3
LONGEST_PAUSE = timedelta(minutes=30)
LOOK_BACK = timedelta(days=2)  # beyond the last visit, when the server has numbered its mails anew

logger = logging.getLogger(__name__)


def start_due() -> int:
    """Let a worker visit each mailbox of the scope's brand that may be visited now. Returns how many."""
    waiting = Q(mailbox_cursor__try_at__gt=Now()) | Q(mailbox_cursor__busy_until__gt=Now())
    rows = Inbox.objects.filter(channel=Email.kind, is_active=True).exclude(waiting)
    ids = [row.id for row in rows.only("id", "settings") if row.settings.get("imap_server")]
    for inbox_id in ids:
        defer(visit, only_one=f"mailbox:{inbox_id}", inbox_id=str(inbox_id))
    return len(ids)


def start(inbox: Inbox) -> bool:
    """Let a worker visit one mailbox now, even if it rests after trouble: somebody has mended it. Returns whether
    it is one that is visited."""
    if inbox.channel != Email.kind or not inbox.settings.get("imap_server"):
        return False
    MailboxCursor.objects.filter(inbox=inbox).update(try_at=None)
    defer(visit, only_one=f"mailbox:{inbox.id}", inbox_id=str(inbox.id))
    return True


@job(queue=BULK)
def visit(inbox_id: str) -> None:
    """Visit one mailbox and store what is new in it."""
    inbox = Inbox.objects.filter(id=UUID(inbox_id), channel=Email.kind, is_active=True).first()
    if inbox is None:
        return
    cursor = _claim(inbox)
    if cursor is None:
        return
    try:
        # a token that the server refuses is borrowed anew, once
        more = platforms.ask(
            inbox, lambda _channel, account, _way: _read(inbox, cursor, account), seconds=VISIT_SECONDS
        )
    except DeliveryError as error:
        _note_trouble(inbox, cursor, error.kind, error.detail)
    else:
        _note_success(cursor)
        if more:
            defer(visit, only_one=f"mailbox:{inbox_id}", inbox_id=inbox_id)


def _read(inbox: Inbox, cursor: MailboxCursor, account: Account) -> bool:
    """Visit the mailbox; whether more waits in it. Raises DeliveryError."""
    log_in = Email().log_in(account)
    if not log_in:
        raise DeliveryError(ErrorKind.AUTH_EXPIRED, code="no_password", detail="the account has no password")
    try:
        server = email_servers.mailbox(inbox.settings)
        with Visit(server, ends_at=time.monotonic() + VISIT_SECONDS) as open_box:
            open_box.log_in(**log_in)
            return _store_new(inbox, cursor, open_box)
    except LogInRefused as error:
        raise DeliveryError(ErrorKind.AUTH_EXPIRED, code="log_in", detail=str(error)) from None
    except (NotReachable, addresses.AddressRefused) as error:
        raise DeliveryError(ErrorKind.PERMISSION, code="address", detail=str(error)) from None
    except imap.TROUBLE as error:
        raise DeliveryError(ErrorKind.TEMPORARY, code=type(error).__name__, detail=str(error)[:200]) from None


def _store_new(inbox: Inbox, cursor: MailboxCursor, open_box: Visit) -> bool:
    waiting = _waiting(inbox, cursor, open_box)
    for batch in _batches(cursor, open_box, waiting[:MOST_MAILS]):
        mails = [mail for mail in batch if isinstance(mail, Fetched)]
        inbound.receive([arrival for mail in mails for arrival in _arrivals(inbox, mail)])
        last = batch[-1].facts if isinstance(batch[-1], Fetched) else batch[-1]
        cursor.last_uid, cursor.stuck_uid, cursor.stuck_tries = last.uid, 0, 0
        cursor.save(update_fields=["uid_validity", "last_uid", "stuck_uid", "stuck_tries"])
    return len(waiting) > MOST_MAILS


def _waiting(inbox: Inbox, cursor: MailboxCursor, open_box: Visit) -> list[Facts]:
    """The mails to be fetched, oldest first. A mailbox visited for the first time, or numbered anew by its server,
    is read from a time on: what is older was there before us, or is stored."""
    if cursor.uid_validity == open_box.uid_validity:
        facts = open_box.facts(open_box.newer_than(cursor.last_uid))
        return [facts[uid] for uid in sorted(facts) if uid > cursor.last_uid]
    begun = inbox.created_at if cursor.read_at is None else cursor.read_at - LOOK_BACK
    facts = open_box.facts(open_box.since((begun - timedelta(days=1)).date()))
    cursor.uid_validity, cursor.last_uid = open_box.uid_validity, 0
    found = [facts[uid] for uid in sorted(facts) if _is_since(facts[uid], begun)]
    if not found:
        cursor.last_uid = max(facts, default=0)
        cursor.save(update_fields=["uid_validity", "last_uid"])
    return found


def _is_since(facts: Facts, begun: datetime) -> bool:
    return facts.arrived_at is None or facts.arrived_at >= begun - timedelta(minutes=5)


def _batches(
    cursor: MailboxCursor, open_box: Visit, waiting: Sequence[Facts]
) -> Iterator[list[Fetched | Facts]]:
    """The mails, some at a time; what the server does not give any more stands as its facts."""
    batch: list[Fetched | Facts] = []
    size = 0
    for facts in waiting:
        mail = _fetch(cursor, open_box, facts)
        if batch and isinstance(mail, Fetched) and size + len(mail.content) > BATCH_BYTES:
            yield batch
            batch, size = [], 0
        batch.append(mail)
        size += len(mail.content) if isinstance(mail, Fetched) else 0
        if len(batch) >= BATCH_MAILS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _fetch(cursor: MailboxCursor, open_box: Visit, facts: Facts) -> Fetched | Facts:
    """The mail. One at which visits have broken off before is skipped. Raises imap.TROUBLE."""
    if facts.uid == cursor.stuck_uid and cursor.stuck_tries >= STUCK_TRIES:
        logger.warning("mail %s of inbox %s cannot be fetched and is skipped", facts.uid, cursor.inbox_id)
        MailboxCursor.objects.filter(id=cursor.id).update(skipped=F("skipped") + 1)
        return facts
    try:
        return open_box.fetch(facts) or facts
    except imap.TROUBLE:
        tries = cursor.stuck_tries + 1 if cursor.stuck_uid == facts.uid else 1
        MailboxCursor.objects.filter(id=cursor.id).update(stuck_uid=facts.uid, stuck_tries=tries)
        raise


def _arrivals(inbox: Inbox, mail: Fetched) -> list[Arrival]:
    element = {
        "mime_base64": base64.b64encode(mail.content).decode(),
        "received_at": round(mail.facts.arrived_at.timestamp() * 1000) if mail.facts.arrived_at else None,
        "cut": "yes" if mail.is_cut else "",
    }
    try:
        items = registry.open(inbox.channel).parse_element(inbox.account_id, element)
    except Exception as error:
        logger.error("reading a mail of inbox %s failed: %s", inbox.id, records.whereabouts(error))
        body = json.dumps({"mails": [element]}).encode()
        reason = records.failure(error)
        records.bury(channel=inbox.channel, account_id=inbox.account_id, body=body, headers={}, error=reason)
        return []
    return [Arrival(item, inbox.id) for item in items]


def _claim(inbox: Inbox) -> MailboxCursor | None:
    """The mailbox's cursor, leased to this caller; None when another reads it, or it rests after trouble."""
    MailboxCursor.objects.bulk_create([MailboxCursor(inbox=inbox)], ignore_conflicts=True)
    free = Q(busy_until__isnull=True) | Q(busy_until__lt=Now())
    due = Q(try_at__isnull=True) | Q(try_at__lte=Now())
    claimed = MailboxCursor.objects.filter(free, due, inbox=inbox).update(busy_until=Now() + LEASE)
    return MailboxCursor.objects.get(inbox=inbox) if claimed else None


def _note_success(cursor: MailboxCursor) -> None:
    MailboxCursor.objects.filter(id=cursor.id).update(
        busy_until=None, read_at=timezone.now(), failures=0, try_at=None, error="", error_detail=""
    )


def _note_trouble(inbox: Inbox, cursor: MailboxCursor, kind: ErrorKind, detail: str) -> None:
    """Rest, longer each time; the first time the brand is told."""
    pause = min(timedelta(minutes=2 ** min(cursor.failures, 5)), LONGEST_PAUSE)
    logger.warning("mailbox of inbox %s: %s", inbox.id, kind)
    with unit_of_work():
        MailboxCursor.objects.filter(id=cursor.id).update(
            busy_until=None,
            failures=F("failures") + 1,
            try_at=timezone.now() + pause,
            error=kind,
            error_detail=detail[:300].replace("\x00", ""),
        )
        if cursor.error != kind:
            record(InboxWarned(inbox_id=inbox.id, error_kind=kind, warnings=()), by=SYSTEM)
