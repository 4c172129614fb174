"""How the channels of all brands are, on the platform's host: to staff all, to others what they manage."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from conversations.mailbox.models import MailboxCursor
from conversations.models import InboundRecord, Inbox
from conversations.views import every_brand
from tenants import directory
from tenants.directory import TenantRef
from tenants.models import Membership, User
from tenants.scope import tenant_scope
from tests.conftest import BACKEND
from tests.conversations.outgoing import an_inbox

pytestmark = pytest.mark.django_db


def at_the_platform(user: User) -> Client:
    client = Client(headers={"host": "localhost"})
    client.force_login(user, backend=BACKEND)
    return client


@pytest.fixture
def staff(db: None) -> Client:
    return at_the_platform(User.objects.create_superuser("ops@harbour.test", "x" * 20, name="Ops"))


def names(answer: object) -> list[str]:
    return [row.tenant.slug for row in answer.context["rows"]]


def trouble(answer: object) -> dict[str, bool]:
    return {row.tenant.slug: row.is_in_trouble for row in answer.context["rows"]}


def test_staff_sees_every_brand_and_those_in_trouble_first(
    staff: Client, acme: TenantRef, globex: TenantRef
) -> None:
    with tenant_scope(acme):
        an_inbox("line")
    with tenant_scope(globex):
        broken = an_inbox("line")
        Inbox.objects.filter(id=broken.id).update(health="disconnected", failures_in_a_row=3)
    answer = staff.get("/channels/")
    assert names(answer) == ["globex", "acme"]
    assert trouble(answer) == {"globex": True, "acme": False}
    assert "Reconnect: the platform refuses the token" in answer.content.decode()


def test_who_manages_a_brand_sees_that_brand_alone(acme: TenantRef, globex: TenantRef, alice: User) -> None:
    assert names(at_the_platform(alice).get("/channels/")) == ["acme"]


def test_who_leads_two_brands_sees_both_and_loses_one_with_the_membership(
    acme: TenantRef, globex: TenantRef, alice: User
) -> None:
    place = Membership.objects.create(user=alice, tenant_id=globex.id, role=Membership.Role.OWNER)
    assert names(at_the_platform(alice).get("/channels/")) == ["acme", "globex"]
    place.is_active = False
    place.save()
    assert names(at_the_platform(alice).get("/channels/")) == ["acme"]


def test_an_agent_sees_none_and_is_offered_no_way_there(acme: TenantRef, bob: User, alice: User) -> None:
    assert at_the_platform(bob).get("/channels/").status_code == 404
    assert 'href="/channels/"' not in at_the_platform(bob).get("/").content.decode()
    assert 'href="/channels/"' in at_the_platform(alice).get("/").content.decode()


@pytest.mark.parametrize(
    "state",
    [
        {"health": "failing"},
        {"check_error": "permission"},
        {"warnings": ["The webhook is off."]},
    ],
)
def test_each_sign_of_an_inbox_is_trouble(staff: Client, acme: TenantRef, state: dict[str, object]) -> None:
    with tenant_scope(acme):
        an_inbox("line")
    assert not trouble(staff.get("/channels/"))["acme"]
    with tenant_scope(acme):
        Inbox.objects.update(**state)
    assert trouble(staff.get("/channels/"))["acme"]
    with tenant_scope(acme):
        Inbox.objects.update(is_active=False)
    assert not trouble(staff.get("/channels/"))["acme"]


def test_dead_letters_and_a_mailbox_that_cannot_be_read_are_trouble(staff: Client, acme: TenantRef) -> None:
    with tenant_scope(acme):
        inbox = an_inbox("email")
        MailboxCursor.objects.create(inbox=inbox, read_at=timezone.now(), error="", skipped=2)
    assert not trouble(staff.get("/channels/"))["acme"]
    with tenant_scope(acme):
        MailboxCursor.objects.update(error="auth_expired", failures=4)
    answer = staff.get("/channels/")
    assert trouble(answer)["acme"]
    assert "The mailbox cannot be read" in answer.content.decode()
    with tenant_scope(acme):
        MailboxCursor.objects.update(error="")
        InboundRecord.objects.create(inbox=inbox, channel="email", state="dead", received_at=timezone.now())
    answer = staff.get("/channels/")
    assert trouble(answer)["acme"]
    assert answer.context["rows"][0].health.inboxes[0].dead == 1


def test_a_damaged_brand_is_told_and_keeps_the_others_from_nothing(
    staff: Client, acme: TenantRef, globex: TenantRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = directory.tenant_by_id

    def damaged(tenant_id: object) -> TenantRef | None:
        found = whole(tenant_id)
        return replace(found, is_complete=False) if found and found.slug == "globex" else found

    monkeypatch.setattr(directory, "tenant_by_id", damaged)
    answer = staff.get("/channels/")
    assert trouble(answer) == {"globex": True, "acme": False}
    assert "must be mended" in answer.content.decode()


def test_many_brands_come_in_pages(
    staff: Client, acme: TenantRef, globex: TenantRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(every_brand, "BRANDS_AT_ONCE", 1)
    first = staff.get("/channels/")
    rest = staff.get(f"/channels/?after={first.context['after']}")
    assert names(first) + names(rest) == ["acme", "globex"] and rest.context["after"] is None
    assert staff.get("/channels/?after=nothing").status_code == 404


def test_a_brand_costs_two_queries_however_many_inboxes_it_has(staff: Client, acme: TenantRef) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            staff.get("/channels/")
        return len(queries)

    staff.get("/channels/")
    with tenant_scope(acme):
        an_inbox("line")
    few = cost()
    with tenant_scope(acme):
        for _ in range(5):
            inbox = an_inbox("email")
            MailboxCursor.objects.create(inbox=inbox, try_at=timezone.now() + timedelta(minutes=1))
    assert cost() == few
