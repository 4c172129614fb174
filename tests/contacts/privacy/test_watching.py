"""Somebody of the staff who sees unusually many contacts: the administrators are told, once."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from contacts.models import AccessAlert, AccessEntry, Contact
from contacts.privacy import access_log, watching
from tenants.directory import TenantRef
from tenants.scope import tenant_scope
from tenants.workspace.events import SYSTEM
from tenants.workspace.models import Agent, AuditEntry, Event
from tests.programs import Caller

pytestmark = pytest.mark.django_db


@pytest.fixture
def limit(in_acme: TenantRef) -> int:
    watching.change_limit(10, by=SYSTEM)
    return 10


def saw(agent: Agent, number: int, *, minutes_ago: int = 1, **more: object) -> None:
    """That many contacts, opened one after the other."""
    at = timezone.now() - timedelta(minutes=minutes_ago)
    AccessEntry.objects.bulk_create(
        AccessEntry(
            **{
                "actor_kind": "agent",
                "actor_id": agent.id,
                "act": "opened",
                "subject_kind": "contact",
                "subject_id": uuid4(),
                "happened_at": at,
                **more,
            }
        )
        for _ in range(number)
    )


def told() -> list[tuple[str, int]]:
    return [(row.agent.name, row.contacts) for row in watching.alerts()]


def test_whoever_goes_beyond_the_limit_is_told_of_once_and_whoever_stays_below_is_not(
    limit: int, bob_agent: Agent, carol_agent: Agent
) -> None:
    saw(bob_agent, 11)
    saw(carol_agent, 10)
    watching.look()
    assert told() == [(bob_agent.name, 11)]
    alert = AccessAlert.objects.get()
    [event] = Event.objects.filter(name="access_alert.raised")
    assert event.payload == {"alert_id": str(alert.id)}  # everybody reads the log, few may read who it was
    saw(bob_agent, 5)
    watching.look()
    assert told() == [(bob_agent.name, 16)]
    assert Event.objects.filter(name="access_alert.raised").count() == 1


def test_an_hour_later_it_is_told_again(limit: int, bob_agent: Agent) -> None:
    saw(bob_agent, 11)
    watching.look()
    AccessAlert.objects.update(raised_at=timezone.now() - timedelta(minutes=61))
    watching.look()
    assert len(told()) == 2


@pytest.mark.parametrize(
    ("how_many", "access", "alerts"),
    [
        (11, {"subject_id": uuid4()}, 0),  # one and the same contact
        (11, {"minutes_ago": 61}, 0),
        (11, {"actor_kind": "token"}, 0),  # a program of nobody's
        (1, {"act": "exported", "subject_kind": "contacts", "contacts": 11}, 1),
        (1, {"act": "exported", "subject_kind": "contacts", "contacts": 10}, 0),
        (2, {"act": "listed", "subject_kind": "contacts", "contacts": 6, "subject_id": None}, 1),
    ],
)
def test_what_counts(
    limit: int, bob_agent: Agent, how_many: int, access: dict[str, object], alerts: int
) -> None:
    saw(bob_agent, how_many, **access)
    watching.look()
    assert len(told()) == alerts


def test_lists_count_with_whom_they_show(limit: int, as_carol: Client, carol_agent: Agent) -> None:
    for number in range(11):
        Contact.objects.create(name=f"Person {number}")
    as_carol.get("/contacts/")
    access_log.write_waiting()
    watching.look()
    assert told() == [(carol_agent.name, 11)]


def test_nobody_is_watched_where_the_brand_wants_no_limit(in_acme: TenantRef, bob_agent: Agent) -> None:
    watching.change_limit(None, by=SYSTEM)
    saw(bob_agent, watching.DEFAULT + 1)
    watching.look()
    assert told() == []
    watching.change_limit(watching.DEFAULT, by=SYSTEM)
    watching.look()
    assert len(told()) == 1
    for wrong in (0, -1, watching.LARGEST + 1):
        with pytest.raises(ValueError, match=str(wrong)):
            watching.change_limit(wrong, by=SYSTEM)


def test_the_administrators_see_it_and_say_that_they_have_looked_into_it(
    limit: int, as_alice: Client, as_bob: Client, bob_agent: Agent, acme: TenantRef
) -> None:
    assert "unusually many contacts." not in as_alice.get("/privacy/").content.decode()
    saw(bob_agent, 11)
    watching.look()
    cache.clear()  # the head of the page knows it a minute later
    assert (
        "Somebody of the staff looked at unusually many contacts."
        in as_alice.get("/privacy/").content.decode()
    )
    page = as_alice.get("/privacy/accesses/").content.decode()
    assert "I have looked into it" in page and bob_agent.name in page
    assert '<span class="alerts">1<' in as_alice.get("/contacts/").content.decode()
    assert '<span class="alerts">' not in as_bob.get("/contacts/").content.decode()
    alert = AccessAlert.objects.get()
    assert as_bob.post(f"/privacy/alerts/{alert.id}/").status_code == 403
    assert as_alice.post(f"/privacy/alerts/{alert.id}/").status_code == 302
    page = as_alice.get("/privacy/accesses/").content.decode()
    assert "I have looked into it" not in page and '<span class="alerts">' not in page
    assert watching.unseen() == 0
    assert AuditEntry.objects.filter(act="access_alert.seen").exists()


def test_the_limit_is_set_on_the_page(in_acme: TenantRef, as_alice: Client, as_bob: Client) -> None:
    assert watching.limit() == watching.DEFAULT
    assert as_bob.post("/privacy/accesses/limit/", {"contacts": "5"}).status_code == 403
    as_alice.post("/privacy/accesses/limit/", {"contacts": "5"})
    assert watching.limit() == 5
    wrong = as_alice.post("/privacy/accesses/limit/", {"contacts": "many"}, follow=True)
    assert "Write a whole number" in wrong.content.decode()
    as_alice.post("/privacy/accesses/limit/", {"contacts": ""})
    assert watching.limit() is None


def test_integrators_read_alerts_and_set_the_limit(
    caller: Caller, acme: TenantRef, alice_agent: Agent, bob_agent: Agent
) -> None:
    alice = caller("write", agent=alice_agent)
    changed = alice.client.put(
        "/api/v1/access-limit",
        {"contacts": 10},
        content_type="application/json",
        headers={"Authorization": f"Bearer {alice.token}"},
    )
    assert (changed.status_code, changed.json()) == (200, {"contacts": 10})
    with tenant_scope(acme):
        saw(bob_agent, 11)
        watching.look()
        AccessAlert.objects.update(raised_at=timezone.now() - timedelta(minutes=61))
        watching.look()
    first = alice.get("access-alerts", limit=1).json()
    rest = alice.get("access-alerts", limit=1, cursor=first["next"]).json()
    [newest], [older] = first["results"], rest["results"]
    assert (newest["agent_id"], newest["contacts"], newest["seen_at"]) == (str(bob_agent.id), 11, None)
    assert older["id"] != newest["id"] and rest["next"] is None
    assert alice.post(f"access-alerts/{newest['id']}/seen").json()["seen_at"]
    assert alice.post(f"access-alerts/{uuid4()}/seen").status_code == 404
    assert caller("write", agent=bob_agent).get("access-alerts").status_code == 403


def test_another_brands_accesses_raise_nothing_here(
    limit: int, acme: TenantRef, globex: TenantRef, bob_agent: Agent
) -> None:
    with tenant_scope(globex):
        saw(bob_agent, 11)
    watching.look()
    assert told() == []
