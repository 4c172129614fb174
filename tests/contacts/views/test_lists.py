"""The page with the list of contacts."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from contacts.models import Contact
from contacts.privacy import access_log
from tenants.directory import TenantRef
from tenants.models import User
from tenants.workspace.models import Agent, Team
from tests.conversations.outgoing import a_conversation, an_inbox

pytestmark = pytest.mark.django_db


@pytest.fixture
def many(in_acme: TenantRef) -> list[Contact]:
    return [Contact.objects.create(name=f"Person {number:03}") for number in range(60)]


def listed(page: str) -> list[str]:
    return re.findall(r">(Person \d+)<", page)


def test_the_list_is_read_page_by_page(as_carol: Client, many: list[Contact]) -> None:
    first = as_carol.get("/contacts/?sort=name").content.decode()
    assert listed(first) == [f"Person {number:03}" for number in range(50)]
    following = re.search(r'hx-get="([^"]+)"', first)
    assert following is not None
    address = "/contacts/" + following[1].replace("&amp;", "&")
    rest = as_carol.get(address, headers={"hx-request": "true"}).content.decode()
    assert listed(rest) == [f"Person {number:03}" for number in range(50, 60)]
    assert "<html" not in rest and "hx-get" not in rest
    assert as_carol.get("/contacts/count/?sort=name").json() == {"count": 60}
    assert as_carol.get(address.replace("sort=name", "sort=newest")).status_code == 404


def test_a_filter_that_cannot_be_read_is_said_and_shows_nobody(as_carol: Client, many: list[Contact]) -> None:
    page = as_carol.get("/contacts/?created_after=soon").content.decode()
    assert "created_after" in page and not listed(page)
    assert as_carol.get("/contacts/count/?created_after=soon").status_code == 404
    assert listed(as_carol.get("/contacts/?created_after=2020-01-01").content.decode())


def test_an_agent_sees_only_those_of_their_inboxes(
    as_bob: Client, as_carol: Client, in_acme: TenantRef, bob_agent: Agent
) -> None:
    hidden = an_inbox("line")
    team = Team.objects.create(name="Night")
    hidden.teams.add(team)
    a_conversation(hidden)
    assert as_bob.get("/contacts/count/").json() == {"count": 0}
    assert as_carol.get("/contacts/count/").json() == {"count": 1}
    team.agents.add(bob_agent)
    assert as_bob.get("/contacts/count/").json() == {"count": 1}


def test_a_page_costs_the_same_queries_whatever_it_shows(as_carol: Client, in_acme: TenantRef) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as counted:
            assert as_carol.get("/contacts/").status_code == 200
        return len([each for each in counted if "search_path" not in each["sql"]])

    Contact.objects.create(name="One")
    queries()
    few = queries()
    for number in range(20):
        Contact.objects.create(name=f"Person {number}")
    assert queries() == few


def test_a_look_at_the_list_is_noted(as_carol: Client, in_acme: TenantRef, carol_agent: Agent) -> None:
    as_carol.get("/contacts/?q=mei")
    access_log.write_waiting()
    [entry] = access_log.entries(actor_id=carol_agent.id)
    assert (entry.act, entry.subject_kind) == ("listed", "contacts")


@pytest.mark.parametrize(
    ("own_zone", "language", "said"),
    [
        ("Asia/Tokyo", "en", "March 2, 2026, 1:30 a.m."),
        ("Asia/Tokyo", "ja", "2026年3月2日1:30"),
        ("UTC", "en", "March 1, 2026, 4:30 p.m."),
    ],
)
def test_times_are_said_in_the_readers_zone_and_way_of_writing(
    as_carol: Client, carol: User, in_acme: TenantRef, own_zone: str, language: str, said: str
) -> None:
    User.objects.filter(id=carol.id).update(timezone=own_zone)
    Contact.objects.create(name="Mei", last_seen_at=datetime(2026, 3, 1, 16, 30, tzinfo=UTC))
    page = as_carol.get("/contacts/", headers={"accept-language": language}).content.decode()
    assert f'<time datetime="2026-03-01T16:30:00+00:00" data-format="full">{said}</time>' in page
    assert f'data-zone="{own_zone}"' in page


def test_an_empty_list_says_why_and_what_to_do(as_carol: Client, in_acme: TenantRef) -> None:
    assert "Nobody yet." in as_carol.get("/contacts/").content.decode()
    narrowed = as_carol.get("/contacts/?language=ja").content.decode()
    assert "No contact fits these filters." in narrowed and 'href="/contacts/">Without filters' in narrowed


def test_work_on_many_is_found_again_by_who_asked_for_it(
    as_carol: Client, as_alice: Client, many: list[Contact]
) -> None:
    assert "Nothing yet." in as_carol.get("/contacts/bulk/").content.decode()
    begun = as_carol.post("/contacts/bulk/", {"kind": "export_csv", "everybody": "1"})
    assert f'href="{begun.url}"' in as_carol.get("/contacts/bulk/").content.decode()
    assert 'href="/contacts/bulk/"' in as_carol.get("/contacts/").content.decode()
    assert begun.url not in as_alice.get("/contacts/bulk/").content.decode()
