"""Forty secrets of one person in every field, file and header: an export holds them all and nobody else's; after the
erasure nothing of the brand holds any, and the figures of the day are what they were."""

from __future__ import annotations

import base64
import io
import json
import logging
import os
import subprocess
import zipfile
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.core.cache import cache
from django.db import connection
from django.utils import timezone

from config import postgres
from contacts.models import Consent, Contact, ContactAddress, ContactIdentity, ContactNote, CustomField, Order
from contacts.privacy import archives, exporting, holders
from conversations import lifecycle
from conversations.comments.models import Comment, Post
from conversations.files import storing
from conversations.files.storing import Found
from conversations.models import (
    Attachment,
    Conversation,
    InboundRecord,
    Inbox,
    Message,
    OutboundAttempt,
    ParkedItem,
    StoredFile,
)
from conversations.surveys.models import SurveyResponse
from reporting import supervisor
from tenants import jobs
from tenants.models import ChannelRoute, UnparsedHook
from tenants.scope import scoped_tenant
from tenants.workspace import audit, tokens
from tenants.workspace.access import Member
from tenants.workspace.events import SYSTEM, Actor
from tenants.workspace.models import Agent, ApiToken, DeadEvent, Event, IdempotencyKey
from tests.contacts.privacy.ground import erase
from tests.conversations.outgoing import an_inbox
from tests.conversations.posting import arrive, message

pytestmark = pytest.mark.django_db

TAIPEI = ZoneInfo("Asia/Taipei")
HOW_MANY = 40


class Secrets:
    """Texts that stand nowhere else, each used at one place or several; `of` says which person's."""

    def __init__(self, of: str) -> None:
        self.of = of
        self.told: dict[str, str] = {}

    def __call__(self, place: str, form: str = "{}") -> str:
        """The secret of a place, inside of `form`: an address, a link."""
        core = self.told.setdefault(place, f"{self.of}{len(self.told):02d}{uuid4().hex[:12]}")
        return form.format(core)

    def all(self) -> list[str]:
        return list(self.told.values())


def known(secret: Secrets) -> Contact:
    """A contact with something in every field of their own rows."""
    contact = Contact.objects.create(
        name=secret("name"),
        honorific=secret("honorific"),
        place=secret("place"),
        company=secret("company"),
        picture_url=secret("picture", "https://pictures.test/{}.jpg"),
        page_url=secret("page", "https://shop.test/{}"),
        referrer=secret("referrer", "https://search.test/{}"),
        custom={"size": secret("custom")},
    )
    ContactAddress.objects.create(
        contact=contact, kind="email", value=secret("claimed mail", "{}@claimed.test"), source="agent"
    )
    ContactAddress.objects.create(contact=contact, kind="phone", value=secret("phone", "+{}"), source="form")
    ContactNote.objects.create(contact=contact, text=secret("note"), created_at=timezone.now())
    Order.objects.create(
        contact=contact,
        shop="shop",
        number=secret("order number"),
        status=secret("order status"),
        lines=[{"title": secret("order line")}],
        url=secret("order link", "https://shop.test/orders/{}"),
        placed_at=timezone.now(),
    )
    SurveyResponse.objects.create(
        contact=contact,
        source="shop",
        number=secret("survey number"),
        kind="nps",
        score=9,
        comment=secret("survey comment"),
        answered_at=timezone.now(),
    )
    Consent.objects.create(
        contact=contact,
        purpose="service",
        state="given",
        source="form",
        proof={"address": secret("proof")},
        stated_at=timezone.now(),
    )
    return contact


def by_messenger(contact: Contact, secret: Secrets, agent: Agent) -> Conversation:
    """A chat with a file, an answer of ours that failed once, and what the roads keep of it."""
    inbox = an_inbox("messenger", account_id=f"page-{secret.of}")
    identity = contact.identities.create(
        channel="messenger",
        scope=inbox.identity_scope or inbox.account_id,
        address=secret("messenger address"),
        display_name=secret("display name"),
    )
    where = {"customer": identity.address, "page": inbox.account_id}
    arrive(inbox, message(secret("message id"), secret("text"), **where))
    said = Message.objects.get(external_id=secret("message id"))
    Message.objects.filter(id=said.id).update(
        details={"postback": secret("postback"), "form": {"email": secret("form")}},
        reply_to=secret("reply to"),
        reaction="❤",
    )
    InboundRecord.objects.filter(id=said.id).update(headers={"x-hub": secret("header")})
    file = storing.keep(
        BytesIO(secret("file content").encode()),
        Found(name=secret("file name", "{}.txt")),
        origin=StoredFile.Origin.CUSTOMER,
    )
    Attachment.objects.create(
        message=said,
        position=0,
        kind="file",
        file=file,
        url=secret("file link", "https://cdn.test/{}"),
        media_id=secret("media"),
        name=secret("attachment name"),
        details={"title": secret("attachment details")},
    )
    talk = said.conversation
    Conversation.objects.filter(id=talk.id).update(reply_handle=secret("text"))
    lifecycle.resolve(answered(talk, secret, agent), by=Actor.agent(agent))
    copies(contact, talk, secret)
    return talk


def answered(talk: Conversation, secret: Secrets, agent: Agent) -> Conversation:
    """Our answer, whose first try the platform refused with the customer's own words."""
    now = timezone.now()
    talk.refresh_from_db()
    ours = Message.objects.create(
        conversation=talk,
        inbox=talk.inbox,
        number=talk.message_count + 1,
        direction="out",
        text=secret("answer"),
        author_kind="agent",
        agent=agent,
        external_id=secret("answer id"),
        status="sent",
        sent_at=now,
        created_at=now,
        error_detail=secret("text"),
    )
    Conversation.objects.filter(id=talk.id).update(message_count=ours.number)
    OutboundAttempt.objects.create(
        message=ours,
        number=1,
        started_at=now,
        lease_until=now,
        outcome="sent",
        error_detail=secret("text"),
    )
    return talk


def copies(contact: Contact, talk: Conversation, secret: Secrets) -> None:
    """What else repeats the person's data: kept answers, jobs, dead letters, parked items, the audit."""
    ParkedItem.objects.create(
        inbox=talk.inbox,
        external_id=secret("message id"),
        kind="edited",
        content={"text": secret("text")},
        happened_at=timezone.now(),
        parked_at=timezone.now(),
    )
    event = Event.objects.filter(contact_id=contact.id).order_by("sequence")[0]
    DeadEvent.objects.create(reactor="r", sequence=event.sequence, error=f"broke at {secret('text')}")
    audit.note_by(
        SYSTEM, "contact.changed", "contact", contact.id, secret("name"), changes={"to": secret("place")}
    )
    token = ApiToken.objects.first()
    IdempotencyKey.objects.create(
        token=token,
        key=f"key-{secret.of}",
        request_digest="0" * 64,
        status=200,
        response={"conversation_id": str(talk.id), "text": secret("text")},
    )
    app = ChannelRoute.objects.get(kind="messenger", account_id=talk.inbox.account_id).app
    unread = json.dumps({"from": secret("messenger address"), "text": secret("text")})
    UnparsedHook.objects.create(app=app, body=unread.encode(), error="no JSON")
    members = {"conversation_id": str(talk.id), "member": secret("messenger address")}
    jobs.defer_many("conversations.members.name", [members], queue=jobs.BULK)


def by_mail(contact: Contact, secret: Secrets) -> None:
    """A mail with secrets in its head, its words and its page, raw as base64; and a report that names the address."""
    inbox = an_inbox("email", account_id=f"{secret.of}desk@brand.test".lower())
    address = secret("mail address", "{}@home.test").lower()
    contact.identities.create(
        channel="email", scope=inbox.identity_scope or inbox.account_id, address=address
    )
    mail = (
        f"From: {secret('mail name')} <{address}>\r\nTo: {inbox.account_id}\r\n"
        f"Message-ID: <{secret('mail id')}@home.test>\r\nX-Secret: {secret('mail header')}\r\n"
        f"Subject: {secret('subject')}\r\nDate: Mon, 02 Mar 2026 09:00:00 +0000\r\n"
        "MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n"
        f"--b\r\nContent-Type: text/plain\r\n\r\n{secret('mail text')}\r\n"
        f"--b\r\nContent-Type: text/html\r\n\r\n<p>{secret('mail page')}</p>\r\n--b--\r\n"
    )
    arrive(inbox, {"mime_base64": base64.b64encode(mail.encode()).decode(), "recipient": inbox.account_id})
    assert Message.objects.filter(conversation__contact=contact, inbox=inbox).exists()
    report = f"Final-Recipient: rfc822; {address}\r\n\r\nunknown user"
    InboundRecord.objects.create(
        inbox=inbox,
        channel="email",
        account_id=inbox.account_id,
        event_id=f"report-{secret.of}",
        body=json.dumps({"mime_base64": base64.b64encode(report.encode()).decode()}).encode(),
        state="dead",
        received_at=timezone.now(),
    )


def in_group_and_comment(contact: Contact, secret: Secrets) -> None:
    """What they said in a group of others, and in public."""
    line = an_inbox("line", account_id=f"line-{secret.of}")
    scope = line.identity_scope or line.account_id
    contact.identities.create(channel="line", scope=scope, address=secret("line address"))
    group = Contact.objects.create(name="A group")
    room = ContactIdentity.objects.create(
        contact=group, channel="line", scope=scope, address=f"G-{uuid4().hex}"
    )
    now = timezone.now()
    talk = Conversation.objects.create(
        inbox=line, contact=group, identity=room, thread=room.address, last_activity_at=now, status="resolved"
    )
    Message.objects.create(
        conversation=talk,
        inbox=line,
        number=1,
        direction="in",
        text=secret("group text"),
        author_kind="contact",
        external_id=secret("group message id"),
        status="received",
        sent_at=now,
        created_at=now,
        details={"sender": {"id": secret("line address"), "name": secret("group name")}},
    )
    page = an_inbox("instagram", account_id=f"ig-{secret.of}")
    me = contact.identities.create(
        channel="instagram", scope=page.identity_scope or page.account_id, address=secret("public address")
    )
    public = Conversation.objects.create(
        inbox=page, contact=contact, identity=me, thread="post:1", last_activity_at=now, status="resolved"
    )
    said = Message.objects.create(
        conversation=public,
        inbox=page,
        number=1,
        direction="in",
        text=secret("comment"),
        author_kind="contact",
        external_id=secret("comment id"),
        status="received",
        sent_at=now,
        created_at=now,
    )
    Comment.objects.create(
        message=said,
        inbox=page,
        post=Post.objects.create(inbox=page, external_id="1"),
        comment_id=secret("comment id"),
        private_address=secret("private address"),
        private_until=now,
    )


def a_life(secret: Secrets, agent: Agent) -> Contact:
    """One person, everywhere."""
    contact = known(secret)
    by_messenger(contact, secret, agent)
    by_mail(contact, secret)
    in_group_and_comment(contact, secret)
    for talk in Conversation.objects.filter(contact=contact).exclude(status="resolved"):
        lifecycle.resolve(talk, by=Actor.agent(agent))
    return contact


def dump() -> dict[str, bytes]:
    """The database as pg_dump writes it: what a backup would hold, of every brand and of the public schema."""
    known = connection.get_connection_params()
    where = {"PGHOST": known["host"], "PGPORT": str(known["port"]), "PGUSER": known["user"]}
    secret = {"PGPASSWORD": known.get("password") or ""}
    done = subprocess.run(
        [postgres.program("pg_dump"), "--no-password", known["dbname"]],
        env={**os.environ, **where, **secret},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert f"CREATE TABLE {scoped_tenant().schema_name}.contacts_contact".encode() in done.stdout
    return {"dump": done.stdout}


def tables() -> dict[str, bytes]:
    """Every row of the brand's schema and of the public one, as text."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname IN (%s, 'public')",
            [scoped_tenant().schema_name],
        )
        found = {}
        for schema, table in cursor.fetchall():
            cursor.execute(f'SELECT t::text FROM "{schema}"."{table}" t')
            found[f"{schema}.{table}"] = "\n".join(row[0] for row in cursor.fetchall()).encode()
    return found


def forms(secret: str) -> list[bytes]:
    """A secret as it may stand somewhere: plain, as hexadecimal bytes, inside of base64."""
    raw = secret.encode()
    inside = [base64.b64encode(b"\0" * lead + raw)[(0, 2, 3)[lead] : -4] for lead in range(3)]
    return [raw, raw.hex().encode(), *inside, *(part.hex().encode() for part in inside)]


def traces(secret: Secrets, places: dict[str, bytes]) -> list[str]:
    """Where a secret still stands."""
    return sorted(
        f"{what} in {where}"
        for where, content in places.items()
        for what, core in secret.told.items()
        if any(form in content for form in forms(core))
    )


def folder(files: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in files.rglob("*") if path.is_file()}


def cached() -> dict[str, bytes]:
    kept: dict[str, Any] = getattr(cache, "_cache", {})
    return {f"cache {key}": str(key).encode() + bytes(value) for key, value in kept.items()}


def figures() -> supervisor.Board:
    return supervisor.board(timezone.now().replace(hour=23, minute=59), TAIPEI)


@pytest.fixture
def ground(in_acme: object, member_of: Any, alice: Any) -> Member:
    member: Member = member_of(alice, in_acme)
    tokens.issue("writer", ApiToken.Access.WRITE, by=member)
    CustomField.objects.create(key="size", title="Size", type="text")
    return member


@pytest.mark.django_db(transaction=True)  # a dump holds only what is committed
def test_everything_is_exported_and_everything_is_erased(
    ground: Member, alice_agent: Agent, files: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    ada, bob = Secrets("ada"), Secrets("bob")
    contact, other = a_life(ada, alice_agent), a_life(bob, alice_agent)
    assert len(ada.told) >= HOW_MANY
    for places in (tables(), dump()):
        seen = traces(ada, places | folder(files))
        assert {line.partition(" in ")[0] for line in seen} == set(ada.told)  # every one of them is found

    export = exporting.ask(contact, by=Actor.agent(alice_agent))
    exporting.make(tenant_id=str(scoped_tenant().id), export_id=str(export.id))
    export.refresh_from_db()
    with archives.opened(export) as content:
        archive = zipfile.ZipFile(io.BytesIO(content.read()))
    packed = {name: archive.read(name) for name in archive.namelist()}
    everything = b"\n".join([*(name.encode() for name in packed), *packed.values()])
    missing = [what for what, core in ada.told.items() if core.encode() not in everything]
    assert not missing, f"the export does not hold {missing}"
    assert not [what for what, core in bob.told.items() if core.encode() in everything]
    assert alice_agent.name.encode() not in everything

    before, others = figures(), traces(bob, tables() | folder(files))
    erasure = erase(contact, alice_agent)
    assert erasure.state == "done"
    assert not holders.count(holders.person_of(Contact.objects.get(id=contact.id)))
    left = traces(ada, {**tables(), **dump(), **folder(files), **cached(), "logs": caplog.text.encode()})
    assert not left, f"still there: {left}"
    assert figures_of(figures()) == figures_of(before)
    assert traces(bob, tables() | folder(files)) == others
    assert Contact.objects.get(id=other.id).name == bob("name")


def figures_of(board: supervisor.Board) -> Any:
    """What a board says, without the instant at which it was read."""
    return board.day, board.inboxes, board.total, board.agents


def test_a_message_delivered_again_afterwards_leaves_no_trace(ground: Member, alice_agent: Agent) -> None:
    secret = Secrets("ada")
    contact = known(secret)
    talk = by_messenger(contact, secret, alice_agent)
    erase(contact, alice_agent)
    inbox = Inbox.objects.get(id=talk.inbox_id)
    where = {"customer": secret("messenger address"), "page": inbox.account_id}
    arrive(inbox, message(secret("message id"), secret("text"), **where))
    assert not traces(secret, tables())
    at = (timezone.now() + timedelta(minutes=1)).timestamp()
    late = message("fresh", "hello again", **where) | {"timestamp": int(at * 1000)}
    arrive(inbox, late)
    assert Contact.objects.filter(identities__address=secret("messenger address")).count() == 1
