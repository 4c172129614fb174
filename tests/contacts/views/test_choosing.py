"""Choosing whom to merge: by searching, and by selecting in the list."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from contacts import merging
from contacts.models import AccessEntry, Contact
from contacts.privacy import access_log
from contacts.search import rows
from tenants.directory import TenantRef
from tenants.scope import tenant_scope
from tenants.workspace.events import SYSTEM
from tenants.workspace.models import Team
from tests.contacts.people import a_person, a_thread, an_identity
from tests.conversations.outgoing import an_inbox

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(acme: TenantRef) -> list[Contact]:
    """王小明 and two who may be him, each with a conversation."""
    with tenant_scope(acme):
        made = [a_person(name) for name in ("王小明", "王小明 (LINE)", "Wang Hsiao-Ming")]
        for each in made:
            a_thread(an_identity(each), "Hello?")
        rows.write(each.id for each in made)
    return made


def page(client: Client, *contacts: Contact, q: str = "") -> Any:
    return client.get("/contacts/merge/choose/", {"contact": [str(each.id) for each in contacts], "q": q})


def select(client: Client, *contacts: Contact, **more: str) -> Any:
    return client.post("/contacts/merge/selected/", {"id": [str(each.id) for each in contacts], **more})


def boxes(content: str) -> dict[str, bool]:
    """The ids that can be chosen, and whether they are."""
    found = re.findall(r'name="contact" value="([^"]+)"( checked)?', content)
    return {contact_id: bool(checked) for contact_id, checked in found}


def test_whoever_is_found_may_be_chosen_beside_who_is_chosen_already(
    as_bob: Client, acme: TenantRef, people: list[Contact]
) -> None:
    first, second, third = people
    content = page(as_bob, first, q="王小").content.decode()
    assert boxes(content) == {str(first.id): True, str(second.id): False}
    both = page(as_bob, first, second, q="wang").content.decode()
    assert boxes(both) == {str(first.id): True, str(second.id): True, str(third.id): False}
    assert "Nobody else is found" in page(as_bob, first, q="nobody-like-this").content.decode()
    with tenant_scope(acme):
        access_log.write_waiting()
        assert list(AccessEntry.objects.values_list("act", flat=True)) == ["searched"] * 3


def test_the_profile_leads_to_the_choice_and_the_choice_to_the_comparison(
    as_bob: Client, people: list[Contact]
) -> None:
    assert (
        f"/contacts/merge/choose/?contact={people[0].id}"
        in as_bob.get(f"/contacts/{people[0].id}/").content.decode()
    )
    compared = as_bob.get("/contacts/merge/", {"contact": [str(each.id) for each in people], "q": "wang"})
    assert {each.id for each in compared.context["preview"].contacts} == {each.id for each in people}
    alone = as_bob.get("/contacts/merge/", {"contact": str(people[0].id)}, follow=True)
    assert alone.request["PATH_INFO"] == "/contacts/merge/choose/"
    assert "Choose at least two contacts." in alone.content.decode()


def test_a_selection_in_the_list_is_compared(as_bob: Client, people: list[Contact]) -> None:
    answer = select(as_bob, *people[:2])
    assert answer.status_code == 302 and answer.url.startswith("/contacts/merge/?")
    assert len(as_bob.get(answer.url).context["preview"].contacts) == 2
    everybody = as_bob.get(select(as_bob, everybody="1", q="王小").url)
    assert len(everybody.context["preview"].contacts) == 2


@pytest.mark.parametrize(("count", "said"), [(1, "Choose at least two"), (51, "Choose fifty")])
def test_fewer_than_two_and_more_than_fifty_are_refused(
    as_carol: Client, acme: TenantRef, count: int, said: str
) -> None:
    with tenant_scope(acme):
        crowd = [Contact.objects.create(name=f"Person {number}") for number in range(count)]
    answer = select(as_carol, *crowd, sort="name")
    assert answer.url == "/contacts/?sort=name"
    assert said in as_carol.get(answer.url).content.decode()
    with tenant_scope(acme):
        fifty = [*crowd[:50], *(Contact.objects.create() for _ in range(50 - len(crowd[:50])))]
    assert len(as_carol.get(select(as_carol, *fifty).url).context["preview"].contacts) == 50


def test_who_is_not_seen_is_neither_found_nor_chosen(
    as_bob: Client, as_carol: Client, acme: TenantRef
) -> None:
    with tenant_scope(acme):
        hidden = an_inbox("line")
        hidden.teams.add(Team.objects.create(name="Night"))
        seen, unseen = a_person("林美玲"), a_person("林美玲")
        a_thread(an_identity(seen), "Hello?")
        a_thread(an_identity(unseen), "Hello?", inbox=hidden)
        rows.write([seen.id, unseen.id])
    assert str(unseen.id) not in page(as_bob, seen, q="美玲").content.decode()
    assert str(unseen.id) in page(as_carol, seen, q="美玲").content.decode()
    assert page(as_bob, seen, unseen).status_code == 404
    assert page(as_carol, seen, unseen).status_code == 200
    assert select(as_bob, seen, unseen).url == "/contacts/"


def test_another_brand_knows_nobody_of_them(as_charlie: Client, people: list[Contact]) -> None:
    assert page(as_charlie, people[0]).status_code == 404
    assert page(as_charlie, q="王小").status_code == 404


def test_who_was_merged_away_is_found_no_more(as_bob: Client, acme: TenantRef, people: list[Contact]) -> None:
    with tenant_scope(acme):
        merging.merge(people[0].id, [people[1].id], by=SYSTEM)
        rows.write([people[0].id, people[1].id])
    assert boxes(page(as_bob, people[2], q="王小").content.decode()) == {
        str(people[2].id): True,
        str(people[0].id): False,
    }


def test_the_page_costs_the_same_whatever_it_shows(as_carol: Client, acme: TenantRef) -> None:
    with tenant_scope(acme):
        crowd = [Contact.objects.create(name="Mei") for _ in range(25)]
        rows.write(each.id for each in crowd)

    def queries(*contacts: Contact) -> int:
        with CaptureQueriesContext(connection) as counted:
            assert page(as_carol, *contacts, q="mei").status_code == 200
        return len([each for each in counted if "search_path" not in each["sql"]])

    queries(crowd[0])
    assert queries(crowd[0]) == queries(*crowd[:10])
