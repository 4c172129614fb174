"""Reading a mailbox: nothing lost, nothing doubled, and no mail that stops the others."""

from __future__ import annotations

import imaplib
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from conversations import inboxes, replaying
from conversations.channels.email import Email
from conversations.mailbox import imap, reading
from conversations.mailbox.imap import Facts, Fetched, LogInRefused
from conversations.mailbox.models import MailboxCursor
from conversations.models import InboundRecord, Inbox, Message
from tenants.directory import TenantRef
from tenants.scope import scoped_tenant, tenant_scope
from tenants.workspace.events import SYSTEM
from tests.conversations.outgoing import happened, jobs

pytestmark = pytest.mark.django_db(transaction=True)


def mail(number: int, text: str = "hello", message_id: str = "") -> bytes:
    own_id = message_id or f"mail-{number}@customer.example"
    return (
        f"Message-ID: <{own_id}>\r\nFrom: mei{number}@customer.example\r\nTo: support@shop.example\r\n"
        f"Subject: Order\r\n\r\n{text} {number}\r\n"
    ).encode()


@dataclass
class Server:
    """A mailbox's folder. broken: UIDs at whose fetching the connection breaks; gone: that are no more."""

    mails: dict[int, bytes] = field(default_factory=dict)
    arrived: dict[int, datetime] = field(default_factory=dict)
    validity: int = 7
    password: str = "good"
    broken: set[int] = field(default_factory=set)
    gone: set[int] = field(default_factory=set)
    fetched: list[int] = field(default_factory=list)
    visits: int = 0

    def receive(self, *numbers: int, at: datetime | None = None) -> None:
        for number in numbers:
            self.mails[number] = mail(number)
            self.arrived[number] = at or timezone.now()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    server = Server()

    class FakeVisit:
        def __init__(self, address: str, *, ends_at: float) -> None:
            server.visits += 1
            self.uid_validity = server.validity

        def __enter__(self) -> FakeVisit:
            return self

        def __exit__(self, *_gone: object) -> None:
            pass

        def log_in(self, username: str, *, password: str = "", access_token: str = "") -> None:
            if password != server.password:
                raise LogInRefused("no")

        def newer_than(self, uid: int) -> list[int]:
            return [each for each in sorted(server.mails) if each > uid]

        def since(self, day: date) -> list[int]:
            return [each for each in sorted(server.mails) if server.arrived[each].date() >= day]

        def facts(self, uids: list[int]) -> dict[int, Facts]:
            return {each: Facts(each, len(server.mails[each]), server.arrived[each]) for each in uids}

        def fetch(self, facts: Facts) -> Fetched | None:
            server.fetched.append(facts.uid)
            if facts.uid in server.broken:
                raise imaplib.IMAP4.abort("gone away")
            return None if facts.uid in server.gone else Fetched(facts, server.mails[facts.uid])

    monkeypatch.setattr(reading, "Visit", FakeVisit)
    return server


@pytest.fixture
def inbox(in_acme: TenantRef) -> Inbox:
    return a_mailbox()


def a_mailbox(address: str = "support@shop.example", **settings: str) -> Inbox:
    given = {"imap_server": "imap.shop.example", **settings}
    return inboxes.connect(
        "email", address, "Mail", by=SYSTEM, credentials={"password": "good"}, secret="signs", settings=given
    )


def visit(inbox: Inbox) -> MailboxCursor:
    MailboxCursor.objects.update(try_at=None)
    reading.visit(tenant_id=str(scoped_tenant().id), inbox_id=str(inbox.id))
    return MailboxCursor.objects.get(inbox=inbox)


def texts() -> list[str]:
    return sorted(Message.objects.values_list("text", flat=True))


# --- nothing lost, nothing doubled -------------------------------------------------------------------------


def test_new_mails_are_stored_once_however_often_the_mailbox_is_visited(server: Server, inbox: Inbox) -> None:
    server.receive(1, 2)
    visit(inbox)
    server.receive(3)
    visit(inbox)
    cursor = visit(inbox)
    assert texts() == ["hello 1", "hello 2", "hello 3"] and server.fetched == [1, 2, 3]
    assert (cursor.last_uid, cursor.uid_validity, cursor.busy_until) == (3, 7, None)


def test_what_was_in_the_mailbox_before_it_was_connected_stays_there(server: Server, inbox: Inbox) -> None:
    server.receive(1, 2, at=timezone.now() - timedelta(days=3))
    server.receive(3, at=timezone.now() - timedelta(hours=2))
    visit(inbox)
    assert texts() == [] and server.fetched == []
    server.receive(4)
    visit(inbox)
    assert texts() == ["hello 4"] and server.fetched == [4]


def test_a_mailbox_that_was_numbered_anew_brings_nothing_twice_and_loses_nothing(
    server: Server, inbox: Inbox
) -> None:
    server.receive(900, at=timezone.now() - timedelta(days=30))
    server.receive(1000, 1001)
    visit(inbox)
    server.validity = 8
    server.mails = {1: server.mails[900], 2: server.mails[1000], 3: server.mails[1001], 4: mail(1002)}
    now = timezone.now()
    server.arrived = {1: now - timedelta(days=30), 2: now, 3: now, 4: now}
    cursor = visit(inbox)
    assert texts() == ["hello 1000", "hello 1001", "hello 1002"]
    assert (cursor.uid_validity, cursor.last_uid) == (8, 4)


def test_a_visit_that_breaks_off_goes_on_where_it_was(
    server: Server, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "BATCH_MAILS", 2)
    server.receive(1, 2, 3, 4)
    server.broken = {4}
    cursor = visit(inbox)
    assert texts() == ["hello 1", "hello 2"] and cursor.last_uid == 2 and cursor.error == "temporary"
    server.broken = set()
    visit(inbox)
    assert texts() == ["hello 1", "hello 2", "hello 3", "hello 4"]


def test_the_same_mail_in_two_mailboxes_of_a_brand_stands_in_both(server: Server, inbox: Inbox) -> None:
    other = a_mailbox("sales@shop.example")
    server.receive(1)
    visit(inbox)
    visit(other)
    assert texts() == ["hello 1", "hello 1"]


# --- one bad mail ------------------------------------------------------------------------------------------


def test_a_mail_that_cannot_be_read_is_kept_and_the_others_come(
    server: Server, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    genuine = Email.parse_element

    def breaking(self: Email, account_id: str, raw: Any) -> Any:
        [item] = genuine(self, account_id, raw)
        if getattr(item, "text", "") == "hello 2":
            raise RuntimeError("a fault of ours")
        return [item]

    monkeypatch.setattr(Email, "parse_element", breaking)
    server.receive(1, 2, 3)
    cursor = visit(inbox)
    assert texts() == ["hello 1", "hello 3"] and cursor.last_uid == 3
    dead = InboundRecord.objects.get(state="dead")
    assert dead.error == "RuntimeError: a fault of ours"
    monkeypatch.undo()
    [item] = Email().parse(bytes(dead.body))
    assert item.text == "hello 2"  # type: ignore[attr-defined]
    replaying.replay(dead, by=SYSTEM)
    replaying.try_again(tenant_id=str(scoped_tenant().id), record_id=str(dead.id))
    assert sorted(texts()) == ["hello 1", "hello 2", "hello 3"]


def test_a_mail_at_which_the_connection_breaks_is_skipped_after_three_visits(
    server: Server, inbox: Inbox
) -> None:
    server.receive(1, 2, 3)
    server.broken = {2}
    for _ in range(reading.STUCK_TRIES):
        assert visit(inbox).skipped == 0
    cursor = visit(inbox)
    assert texts() == ["hello 1", "hello 3"] and (cursor.skipped, cursor.error) == (1, "")


def test_a_mail_that_vanished_meanwhile_is_passed(server: Server, inbox: Inbox) -> None:
    server.receive(1, 2, 3)
    server.gone = {3}
    assert visit(inbox).last_uid == 3 and texts() == ["hello 1", "hello 2"]


def test_a_mail_longer_than_the_bound_is_cut_and_says_so(server: Server, inbox: Inbox) -> None:
    server.receive(1)
    facts = Facts(1, 30_000_000, timezone.now())
    reading.inbound.receive(reading._arrivals(inbox, Fetched(facts, server.mails[1])))
    assert Message.objects.get().details["is_cut"] is True


# --- turns, rests, and whose mailbox it is -----------------------------------------------------------------


def test_a_full_mailbox_is_read_in_several_visits(
    server: Server, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MOST_MAILS", 2)
    server.receive(1, 2, 3)
    visit(inbox)
    assert len(texts()) == 2 and len(jobs("conversations.mailbox.reading.visit")) == 1
    visit(inbox)
    assert len(texts()) == 3


def test_two_workers_do_not_read_one_mailbox(server: Server, inbox: Inbox) -> None:
    server.receive(1)
    MailboxCursor.objects.create(inbox=inbox, busy_until=timezone.now() + timedelta(minutes=1))
    visit(inbox)
    assert server.visits == 0 and texts() == []
    MailboxCursor.objects.update(busy_until=timezone.now() - timedelta(seconds=1))
    visit(inbox)
    assert texts() == ["hello 1"]


def test_a_refused_log_in_rests_longer_each_time_and_is_told_once(server: Server, inbox: Inbox) -> None:
    server.password = "another"
    pauses = []
    for _ in range(8):
        cursor = visit(inbox)
        assert cursor.try_at is not None
        pauses.append(round((cursor.try_at - timezone.now()) / timedelta(minutes=1)))
    assert pauses == [1, 2, 4, 8, 16, 30, 30, 30]
    assert happened("inbox.warned") == ["inbox.warned"]
    assert reading.start_due() == 0
    server.password = "good"
    assert visit(inbox).error == "" and reading.start_due() == 1


def test_only_mailboxes_that_are_to_be_read_get_a_job(inbox: Inbox) -> None:
    a_mailbox("hook@shop.example", imap_server="")
    assert reading.start_due() == 1
    [job] = jobs("conversations.mailbox.reading.visit")
    assert job.args["inbox_id"] == str(inbox.id)
    inboxes.disconnect(inbox, by=SYSTEM)
    assert reading.start_due() == 0


def test_another_brand_reads_and_sees_nothing_of_it(server: Server, inbox: Inbox, globex: TenantRef) -> None:
    server.receive(1)
    with tenant_scope(globex):
        assert reading.start_due() == 0
        reading.visit(tenant_id=str(globex.id), inbox_id=str(inbox.id))
        assert not Message.objects.exists() and not MailboxCursor.objects.exists()
    assert server.visits == 0
    visit(inbox)
    assert texts() == ["hello 1"]


# --- the server's address ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "given, meant",
    [
        ("imap.shop.example", ("imap.shop.example", 993, True)),
        ("imap.shop.example:993", ("imap.shop.example", 993, True)),
        ("imap.shop.example:143", ("imap.shop.example", 143, False)),
        ("imaps://IMAP.shop.example/", ("imap.shop.example", 993, True)),
        ("imap://imap.shop.example", ("imap.shop.example", 143, False)),
    ],
)
def test_a_server_is_named_as_people_know_it(given: str, meant: tuple[str, int, bool]) -> None:
    assert imap.address_of(given) == meant


@pytest.mark.parametrize(
    "given", ["", "http://x", "imap.example:22", "a b", "imap.example:143:1", "user@imap.example"]
)
def test_what_is_no_mail_server_is_not_visited(settings: Settings, given: str) -> None:
    settings.SIMULATOR = False
    with pytest.raises(imap.NotReachable):
        imap.address_of(given)
