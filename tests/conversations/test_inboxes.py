from __future__ import annotations

import base64
import os
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone
from pytest_django import Settings

from conversations import accounts, attempts, inboxes
from conversations.inboxes import CannotConnect
from conversations.models import Inbox
from conversations.outbound import ReplyRefused
from tenants import channel_apps, directory, sealing
from tenants.directory import AppRef, TenantRef
from tenants.models import ChannelApp, ChannelRoute
from tenants.scope import tenant_scope
from tenants.workspace.events import SYSTEM, Actor
from tenants.workspace.models import Agent, AuditEntry
from tests.conversations.outgoing import a_conversation, an_inbox, answer, happened, jobs, statuses

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_acme")]


def ref(inbox: Inbox) -> AppRef:
    app = directory.app_by_key(inboxes.app_of(inbox).key)
    assert app is not None
    return app


def code_of(**given: object) -> str:
    with pytest.raises(CannotConnect) as refused:
        inboxes.connect(**{"channel": "line", "account_id": "U1", "name": "LINE", "by": SYSTEM, **given})
    return refused.value.code


def test_a_connected_account_has_inbox_application_and_route(alice_agent: Agent, acme: TenantRef) -> None:
    inbox = inboxes.connect(
        "messenger",
        "page-1",
        "Our page",
        by=Actor.agent(alice_agent),
        credentials={"access_token": "EAAG"},
        secret="app secret",
        verify_token="handshake",
        base_url="https://graph.test",
        settings={"api_version": "v25.0"},
    )
    account = accounts.account_of(inbox)
    assert (account.account_id, account.base_url) == ("page-1", "https://graph.test")
    assert (dict(account.credentials), account.settings) == (
        {"access_token": "EAAG"},
        {"api_version": "v25.0"},
    )
    app = ref(inbox)
    assert channel_apps.opened_secrets(app, at=0.0) == ["app secret"]
    assert channel_apps.opened_verify_token(app) == "handshake"
    route = directory.route(app.id, "messenger", "page-1")
    assert route is not None
    assert (route.tenant_id, route.inbox_id) == (acme.id, inbox.id)
    entry = AuditEntry.objects.get()
    assert (entry.act, entry.user_id, entry.user_name) == ("inbox.connected", alice_agent.user_id, "Alice")
    stored = str(list(Inbox.objects.values())) + str(list(ChannelApp.objects.values()))
    for secret in ("EAAG", "app secret", "handshake"):
        assert secret not in stored
        assert secret not in str(entry.changes)


def test_a_website_gets_its_account_id_here(in_acme: TenantRef) -> None:
    ids = [inboxes.connect("widget", "", name, by=SYSTEM).account_id for name in ("Shop", "Blog")]
    assert len({*ids}) == 2
    assert min(map(len, ids)) >= 20


def test_an_account_is_connected_once_in_the_whole_house(globex: TenantRef) -> None:
    an_inbox("line", account_id="U1")
    assert code_of() == "account_taken"
    with tenant_scope(globex):
        assert code_of() == "account_taken"
        assert Inbox.objects.count() == 0
        an_inbox("line", account_id="U2")
    assert ChannelApp.objects.count() == ChannelRoute.objects.count() == 2


def test_what_cannot_be_an_account_is_refused() -> None:
    assert code_of(account_id="") == "account_missing"
    assert code_of(channel="telegraph") == "unknown_channel"
    assert Inbox.objects.count() == 0


def test_several_brands_share_an_agencys_application(globex: TenantRef) -> None:
    shared = channel_apps.create("messenger", "Harbour", tenant_id=None, secret="s")
    inbox = an_inbox("messenger", app=shared)
    with tenant_scope(globex):
        an_inbox("messenger", app=shared)
        assert code_of(app=shared) == "foreign_app"  # another kind
    assert ChannelRoute.objects.filter(app=shared).count() == 2
    with pytest.raises(CannotConnect, match="foreign_app"):
        inboxes.rotate_secret(inbox, "mine now", by=SYSTEM)


def test_another_brands_application_is_not_used(globex: TenantRef) -> None:
    with tenant_scope(globex):
        app = inboxes.app_of(an_inbox("line"))
    assert code_of(app=app) == "foreign_app"


def test_credentials_copied_to_another_row_or_brand_do_not_open(globex: TenantRef) -> None:
    inbox, other = an_inbox("line"), an_inbox("line")
    other.sealed_credentials = inbox.sealed_credentials
    with pytest.raises(sealing.Unsealable):
        accounts.account_of(other)
    with tenant_scope(globex), pytest.raises(sealing.Unsealable):
        accounts.account_of(inbox)
    assert accounts.account_of(inbox).credentials


def test_an_old_secret_is_believed_for_one_more_day() -> None:
    inbox = an_inbox("line")
    inboxes.rotate_secret(inbox, "new", by=SYSTEM)
    directory.forget()
    now = timezone.now()
    assert channel_apps.opened_secrets(ref(inbox), at=now.timestamp()) == ["new", "signs"]
    later = (now + timedelta(days=1, seconds=1)).timestamp()
    assert channel_apps.opened_secrets(ref(inbox), at=later) == ["new"]


def test_a_disconnected_account_is_free_and_its_credentials_are_gone(globex: TenantRef) -> None:
    inbox = an_inbox("line", account_id="U1")
    inboxes.disconnect(inbox, by=SYSTEM)
    row = Inbox.objects.get()
    assert (row.is_active, row.sealed_credentials) == (False, "")
    assert ChannelRoute.objects.count() == ChannelApp.objects.count() == 0
    with tenant_scope(globex):
        an_inbox("line", account_id="U1")
    assert list(AuditEntry.objects.values_list("act", flat=True).order_by("happened_at")) == [
        "inbox.connected",
        "inbox.disconnected",
    ]


def test_an_account_that_comes_back_is_the_same_inbox_and_sends_what_waited(bob_agent: Agent) -> None:
    inbox = an_inbox("line", account_id="U1", identity_scope="provider")
    conversation = a_conversation(inbox)
    answer(conversation, "on its way", bob_agent)
    inboxes.disconnect(inbox, by=SYSTEM)
    with pytest.raises(ReplyRefused, match="inbox_closed"):
        answer(conversation, "nobody carries this", bob_agent)
    assert attempts.begin(conversation.id) is None
    again = an_inbox("line", account_id="U1", name="LINE again")
    assert (again.id, again.name, again.identity_scope) == (inbox.id, "LINE again", "provider")
    assert ChannelRoute.objects.get().inbox_id == inbox.id
    assert jobs("conversations.delivering.drain")
    assert attempts.begin(conversation.id) is not None
    answer(conversation, "now it goes", bob_agent)
    assert code_of(account_id="U1") == "account_taken"


def test_new_credentials_bring_a_disconnected_inbox_back(bob_agent: Agent) -> None:
    conversation = a_conversation(an_inbox("line"))
    Inbox.objects.update(health="disconnected")
    answer(conversation, "hi", bob_agent)
    inboxes.renew_credentials(conversation.inbox, {"access_token": "fresh"}, by=SYSTEM)
    inbox = Inbox.objects.get()
    assert (inbox.health, statuses(conversation)) == ("good", ["pending"])
    assert accounts.account_of(inbox).credentials == {"access_token": "fresh"}
    assert happened("inbox.recovered") == ["inbox.recovered"]
    assert len(jobs("conversations.delivering.drain")) == 1


def test_every_secret_is_brought_under_the_newest_key(settings: Settings, globex: TenantRef) -> None:
    old, new = (base64.b64encode(os.urandom(32)).decode() for _ in range(2))
    settings.SEAL_KEYS = [old]
    inbox = an_inbox("line", verify_token="handshake")
    inboxes.rotate_secret(inbox, "second", by=SYSTEM)
    with tenant_scope(globex):
        theirs = an_inbox("line")
    settings.SEAL_KEYS = [new, old]
    for expected in ("2 applications and 2 inboxes", "0 applications and 0 inboxes"):
        said = StringIO()
        call_command("rotate_seals", stdout=said)
        assert said.getvalue().startswith(expected)
    settings.SEAL_KEYS = [new]
    directory.forget()
    assert accounts.account_of(Inbox.objects.get()).credentials
    assert channel_apps.opened_secrets(ref(inbox), at=0.0) == ["second", "signs"]
    assert channel_apps.opened_verify_token(ref(inbox)) == "handshake"
    with tenant_scope(globex):
        assert accounts.account_of(Inbox.objects.get(id=theirs.id)).credentials
