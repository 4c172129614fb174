"""A mail goes there and back through real servers, and the thread holds."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from pytest_django import Settings

from conversations import checking, inboxes
from conversations.mailbox import reading
from conversations.mailbox.models import MailboxCursor
from conversations.models import Conversation, Inbox, Message
from tenants.directory import TenantRef
from tenants.scope import scoped_tenant
from tenants.workspace.events import SYSTEM
from tenants.workspace.models import Agent
from tests.conversations.mailbox.servers import PASSWORD, MailServers, running_mail_servers
from tests.conversations.outgoing import answer, deliver, happened, statuses

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.mailserver,
    pytest.mark.xdist_group("mailserver"),
]

SUPPORT = "support@shop.example"


@pytest.fixture(scope="module")
def servers() -> Iterator[MailServers]:
    with running_mail_servers() as found:
        yield found


@pytest.fixture
def inbox(servers: MailServers, in_acme: TenantRef, settings: Settings) -> Inbox:
    settings.SIMULATOR = True
    return inboxes.connect(
        "email",
        SUPPORT,
        "Mail",
        by=SYSTEM,
        credentials={"password": PASSWORD},
        secret="signs",
        settings={
            "imap_server": servers.imap,
            "smtp_server": servers.smtp,
            "from_name": "Shanhai",
            "plus_addresses": "yes",
        },
    )


def visit(inbox: Inbox) -> None:
    reading.visit(tenant_id=str(scoped_tenant().id), inbox_id=str(inbox.id))


def write(servers: MailServers, sender: str, to: str, text: str, **headers: str) -> str:
    mail = EmailMessage(policy=policy.SMTP)
    mail["From"], mail["To"] = f"Mei <{sender}>", to
    mail["Message-ID"] = f"<{abs(hash(text))}@customer.example>"
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    with smtplib.SMTP("127.0.0.1", servers.smtp_port) as client:
        client.send_message(mail)
    return str(mail["Message-ID"])


def test_a_mail_goes_there_and_back_with_its_thread_intact(
    servers: MailServers, inbox: Inbox, bob_agent: Agent
) -> None:
    asked = write(servers, "mei@customer.example", SUPPORT, "您好，請問訂單 711？ 🍎", Subject="訂單 711")
    visit(inbox)
    [conversation] = Conversation.objects.all()
    assert Message.objects.get().text == "您好，請問訂單 711？ 🍎"
    assert conversation.waiting_since is not None and conversation.identity.address == "mei@customer.example"
    assert "\\Seen" not in servers.flags_of("support")

    answer(conversation, "今天下午寄出。", bob_agent)
    deliver(conversation)
    assert statuses(conversation) == ["sent"]
    [got] = [message_from_bytes(raw, policy=policy.default) for raw in servers.mails_of("mei")]
    assert got["Subject"] == "Re: 訂單 711" and got["In-Reply-To"] == asked
    assert got.get_content().strip() == "今天下午寄出。"
    assert str(got["From"]).endswith(f"<{SUPPORT}>") and got["Date"].datetime is not None
    assert str(got["Reply-To"].addresses[0].addr_spec).startswith("support+k")

    # from another address of hers, to the signed reply address, and without a word about the thread
    write(servers, "mei.chen@work.example", str(got["Reply-To"]), "謝謝！\n\n> 今天下午寄出。", Subject="x")
    write(
        servers, "mei@customer.example", SUPPORT, "再謝一次", Subject="y", In_Reply_To=str(got["Message-ID"])
    )
    visit(inbox)
    visit(inbox)  # nothing new: nothing changes
    assert Conversation.objects.count() == 1
    said = list(Message.objects.order_by("number").values_list("direction", "text"))
    assert said == [
        ("in", "您好，請問訂單 711？ 🍎"),
        ("out", "今天下午寄出。"),
        ("in", "謝謝！"),
        ("in", "再謝一次"),
    ]
    marked = Message.objects.get(text="謝謝！").details
    assert marked["written_from"] == "mei.chen@work.example" and marked["full_text"].endswith(
        "> 今天下午寄出。"
    )
    assert "written_from" not in Message.objects.get(text="再謝一次").details


def test_a_wrong_password_is_told_once_and_the_mailbox_rests(inbox: Inbox) -> None:
    inboxes.renew_credentials(inbox, {"password": "wrong"}, by=SYSTEM)
    visit(inbox)
    cursor = MailboxCursor.objects.get(inbox=inbox)
    assert (cursor.error, cursor.failures) == ("auth_expired", 1) and cursor.try_at is not None
    assert cursor.error_detail == "[AUTHENTICATIONFAILED] Authentication failed."
    assert happened("inbox.warned") == ["inbox.warned"]
    MailboxCursor.objects.update(try_at=None)
    visit(inbox)
    assert happened("inbox.warned") == ["inbox.warned"]
    MailboxCursor.objects.update(try_at=None)
    inboxes.renew_credentials(inbox, {"password": PASSWORD}, by=SYSTEM)
    visit(inbox)
    assert MailboxCursor.objects.get(inbox=inbox).error == ""


def test_the_account_is_checked_by_its_log_in(inbox: Inbox) -> None:
    row = checking.check(inbox, by=SYSTEM)
    assert (row.check_error, row.warnings, row.platform_name) == ("", [], SUPPORT)
    wrong = inboxes.renew_credentials(inbox, {"password": "wrong"}, by=SYSTEM)
    assert checking.check(wrong, by=SYSTEM).check_error == "auth_expired"
