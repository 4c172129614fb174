"""What is found by whom."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from contacts.models import Contact, ContactLabel, ContactTerms, Label
from contacts.queries import Position
from contacts.search import finding as ways
from contacts.search import rows as people
from conversations import gates
from conversations.events import MessageEdited, MessageReceived, MessageUnsent
from conversations.models import Attachment, Conversation, Inbox, Message
from conversations.search import box, finding, rows, wish
from conversations.search.box import Refused
from conversations.search.models import MessageTerms
from tenants.directory import TenantRef
from tenants.models import User
from tenants.scope import tenant_scope
from tenants.workspace.access import Member
from tenants.workspace.events import SYSTEM, record, unit_of_work
from tenants.workspace.models import Agent, Team
from tenants.workspace.reactors import run_reactors
from tests.contacts.privacy.ground import erase
from tests.conversations.outgoing import a_conversation, an_inbox, customer_writes

pytestmark = pytest.mark.django_db
TAIPEI = ZoneInfo("Asia/Taipei")
MemberOf = Callable[[User, TenantRef], Member]


@pytest.fixture
def member(bob: User, acme: TenantRef, member_of: MemberOf) -> Member:
    """Bob, an agent of acme."""
    return member_of(bob, acme)


@pytest.fixture
def inbox(in_acme: TenantRef) -> Inbox:
    return an_inbox("line", name="Harbour")


def said(inbox: Inbox, text: str, **given: Any) -> Message:
    """A message of a new customer, and what it is found by."""
    message = a_conversation(inbox, text=text, **given).messages.get()
    rows.write([message.id])
    return message


def wished(text: str, member: Member) -> wish.Wish:
    return wish.understand(box.read(text), member, TAIPEI)


def found(text: str, member: Member, **more: Any) -> list[UUID]:
    page = finding.messages(wished(text, member), limit=more.pop("limit", 50), **more)
    return [row["id"] for row in page.rows]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("你好，我想退貨可以嗎", "退货"),
        ("你好，我想退货可以吗", "退貨"),
        ("ｷｬﾝｾﾙしたいです", "キャンセル"),
        ("返品をお願いします", "返品"),
        ("The delivery was late", "deliv"),
        ("The delivery was late", '"was late"'),
        ("電話 0912-345-678", "345678"),
    ],
)
def test_a_message_is_found_by_its_words(inbox: Inbox, member: Member, text: str, wanted: str) -> None:
    message = said(inbox, text)
    said(inbox, "something else 別的")
    assert found(wanted, member) == [message.id]


def test_a_hit_shows_where_the_words_stand_and_whose_they_are(inbox: Inbox, member: Member) -> None:
    message = said(inbox, "你好，我想退貨可以嗎")
    Contact.objects.update(name="美玲")
    (hit,) = finding.messages(wished("退货", member), limit=5).rows
    assert hit["pieces"] == [("你好，我想", False), ("退貨", True), ("可以嗎", False)]
    assert [hit["excerpt"][start:end] for start, end in hit["marks"]] == ["退貨"]
    assert (hit["contact_name"], hit["inbox_name"], hit["channel"]) == ("美玲", "Harbour", "line")
    assert hit["conversation_id"] == message.conversation_id


def test_a_message_is_found_by_its_subject_and_the_names_of_its_files(inbox: Inbox, member: Member) -> None:
    message = said(inbox, "see below")
    Message.objects.filter(id=message.id).update(details={"subject": "Rechnung Nr. 7711"})
    Attachment.objects.create(message=message, position=0, kind="file", name="發票.pdf")
    rows.write([message.id])
    assert found("rechnung", member) == found("发票", member) == found("7711", member) == [message.id]
    (hit,) = finding.messages(wished("发票", member), limit=5).rows
    assert hit["excerpt"] == "發票.pdf"


def test_the_newest_come_first_page_by_page(inbox: Inbox, member: Member) -> None:
    now = timezone.now()
    messages = [said(inbox, "退貨", wrote_at=now - timedelta(hours=hours)) for hours in range(5)]
    first = finding.messages(wished("退貨", member), limit=2)
    assert [row["id"] for row in first.rows] == [message.id for message in messages[:2]]
    assert first.next == Position(messages[1].sent_at, messages[1].id)
    second = finding.messages(wished("退貨", member), limit=3, after=first.next)
    assert [row["id"] for row in second.rows] == [message.id for message in messages[2:]]
    assert second.next is None


def test_what_is_received_changed_and_taken_back_is_followed(inbox: Inbox, member: Member) -> None:
    message = a_conversation(inbox, text="退貨").messages.get()
    talk = {
        "conversation_id": message.conversation_id,
        "contact_id": message.conversation.contact_id,
        "message_id": message.id,
    }
    assert found("退貨", member) == []
    with unit_of_work():
        record(MessageReceived(**talk, inbox_id=inbox.id, number=1), by=SYSTEM)
    run_reactors()
    assert found("退貨", member) == [message.id]
    Message.objects.filter(id=message.id).update(text="換貨")
    with unit_of_work():
        record(MessageEdited(**talk), by=SYSTEM)
    run_reactors()
    assert found("退貨", member) == []
    assert found("換貨", member) == [message.id]
    Message.objects.filter(id=message.id).update(text="", unsent_at=timezone.now())
    assert found("換貨", member) == []  # at once, whatever the reactor does
    with unit_of_work():
        record(MessageUnsent(**talk), by=SYSTEM)
    run_reactors()
    assert not MessageTerms.objects.filter(message=message).exists()


def test_what_is_deleted_with_its_person_is_not_found(inbox: Inbox, member: Member) -> None:
    message = said(inbox, "退貨")
    assert found("退貨", member) == [message.id]
    Contact.objects.filter(id=message.conversation.contact_id).delete()
    assert found("退貨", member) == []
    assert not MessageTerms.objects.exists()


def test_operators_narrow(inbox: Inbox, member: Member, alice_agent: Agent, bob_agent: Agent) -> None:
    other = an_inbox("messenger", name="Main shop")
    plain = said(inbox, "退貨")
    vip = said(inbox, "退貨")
    mine = said(other, "退貨")
    label = Label.objects.create(name="重要客戶")
    ContactLabel.objects.create(contact_id=vip.conversation.contact_id, label=label)
    Conversation.objects.filter(id=mine.conversation_id).update(assignee=bob_agent, status="pending")
    Conversation.objects.filter(id=vip.conversation_id).update(assignee=alice_agent)

    def ids(text: str) -> set[UUID]:
        return set(found(text, member))

    assert ids("退貨") == {plain.id, vip.id, mine.id}
    assert ids("退貨 label:重要客户") == ids("退貨 label:重要") == {vip.id}
    assert ids("退貨 assignee:me") == ids("退貨 assignee:bob") == {mine.id}
    assert ids("退貨 assignee:none") == ids("退貨 is:unassigned") == {plain.id}
    assert ids("退貨 assignee:me assignee:alice") == {mine.id, vip.id}
    assert ids("退貨 channel:messenger") == ids('退貨 in:"main shop"') == {mine.id}
    assert ids("退貨 channel:line channel:messenger") == {plain.id, vip.id, mine.id}
    assert ids("退貨 is:pending") == {mine.id}
    assert ids("退貨 is:open is:pending") == {plain.id, vip.id, mine.id}
    assert ids("退貨 channel:line in:main") == set()


def test_days_begin_where_the_reader_lives(inbox: Inbox, member: Member) -> None:
    late = said(inbox, "退貨", wrote_at=datetime(2026, 3, 1, 15, 59, tzinfo=UTC))  # 23:59 in Taipei
    early = said(inbox, "退貨", wrote_at=datetime(2026, 3, 1, 16, 0, tzinfo=UTC))  # 0:00 on the 2nd
    assert found("退貨 after:2026-03-02", member) == [early.id]
    assert found("退貨 before:2026/03/02", member) == [late.id]
    assert found("退貨 after:2026-03-01 before:2026-03-03", member) == [early.id, late.id]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("label:nothing", "unknown"),
        ("assignee:zoe", "unknown"),
        ("channel:fax", "unknown"),
        ("in:nowhere", "unknown"),
        ("is:lost", "unknown"),
        ("before:soon", "bad_date"),
        ("after:0001-01-01", "bad_date"),
    ],
)
def test_an_operator_that_names_nothing_is_refused(
    inbox: Inbox, member: Member, text: str, code: str
) -> None:
    with pytest.raises(Refused) as refused:
        wished(text, member)
    assert refused.value.code == code


def test_what_was_said_in_a_hidden_inbox_is_not_found(
    inbox: Inbox, member: Member, alice: User, acme: TenantRef, member_of: MemberOf
) -> None:
    hidden = an_inbox("messenger", name="Board")
    hidden.teams.add(Team.objects.create(name="Board"))
    message, secret = said(inbox, "退貨"), said(hidden, "退貨")
    for talk in (message, secret):
        Contact.objects.filter(id=talk.conversation.contact_id).update(name="美玲")
        people.write([talk.conversation.contact_id])
    assert found("退貨", member) == [message.id]
    assert set(found("退貨", member_of(alice, acme))) == {message.id, secret.id}
    with pytest.raises(Refused):
        wished("退貨 in:board", member)

    seen, everything = wished("美玲", member), wished("美玲", member_of(alice, acme))
    assert [row["id"] for row in finding.contacts(seen, member=member, limit=5).rows] == [
        message.conversation.contact_id
    ]
    assert [row["id"] for row in finding.conversations(seen, member=member, limit=5).rows] == [
        message.conversation_id
    ]
    admin = member_of(alice, acme)
    assert len(finding.contacts(everything, member=admin, limit=5).rows) == 2
    assert len(finding.conversations(everything, member=admin, limit=5).rows) == 2


def test_a_member_who_sees_no_inbox_finds_nothing(inbox: Inbox, member: Member) -> None:
    inbox.teams.add(Team.objects.create(name="Board"))
    said(inbox, "退貨")
    assert gates.visible_inbox_ids(member) == frozenset()
    assert found("退貨", member) == []


def test_nothing_is_found_in_another_brand(
    inbox: Inbox, acme: TenantRef, globex: TenantRef, charlie: User, member_of: MemberOf
) -> None:
    said(inbox, "退貨")
    charlie_member = member_of(charlie, globex)
    with tenant_scope(globex):
        assert found("退貨", charlie_member) == []
        theirs = said(an_inbox("line"), "退貨")
        assert found("退貨", charlie_member) == [theirs.id]


def test_operators_alone_list_conversations_and_contacts_but_no_messages(
    inbox: Inbox, member: Member, bob_agent: Agent
) -> None:
    mine, other = said(inbox, "退貨"), said(inbox, "退貨")
    Conversation.objects.filter(id=mine.conversation_id).update(assignee=bob_agent)
    asked = wished("assignee:me", member)
    assert finding.messages(asked, limit=5).rows == []
    assert [row["id"] for row in finding.conversations(asked, member=member, limit=5).rows] == [
        mine.conversation_id
    ]
    assert [row["id"] for row in finding.contacts(asked, member=member, limit=5).rows] == [
        mine.conversation.contact_id
    ]
    everyone = {mine.conversation.contact_id, other.conversation.contact_id}
    line = wished("channel:line", member)
    assert {row["id"] for row in finding.contacts(line, member=member, limit=5).rows} == everyone


def test_an_empty_box_finds_nothing(inbox: Inbox, member: Member) -> None:
    said(inbox, "退貨")
    asked = wished("", member)
    assert finding.messages(asked, limit=5).rows == []
    assert finding.conversations(asked, member=member, limit=5).rows == []
    assert finding.contacts(asked, member=member, limit=5).rows == []


def test_a_contact_shows_the_lines_it_was_found_by(inbox: Inbox, member: Member) -> None:
    message = said(inbox, "Hi")
    contact = message.conversation.contact
    Contact.objects.filter(id=contact.id).update(name="美玲", company="海港貿易")
    people.write([contact.id])
    (row,) = finding.contacts(wished("海港", member), member=member, limit=5).rows
    assert row["name_pieces"] == [("美玲", False)]
    assert [line["pieces"] for line in row["lines"]] == [[("海港", True), ("貿易", False)]]


def test_both_ways_find_the_same(inbox: Inbox, member: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    now = timezone.now()
    messages = [
        said(inbox, "退貨" if hours % 3 == 0 else "別的", wrote_at=now - timedelta(hours=hours))
        for hours in range(9)
    ]
    expected = [message.id for message in messages[::3]]
    for rare, window in ((10**9, 1), (0, 100), (0, 4), (0, 1)):
        monkeypatch.setattr(ways, "RARE", rare)
        monkeypatch.setattr(ways, "WINDOW", window)
        assert found("退貨", member) == expected
        assert found("退貨 in:harbour", member, limit=2) == expected[:2]


def test_the_number_of_statements_does_not_grow_with_what_is_found(inbox: Inbox, member: Member) -> None:
    said(inbox, "退貨")
    asked = wished("退貨", member)
    with CaptureQueriesContext(connection) as few:
        finding.messages(asked, limit=50)
    for _number in range(4):
        said(inbox, "退貨")
    with CaptureQueriesContext(connection) as many:
        assert len(finding.messages(asked, limit=50).rows) == 5
    assert len(many) == len(few)


def test_everything_is_made_anew_in_steps(inbox: Inbox, member: Member) -> None:
    conversation = a_conversation(inbox, text="退貨")
    for _number in range(4):
        customer_writes(conversation, "退貨")
    after, steps = None, 0
    while steps == 0 or after is not None:
        after, steps = rows.write_from(after, 2), steps + 1
    assert steps == 3
    assert len(found("退貨", member)) == 5


def test_an_erased_person_and_what_they_said_is_not_found(
    inbox: Inbox, member: Member, alice_agent: Agent
) -> None:
    message, other = said(inbox, "退貨"), said(inbox, "退貨")
    contact = message.conversation.contact
    Contact.objects.filter(id=contact.id).update(name="美玲")
    contact.refresh_from_db()
    people.write([contact.id])
    assert set(found("退貨", member)) == {message.id, other.id}
    assert len(finding.contacts(wished("美玲", member), member=member, limit=5).rows) == 1
    erase(contact, alice_agent)
    assert not ContactTerms.objects.filter(contact=contact).exists()
    assert found("退貨", member) == [other.id]
    run_reactors()
    rows.write([message.id])
    assert found("退貨", member) == [other.id]
    for words in ("美玲", "erased"):
        assert finding.contacts(wished(words, member), member=member, limit=5).rows == []
