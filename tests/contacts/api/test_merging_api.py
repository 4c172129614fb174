"""Doubles over the REST API: suggested with reasons, previewed, merged, taken back, split."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from contacts.models import Contact, ContactAddress, Suggestion
from contacts.suggesting import upkeep
from tenants.directory import TenantRef
from tenants.scope import tenant_scope
from tests.contacts.people import a_person, a_thread, an_identity
from tests.programs import Api

pytestmark = pytest.mark.django_db


@pytest.fixture
def double(mei: Contact) -> Contact:
    """Somebody with the same e-mail address as Mei."""
    other = a_person("mei_0403")
    for contact, proven in ((mei, True), (other, False)):
        ContactAddress.objects.create(
            contact=contact, kind="email", value="mei@shop.test", is_verified=proven, source="form"
        )
    upkeep.keep_up([mei.id, other.id])
    return other


def merge(writer: Api, mei: Contact, double: Contact, **more: Any) -> Any:
    return writer.post("contacts/merges", {"kept": str(mei.id), "duplicates": [str(double.id)], **more})


def test_a_suggestion_says_who_and_why(reader: Api, mei: Contact, double: Contact) -> None:
    (row,) = reader.get("contacts/suggestions").json()["results"]
    assert {each["id"] for each in row["contacts"]} == {str(mei.id), str(double.id)}
    assert row["score"] == 80
    assert row["reasons"] == [{"kind": "email", "strength": "half", "values": ["mei@shop.test"]}]
    of_mei = reader.get(f"contacts/suggestions?contact={mei.id}").json()["results"]
    of_nobody = reader.get(f"contacts/suggestions?contact={uuid4()}").json()["results"]
    assert (len(of_mei), of_nobody) == (1, [])


def test_suggestions_come_in_pages_strongest_first(reader: Api, mei: Contact, double: Contact) -> None:
    for number in range(4):
        people = [a_person("林美玲", language="ja", place=str(number)) for _ in range(2)]
        upkeep.keep_up([each.id for each in people])
    everything = reader.get("contacts/suggestions").json()["results"]
    scores = [row["score"] for row in everything]
    assert scores == sorted(scores, reverse=True) and scores[0] == 80 and len(scores) > 4
    read, cursor = [], ""
    while cursor is not None:
        page = reader.get(f"contacts/suggestions?limit=2{cursor and '&cursor='}{cursor}").json()
        read += page["results"]
        cursor = page["next"]
    assert read == everything


def test_not_the_same_person_goes_to_the_dismissed_ones_and_back(
    writer: Api, mei: Contact, double: Contact
) -> None:
    (row,) = writer.get("contacts/suggestions").json()["results"]
    answer = writer.post(f"contacts/suggestions/{row['id']}/dismiss", {})
    assert (answer.status_code, answer.json()["state"]) == (200, "dismissed")
    assert writer.get("contacts/suggestions").json()["results"] == []
    (again,) = writer.get("contacts/suggestions?state=dismissed").json()["results"]
    assert again["id"] == row["id"]
    assert writer.post(f"contacts/suggestions/{row['id']}/dismiss", {}).json()["code"] == "not_open"
    assert writer.post(f"contacts/suggestions/{row['id']}/reopen", {}).json()["state"] == "open"


def test_a_preview_changes_nothing_and_its_version_guards_the_merge(
    writer: Api, mei: Contact, double: Contact
) -> None:
    wish = {"contacts": [str(double.id), str(mei.id)]}
    preview = writer.post("contacts/merges/preview", wish).json()
    (name, *_others) = preview["fields"]
    assert name["name"] == "name" and {each["value"] for each in name["candidates"]} == {
        "陳美玲",
        "mei_0403",
    }
    assert not Contact.objects.exclude(merged_into=None).exists()
    Contact.objects.filter(id=double.id).update(name="Mei")
    stale = merge(writer, mei, double, version=preview["version"])
    assert (stale.status_code, stale.json()["code"]) == (409, "changed_meanwhile")
    fresh = writer.post("contacts/merges/preview", wish).json()
    assert merge(writer, mei, double, version=fresh["version"]).status_code == 201


def test_after_a_merge_the_old_id_answers_with_the_survivor(
    writer: Api, mei: Contact, double: Contact
) -> None:
    a_thread(an_identity(double), "Hello?")
    answer = merge(writer, mei, double, choices={"name": str(double.id)})
    assert answer.status_code == 201
    row = writer.get(f"contacts/{double.id}").json()
    assert (row["id"], row["name"], len(row["identities"])) == (str(mei.id), "mei_0403", 1)
    again = merge(writer, mei, double)
    assert (again.status_code, again.json()["code"]) == (409, "already_merged")
    (listed,) = writer.get(f"contacts/merges?contact={double.id}").json()["results"]
    assert listed == answer.json() and listed["duplicates"] == [str(double.id)]


def test_a_merge_is_taken_back_once(writer: Api, mei: Contact, double: Contact) -> None:
    merge_id = merge(writer, mei, double).json()["id"]
    answer = writer.post(f"contacts/merges/{merge_id}/undo", {})
    assert answer.status_code == 200 and answer.json()["undone_at"]
    assert writer.get(f"contacts/{double.id}").json()["id"] == str(double.id)
    again = writer.post(f"contacts/merges/{merge_id}/undo", {})
    assert (again.status_code, again.json()["code"]) == (409, "already_undone")


def test_an_identity_becomes_a_contact_of_its_own(writer: Api, mei: Contact) -> None:
    an_identity(mei)
    identity = an_identity(mei, "messenger", display_name="Ken")
    answer = writer.post(f"contacts/identities/{identity.id}/split", {})
    assert answer.status_code == 201
    assert (answer.json()["name"], answer.json()["identities"][0]["id"]) == ("Ken", str(identity.id))
    again = writer.post(f"contacts/identities/{identity.id}/split", {})
    assert (again.status_code, again.json()["code"]) == (409, "only_identity")


def test_what_belongs_to_another_brand_does_not_exist(
    writer: Api, mei: Contact, double: Contact, globex: TenantRef
) -> None:
    with tenant_scope(globex):
        people = [a_person("Ken", language="ja"), a_person("Ken", language="ja")]
        identity = an_identity(people[0])
        for each in people:
            ContactAddress.objects.create(contact=each, kind="email", value="k@shop.test", source="form")
        upkeep.keep_up([each.id for each in people])
        suggestion = Suggestion.objects.get()
    assert merge(writer, mei, people[0]).status_code == 404
    assert merge(writer, people[0], mei).status_code == 404
    wish = {"contacts": [str(mei.id), str(people[0].id)]}
    assert writer.post("contacts/merges/preview", wish).status_code == 404
    assert writer.post(f"contacts/suggestions/{suggestion.id}/dismiss", {}).status_code == 404
    assert writer.post(f"contacts/identities/{identity.id}/split", {}).status_code == 404
    assert len(writer.get("contacts/suggestions").json()["results"]) == 1
    with tenant_scope(globex):
        assert not Contact.objects.exclude(merged_into=None).exists()
