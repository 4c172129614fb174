"""Who a visitor is: believed on the brand's signature, and on nothing else."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
import uuid
from datetime import timedelta
from typing import Any

import jwt
import pytest
import time_machine
from django.utils import timezone

from contacts.models import Contact, ContactIdentity
from conversations.models import Conversation, Inbox, Message
from conversations.widget import identity, set_up, sites
from conversations.widget.arrangement import Arrangement
from conversations.widget.identity import NotProven, Person
from tenants.directory import TenantRef
from tenants.scope import tenant_scope
from tenants.workspace.events import SYSTEM
from tests.conversations.widget.conftest import SHOP, Browser

NOW = 1_800_000_000.0
KEY, OTHER = "k" * 43, "o" * 43


def token(key: str = KEY, *, algorithm: str = "HS256", now: float = NOW, **claims: Any) -> str:
    given = {"sub": "mei-7", "exp": int(now) + 600, "name": "Mei Lin", **claims}
    return jwt.encode({name: each for name, each in given.items() if each is not None}, key, algorithm)


# --- the proof ---------------------------------------------------------------------------------------------


def test_a_token_of_the_site_names_a_person() -> None:
    shown = {"token": token(email="mei@shop.example")}
    assert identity.proven(shown, [KEY], now=NOW) == Person("mei-7", "Mei Lin", "mei@shop.example")


def test_the_former_secret_proves_too() -> None:
    assert identity.proven({"token": token(OTHER)}, [KEY, OTHER], now=NOW).subject == "mei-7"


@pytest.mark.parametrize(
    "poison",
    [
        token(OTHER),
        token(exp=int(NOW) - 61),
        token(exp=int(NOW) + 3661),
        token(exp=None),
        token(exp=True),
        token(sub=None),
        token(sub=""),
        token(sub="x" * 201),
        token(sub=" mei"),
        token(nbf=int(NOW) + 3600),
        token(KEY * 2, algorithm="HS512"),
        jwt.encode({"sub": "mei-7", "exp": NOW + 600}, None, "none"),
        "x",
        "a.b.c",
    ],
)
def test_a_bad_token_proves_nothing(poison: str) -> None:
    with pytest.raises(NotProven):
        identity.proven({"token": poison}, [KEY], now=NOW)


def test_a_keyed_hash_proves_an_id_and_nothing_more() -> None:
    good = hmac.new(KEY.encode(), b"user:mei-7", hashlib.sha256).hexdigest()
    assert identity.proven({"id": "mei-7", "hash": good, "name": "Mallory"}, [KEY]) == Person("mei-7")
    for shown in ({"id": "mei-8", "hash": good}, {"id": "mei-7", "hash": "é"}, {"id": "mei-7"}, {}):
        with pytest.raises(NotProven):
            identity.proven(shown, [KEY])


def test_an_id_that_reads_like_a_token_gets_no_token_signed() -> None:
    chosen = token(OTHER, sub="somebody else").rpartition(".")[0]
    of_the_shop = hmac.new(KEY.encode(), f"user:{chosen}".encode(), hashlib.sha256)
    signature = base64.urlsafe_b64encode(of_the_shop.digest()).decode().rstrip("=")
    with pytest.raises(NotProven):
        identity.proven({"token": f"{chosen}.{signature}"}, [KEY], now=NOW)
    assert identity.proven({"id": chosen, "hash": of_the_shop.hexdigest()}, [KEY]) == Person(chosen)


def test_without_a_secret_nobody_is_proven() -> None:
    with pytest.raises(NotProven):
        identity.proven({"token": token()}, [], now=NOW)
    with pytest.raises(NotProven):
        identity.proven({"id": "mei-7", "hash": hmac.new(b"", b"user:mei-7", hashlib.sha256).hexdigest()}, [])


# --- in the chat -------------------------------------------------------------------------------------------

database = pytest.mark.django_db(transaction=True)


@pytest.fixture
def secret(site: Inbox, acme: TenantRef) -> str:
    with tenant_scope(acme):
        return identity.renew_secret(site, by=SYSTEM)


def enter(browser: Browser, site: Inbox, **shown: Any) -> dict[str, Any]:
    answer = browser.call("POST", "session", {"site": site.account_id, "identity": shown})
    assert answer.status_code == 200, answer.content
    content: dict[str, Any] = json.loads(answer.content)
    browser.token = content["token"]
    return content


def proof(secret: str, **claims: Any) -> str:
    return token(secret, now=time.time(), **claims)


@database
def test_a_person_finds_their_talk_in_another_browser(
    browser: Browser, other_browser: Browser, site: Inbox, secret: str, acme: TenantRef
) -> None:
    assert enter(browser, site, token=proof(secret))["is_person"] is True
    browser.write("Where is my parcel?")
    again = enter(other_browser, site, token=proof(secret))
    assert [row["text"] for row in again["messages"]] == ["Where is my parcel?"]
    with tenant_scope(acme):
        assert Contact.objects.get().name == "Mei Lin"
        assert Message.objects.get().details["person"] == {"subject": "mei-7", "name": "Mei Lin"}


@database
def test_who_only_claims_to_be_a_person_stays_a_stranger(
    browser: Browser, other_browser: Browser, site: Inbox, secret: str, acme: TenantRef
) -> None:
    enter(browser, site, token=proof(secret))
    browser.write("Where is my parcel?")
    claimed = enter(other_browser, site, token=proof(OTHER))
    assert (claimed["is_person"], claimed["has_conversation"]) == (False, False)
    other_browser.write("I am Mei, really")
    with tenant_scope(acme):
        assert Contact.objects.count() == 2


@database
def test_a_strangers_thread_becomes_the_persons_once_proven(
    browser: Browser, site: Inbox, secret: str, acme: TenantRef
) -> None:
    browser.start(site)
    browser.write("Do you have it in blue?")
    left_behind = browser.token
    joined = enter(browser, site, token=proof(secret))
    assert [row["text"] for row in joined["messages"]] == ["Do you have it in blue?"]
    browser.write("It is me")
    with tenant_scope(acme):
        assert Conversation.objects.count() == 1
        assert Contact.objects.get().name == "Mei Lin"
    browser.token = left_behind  # of no use any more
    assert browser.read() == []


@database
def test_a_known_person_gets_the_strangers_thread_beside_their_own(
    browser: Browser, other_browser: Browser, site: Inbox, secret: str, acme: TenantRef
) -> None:
    enter(browser, site, token=proof(secret))
    browser.write("From my telephone")
    other_browser.start(site)
    other_browser.write("From my desk")
    joined = enter(other_browser, site, token=proof(secret))
    assert [row["text"] for row in joined["messages"]] == ["From my telephone"]
    with tenant_scope(acme):
        contact = Contact.objects.get(merged_into=None)
        assert contact.conversations.count() == 2
        assert ContactIdentity.objects.filter(contact=contact).count() == 2


@database
def test_who_has_logged_out_is_a_stranger_again(browser: Browser, site: Inbox, secret: str) -> None:
    enter(browser, site, token=proof(secret))
    browser.write("Private")
    assert browser.start(site)["messages"] == []
    assert browser.read() == []


@database
def test_a_secret_of_another_site_proves_nothing_here(
    browser: Browser, site: Inbox, other_site: Inbox, secret: str
) -> None:
    assert enter(browser, other_site, token=proof(secret))["is_person"] is False
    assert enter(browser, site, token=proof(secret))["is_person"] is True


@database
def test_a_site_may_be_for_proven_people_only(
    browser: Browser, site: Inbox, secret: str, acme: TenantRef
) -> None:
    with tenant_scope(acme):
        set_up.arrange(site, [SHOP], Arrangement(needs_identity=True), by=SYSTEM)
    refused = browser.call("POST", "session", {"site": site.account_id})
    assert (refused.status_code, json.loads(refused.content)["code"]) == (403, "identity_needed")
    assert enter(browser, site, token=proof(secret))["is_person"] is True


@database
def test_a_stranger_of_before_is_shut_out_of_a_site_for_proven_people(
    browser: Browser, site: Inbox, secret: str, acme: TenantRef
) -> None:
    browser.start(site)
    assert browser.call("GET", "messages").status_code == 200
    with tenant_scope(acme):
        set_up.arrange(site, [SHOP], Arrangement(needs_identity=True), by=SYSTEM)
    assert browser.call("GET", "messages").status_code == 403
    enter(browser, site, token=proof(secret))
    assert browser.call("GET", "messages").status_code == 200


@database
def test_the_old_secret_is_good_for_a_day(site: Inbox, secret: str, acme: TenantRef) -> None:
    with tenant_scope(acme):
        newer = identity.renew_secret(site, by=SYSTEM)
        row = Inbox.objects.get(id=site.id)
        assert identity.keys_of(row) == [newer, secret]
        assert secret not in row.sealed_credentials
        with time_machine.travel(timezone.now() + timedelta(hours=25), tick=False):
            assert identity.keys_of(row) == [newer]


@database
def test_a_person_of_one_brand_is_nobody_at_another(
    browser: Browser, globex_browser: Browser, site: Inbox, globex_site: Inbox, secret: str
) -> None:
    enter(browser, site, token=proof(secret))
    browser.write("hello")
    globex_browser.token = browser.token
    assert globex_browser.call("GET", "messages").status_code == 401
    assert enter(globex_browser, globex_site, token=proof(secret))["is_person"] is False


def test_sites_without_hours_are_always_open() -> None:
    assert sites.is_staffed(sites.Site(uuid.uuid4(), "k", "", ()))
