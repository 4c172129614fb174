"""The set-up pages of channels."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from contacts.models import Contact, ContactIdentity
from conversations import accounts, inboxes
from conversations.channels import registry
from conversations.channels.base import Account, AccountCheck
from conversations.channels.errors import DeliveryError, ErrorKind
from conversations.mailbox.models import MailboxCursor
from conversations.models import POST, Conversation, Inbox, Message
from conversations.views import channel_state
from tenants import channel_apps, directory
from tenants.models import User
from tenants.workspace.events import SYSTEM
from tenants.workspace.models import AuditEntry, Team
from tests.conversations.outgoing import TOKEN, a_conversation, an_inbox, jobs, waiting

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_acme")]


@pytest.mark.parametrize("kind", registry.KINDS)
def test_every_kind_has_a_page_that_asks_for_what_it_needs(as_alice: Client, kind: str) -> None:
    channel = registry.open(kind)
    page = as_alice.get(f"/channels/connect/{kind}/")
    fields = page.context["form"].fields
    assert page.status_code == 200
    assert ("account_id" in fields) == bool(channel.account_label)
    assert ("secret" in fields) == bool(channel.secret_label)
    assert {f"credential_{wanted.name}" for wanted in channel.credentials} <= set(fields)


def test_an_unknown_kind_has_no_page(as_alice: Client) -> None:
    assert as_alice.get("/channels/connect/pigeon/").status_code == 404


def test_an_account_is_connected_and_its_secrets_are_never_shown_again(
    as_alice: Client, platform_answers: None
) -> None:
    given = {"name": "Our LINE", "account_id": "U77", "secret": "signing-secret-1"}
    wanted = {f"credential_{each.name}": "token-value-1" for each in registry.open("line").credentials}
    answer = as_alice.post("/channels/connect/line/", {**given, **wanted}, follow=True)
    inbox = Inbox.objects.get(account_id="U77")
    assert answer.redirect_chain == [(f"/channels/{inbox.id}/", 302)]
    shown = answer.content.decode()
    assert "/hooks/line/" in shown and "Our LINE" in shown
    assert "signing-secret-1" not in shown and "token-value-1" not in shown
    assert "token-value-1" not in inbox.sealed_credentials


def test_an_account_that_is_connected_elsewhere_is_refused_with_a_reason(as_alice: Client) -> None:
    an_inbox("line", account_id="U77")
    given = {"name": "Again", "account_id": "U77", "secret": "s"}
    wanted = {f"credential_{each.name}": "t" for each in registry.open("line").credentials}
    answer = as_alice.post("/channels/connect/line/", {**given, **wanted})
    assert answer.status_code == 200
    assert "connected already" in answer.content.decode()
    assert Inbox.objects.count() == 1


def test_the_list_says_how_every_inbox_is(as_alice: Client) -> None:
    for name, health in [("One", "good"), ("Two", "failing"), ("Three", "disconnected")]:
        Inbox.objects.filter(id=an_inbox("line", name=name).id).update(health=health)
    page = as_alice.get("/channels/").content.decode()
    for words in ("Working", "tried again every minute", "Reconnect", "One", "Two", "Three"):
        assert words in page


def test_a_check_asks_the_platform_and_shows_what_it_said(
    as_alice: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox = an_inbox("line")
    found = AccountCheck(name="山海", warnings=("Loss of hooks",))
    monkeypatch.setattr(registry.open("line"), "check", lambda account, transport: found, raising=False)
    page = as_alice.post(f"/channels/{inbox.id}/check/", follow=True).content.decode()
    assert "山海" in page and "Loss of hooks" in page

    def refuse(account: object, transport: object) -> AccountCheck:
        raise DeliveryError(ErrorKind.AUTH_EXPIRED, detail="the token is too old")

    monkeypatch.setattr(registry.open("line"), "check", refuse, raising=False)
    page = as_alice.post(f"/channels/{inbox.id}/check/", follow=True).content.decode()
    assert "the token is too old" in page and "Reconnect" in page


def test_a_test_goes_to_whom_one_chooses_and_to_nobody_else(as_alice: Client) -> None:
    inbox = an_inbox("line")
    early = a_conversation(inbox, wrote_at=timezone.now() - timedelta(hours=2))
    a_conversation(inbox, wrote_at=timezone.now() - timedelta(minutes=1))
    as_alice.post(f"/channels/{inbox.id}/test/", {"to": str(early.id)})
    sent = Message.objects.get(direction="out")
    assert sent.conversation_id == early.id and inbox.name in sent.text
    assert waiting() == [early.id]


@pytest.mark.parametrize("to", ["", "nobody", "another inbox", "in public", "a group"])
def test_without_a_choice_of_a_writer_of_this_inbox_no_test_is_sent(as_alice: Client, to: str) -> None:
    inbox = an_inbox("line")
    a_conversation(inbox)
    public = a_conversation(inbox)
    Conversation.objects.filter(id=public.id).update(thread=f"{POST}77" if to == "in public" else "group-1")
    elsewhere = a_conversation(an_inbox("telegram"))
    chosen = {"another inbox": str(elsewhere.id), "in public": str(public.id), "a group": str(public.id)}.get(
        to, to
    )
    page = as_alice.post(f"/channels/{inbox.id}/test/", {"to": chosen}, follow=True).content.decode()
    assert "Choose who gets the test." in page
    assert not Message.objects.filter(direction="out").exists()


def test_the_page_names_who_would_get_a_test_and_offers_nobody_who_writes_in_public(as_alice: Client) -> None:
    inbox = an_inbox("messenger")
    for name, thread in [("Mei Chen", ""), ("Public Paul", "post:77")]:
        conversation = a_conversation(inbox)
        Contact.objects.filter(id=conversation.contact_id).update(name=name)
        Conversation.objects.filter(id=conversation.id).update(thread=thread)
    page = as_alice.get(f"/channels/{inbox.id}/").content.decode()
    assert "Send a test to Mei Chen" in page
    assert "Public Paul" not in page


def test_ones_own_address_stands_before_whoever_wrote_later(as_alice: Client, alice: User) -> None:
    inbox = an_inbox("email")
    own = a_conversation(inbox, wrote_at=timezone.now() - timedelta(days=30))
    ContactIdentity.objects.filter(id=own.identity_id).update(address=alice.email)
    for minutes in range(6):
        a_conversation(inbox, wrote_at=timezone.now() - timedelta(minutes=minutes))
    writers = as_alice.get(f"/channels/{inbox.id}/").context["writers"]
    assert len(writers) == channel_state.WRITERS_SHOWN and writers[0][0].id == own.id


def test_the_page_shows_what_the_customer_wrote_last_and_how_our_own_message_fares(as_alice: Client) -> None:
    inbox = an_inbox("line")
    conversation = a_conversation(inbox, wrote_at=timezone.now() - timedelta(minutes=1))
    wrote = Message.objects.get(conversation=conversation, direction="in").text
    as_alice.post(f"/channels/{inbox.id}/test/", {"to": str(conversation.id)})
    shown = as_alice.get(f"/channels/{inbox.id}/").content.decode()
    assert wrote in shown and "Our last message: waiting to be sent" in shown
    assert "This is a test from Kontor" not in shown


def test_the_address_for_the_platforms_hooks_is_the_one_that_a_check_compares_with(
    as_alice: Client, settings: Settings
) -> None:
    settings.PUBLIC_URL = "https://desk.example"
    inbox = an_inbox("line")
    address = accounts.account_to_check(inbox).hook_url
    assert address.startswith("https://desk.example/hooks/line/")
    assert f'value="{address}"' in as_alice.get(f"/channels/{inbox.id}/").content.decode()


def test_where_nobody_has_written_yet_the_page_says_so_and_offers_nobody(as_alice: Client) -> None:
    inbox = an_inbox("line")
    page = as_alice.get(f"/channels/{inbox.id}/").content.decode()
    assert "Write to the account first" in page and "Send a test to" not in page


def test_a_new_secret_is_good_at_once_and_the_old_one_for_another_day(as_alice: Client) -> None:
    inbox = an_inbox("line")
    as_alice.post(f"/channels/{inbox.id}/secret/", {"secret": "fresh"})
    app = directory.app_by_key(inboxes.app_of(inbox).key)
    assert app is not None
    now = timezone.now().timestamp()
    assert channel_apps.opened_secrets(app, at=now) == ["fresh", "signs"]
    assert channel_apps.opened_secrets(app, at=now + 2 * 86_400) == ["fresh"]


def test_a_name_and_teams_are_kept_and_noted(as_alice: Client) -> None:
    inbox, team = an_inbox("line"), Team.objects.create(name="VIP")
    as_alice.post(f"/channels/{inbox.id}/", {"name": "The new name", "teams": [str(team.id)]})
    inbox.refresh_from_db()
    assert (inbox.name, list(inbox.teams.all())) == ("The new name", [team])
    assert AuditEntry.objects.filter(act="inbox.described", target_id=inbox.id).exists()
    as_alice.post(f"/channels/{inbox.id}/", {"name": ""})
    inbox.refresh_from_db()
    assert inbox.name == "The new name"


def test_a_disconnected_inbox_keeps_what_was_said(as_alice: Client) -> None:
    inbox = an_inbox("line")
    a_conversation(inbox)
    as_alice.post(f"/channels/{inbox.id}/disconnect/")
    inbox.refresh_from_db()
    assert not inbox.is_active and not inbox.sealed_credentials
    assert Message.objects.count() == 1
    assert TOKEN not in as_alice.get(f"/channels/{inbox.id}/").content.decode()


def test_another_brands_people_find_nothing(as_charlie: Client) -> None:
    inbox = an_inbox("line")
    for path in ("/channels/", f"/channels/{inbox.id}/", "/channels/connect/line/"):
        assert as_charlie.get(path).status_code == 404


def test_the_page_of_a_mailbox_says_when_it_was_read_what_failed_and_what_was_skipped(
    as_alice: Client,
) -> None:
    inbox = an_inbox("email")
    box = MailboxCursor.objects.create(inbox=inbox, read_at=timezone.now(), skipped=41)
    good = as_alice.get(f"/channels/{inbox.id}/").content.decode()
    assert "Mailbox last read" in good and "<dd>41</dd>" in good
    assert "The mailbox cannot be read" not in good
    MailboxCursor.objects.filter(id=box.id).update(
        error="auth_expired", error_detail="no such user", failures=7, try_at=timezone.now()
    )
    bad = as_alice.get(f"/channels/{inbox.id}/").content.decode()
    assert "The inbox must be connected again." in bad and "no such user" in bad and "<dd>7</dd>" in bad
    assert "The mailbox cannot be read" in as_alice.get("/channels/").content.decode()


def test_an_inbox_without_a_mailbox_says_nothing_of_one(as_alice: Client) -> None:
    inbox = an_inbox("line")
    assert "Mailbox last read" not in as_alice.get(f"/channels/{inbox.id}/").content.decode()


def connecting(kind: str, **given: str) -> dict[str, str]:
    """What a person enters to connect an account of a kind: `given` beside what has to be there."""
    wanted = {f"credential_{each.name}": "t" for each in registry.open(kind).credentials if each.is_required}
    return {"name": "New", "account_id": "77", "secret": "signs", "verify_token": "v", **wanted, **given}


@pytest.mark.parametrize(
    ("kind", "secret"),
    [
        ("telegram", "with space"),
        ("telegram", "秘密"),
        ("telegram", "a" * 257),
        ("wechat", "token tooshort wx1"),
    ],
)
def test_a_secret_that_the_platform_would_refuse_is_refused_at_its_field(
    as_alice: Client, kind: str, secret: str
) -> None:
    page = as_alice.post(f"/channels/connect/{kind}/", connecting(kind, secret=secret))
    assert "cannot use this secret" in str(page.context["form"].errors["secret"])
    assert not Inbox.objects.exists()
    inbox = an_inbox(kind)
    page = as_alice.post(f"/channels/{inbox.id}/secret/", {"secret": secret})
    assert "cannot use this secret" in str(page.context["secret"].errors["secret"])


@pytest.mark.parametrize("secret", ["Az09_-", "a" * 256])
def test_a_secret_that_telegram_takes_is_taken(as_alice: Client, platform_answers: None, secret: str) -> None:
    as_alice.post("/channels/connect/telegram/", connecting("telegram", secret=secret))
    app = directory.app_by_key(inboxes.app_of(Inbox.objects.get()).key)
    assert app is not None and channel_apps.opened_secrets(app, at=0.0) == [secret]


def test_connecting_asks_the_platform_at_once_and_says_what_it_answered(
    as_alice: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(account: object, transport: object) -> AccountCheck:
        raise DeliveryError(ErrorKind.AUTH_EXPIRED, detail="wrong password")

    monkeypatch.setattr(registry.open("email"), "check", refuse, raising=False)
    given = connecting("email", account_id="help@shop.example", credential_smtp_server="smtp.shop.example")
    page = as_alice.post("/channels/connect/email/", given, follow=True).content.decode()
    assert "wrong password" in page and "The platform refused" in page
    assert Inbox.objects.get().health == "disconnected"


def test_a_mailbox_is_connected_by_choices_and_visited_at_once(
    as_alice: Client, platform_answers: None
) -> None:
    given = connecting(
        "email",
        account_id="help@shop.example",
        credential_imap_server="imap.shop.example",
        credential_imap_security="starttls",
        credential_smtp_server="smtp.shop.example",
        credential_smtp_security="tls",
        credential_plus_addresses="yes",
    )
    page = as_alice.post("/channels/connect/email/", given, follow=True).content.decode()
    inbox = Inbox.objects.get()
    assert inbox.settings == {
        "imap_server": "imap.shop.example",
        "imap_security": "starttls",
        "smtp_server": "smtp.shop.example",
        "smtp_security": "tls",
        "plus_addresses": "yes",
    }
    assert "The mailbox is being visited" in page
    assert len(jobs("conversations.mailbox.reading.visit")) == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("imap_server", "imap shop example"),
        ("imap_server", "https://imap.shop.example"),
        ("smtp_server", "smtp.shop.example:port"),
        ("smtp_security", "none"),
        ("oauth_provider", "yahoo"),
    ],
)
def test_what_no_mail_server_is_called_is_refused_before_anything_is_connected(
    as_alice: Client, name: str, value: str
) -> None:
    given = connecting("email", account_id="help@shop.example", **{f"credential_{name}": value})
    page = as_alice.post("/channels/connect/email/", given)
    assert f"credential_{name}" in page.context["form"].errors
    assert not Inbox.objects.exists()


def test_what_was_entered_wrong_is_changed_without_connecting_anew_and_secrets_stay(
    as_alice: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Account] = []

    def answer(account: Account, transport: object) -> AccountCheck:
        asked.append(account)
        return AccountCheck()

    monkeypatch.setattr(registry.open("email"), "check", answer, raising=False)
    inbox = inboxes.connect(
        "email",
        "help@shop.example",
        "Help",
        by=SYSTEM,
        credentials={"password": "old", "client_secret": "kept"},
        secret="signs",
        settings={"smtp_server": "smpt.shop.example", "from_name": "Shop", "assign_on_reply": False},
    )
    MailboxCursor.objects.create(inbox=inbox, try_at=timezone.now() + timedelta(hours=1))
    page = as_alice.get(f"/channels/{inbox.id}/").content.decode()
    assert 'value="smpt.shop.example"' in page and "kept" not in page
    given = {
        "credential_smtp_server": "smtp.shop.example",
        "credential_imap_server": "imap.shop.example",
        "credential_password": "new",
    }
    as_alice.post(f"/channels/{inbox.id}/credentials/", given)
    inbox.refresh_from_db()
    assert inbox.settings == {
        "smtp_server": "smtp.shop.example",
        "imap_server": "imap.shop.example",
        "assign_on_reply": False,
    }
    assert accounts.account_of(inbox).credentials == {"password": "new", "client_secret": "kept"}
    [account] = asked
    assert (account.credentials["password"], account.settings["smtp_server"]) == ("new", "smtp.shop.example")
    assert MailboxCursor.objects.get().try_at is None


@pytest.fixture
def platform_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in ("telegram", "email", "line"):
        monkeypatch.setattr(
            registry.open(kind), "check", lambda account, transport: AccountCheck(), raising=False
        )
