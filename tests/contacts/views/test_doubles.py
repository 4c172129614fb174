"""The screens of doubles: the queue, the comparison, the merge, the way back, the split."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from contacts import merging
from contacts.models import Contact, ContactAddress, MergeRecord, Suggestion
from contacts.suggesting import upkeep
from tenants.directory import TenantRef
from tenants.scope import tenant_scope
from tenants.workspace.events import SYSTEM
from tenants.workspace.models import Team
from tests.contacts.people import a_person, a_thread, an_identity
from tests.conversations.outgoing import an_inbox

pytestmark = pytest.mark.django_db


@pytest.fixture
def pair(acme: TenantRef) -> tuple[Contact, Contact]:
    """Two contacts with the same e-mail address, each with a conversation."""
    with tenant_scope(acme):
        people = a_person("陳美玲", by_hand=["name"]), a_person("mei_0403")
        for contact, proven in zip(people, (True, False), strict=True):
            a_thread(an_identity(contact), "Hello?")
            ContactAddress.objects.create(
                contact=contact, kind="email", value="mei@shop.test", is_verified=proven, source="form"
            )
        upkeep.keep_up([each.id for each in people])
    return people


def compared(client: Client, *contacts: Contact) -> Any:
    return client.get("/contacts/merge/", {"contact": [str(each.id) for each in contacts]})


def test_the_queue_shows_who_may_be_one_and_why(
    as_bob: Client, pair: tuple[Contact, Contact], django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(16):
        page = as_bob.get("/contacts/suggestions/").content.decode()
    for text in ("陳美玲", "mei_0403", "proven by one of them", "mei@shop.test", "80 of 100"):
        assert text in page


def test_not_the_same_person_moves_to_the_dismissed_and_back(
    as_bob: Client, acme: TenantRef, pair: tuple[Contact, Contact]
) -> None:
    with tenant_scope(acme):
        row = Suggestion.objects.get()
    as_bob.post(f"/contacts/suggestions/{row.id}/dismiss/")
    assert "mei_0403" not in as_bob.get("/contacts/suggestions/").content.decode()
    assert "mei_0403" in as_bob.get("/contacts/suggestions/?state=dismissed").content.decode()
    as_bob.post(f"/contacts/suggestions/{row.id}/reopen/")
    assert "mei_0403" in as_bob.get("/contacts/suggestions/").content.decode()


def test_a_merge_goes_field_by_field_and_can_be_undone(
    as_bob: Client, acme: TenantRef, pair: tuple[Contact, Contact]
) -> None:
    kept, double = pair
    page = compared(as_bob, *pair)
    assert page.content.decode().count("<li>LINE</li>") == 2  # what each of them writes from
    preview = page.context["preview"]
    answer = as_bob.post(
        "/contacts/merge/",
        {
            "contact": [str(each.id) for each in pair],
            "kept": str(kept.id),
            "version": preview.version,
            "choice:name": str(double.id),
        },
        follow=True,
    )
    assert "Undo the merge" in answer.content.decode()
    with tenant_scope(acme):
        record = MergeRecord.objects.get()
        assert Contact.objects.get(id=kept.id).name == "mei_0403"
    undone = as_bob.post(f"/contacts/merges/{record.id}/undo/", follow=True).content.decode()
    assert "This merge was undone" in undone
    story = as_bob.get(f"/contacts/{kept.id}/").content.decode()
    assert story.count(f'href="/contacts/merges/{record.id}/"') == 2  # the merge, and that it was undone
    with tenant_scope(acme):
        assert Contact.objects.get(id=kept.id).name == "陳美玲"
        assert not Contact.objects.exclude(merged_into=None).exists()


def test_what_changed_since_it_was_looked_at_is_shown_again(
    as_bob: Client, acme: TenantRef, pair: tuple[Contact, Contact]
) -> None:
    version = compared(as_bob, *pair).context["preview"].version
    with tenant_scope(acme):
        Contact.objects.filter(id=pair[1].id).update(name="Mei")
    wish = {"contact": [str(each.id) for each in pair], "kept": str(pair[0].id), "version": version}
    answer = as_bob.post("/contacts/merge/", wish, follow=True)
    assert "look at it once more" in answer.content.decode() and answer.context["preview"]
    wish["version"] = answer.context["preview"].version
    assert "Undo the merge" in as_bob.post("/contacts/merge/", wish, follow=True).content.decode()


def test_who_builds_on_a_merge_is_undone_first(
    as_bob: Client, acme: TenantRef, pair: tuple[Contact, Contact]
) -> None:
    with tenant_scope(acme):
        first = merging.merge(pair[0].id, [pair[1].id], by=SYSTEM)
        later = merging.merge(pair[0].id, [a_person("Ken").id], by=SYSTEM)
    answer = as_bob.post(f"/contacts/merges/{first.id}/undo/", follow=True)
    assert "undo it first" in answer.content.decode()
    assert answer.request["PATH_INFO"] == reverse("merge_result", args=[later.id])


def test_an_address_that_is_somebody_elses_is_split_off(
    as_bob: Client, acme: TenantRef, pair: tuple[Contact, Contact]
) -> None:
    kept, _double = pair
    with tenant_scope(acme):
        identity = an_identity(kept, "messenger", display_name="Ken")
        a_thread(identity, "Hi!")
    assert "This is somebody else" in as_bob.get(f"/contacts/{kept.id}/doubles/").content.decode()
    answer = as_bob.post(f"/contacts/identities/{identity.id}/split/", follow=True)
    assert answer.context["contact"].name == "Ken"
    alone = as_bob.post(f"/contacts/identities/{identity.id}/split/", follow=True).content.decode()
    assert "only address" in alone


def test_the_desk_is_told_of_a_possible_double(as_bob: Client, pair: tuple[Contact, Contact]) -> None:
    hint = as_bob.get(f"/contacts/{pair[0].id}/doubles/hint/").content.decode()
    assert f"/contacts/{pair[0].id}/doubles/" in hint


def test_nobody_is_suggested_or_merged_whom_the_member_does_not_see(
    as_bob: Client, as_carol: Client, acme: TenantRef
) -> None:
    with tenant_scope(acme):
        hidden = an_inbox("line")
        hidden.teams.add(Team.objects.create(name="Night"))
        people = a_person("林美玲", language="ja"), a_person("林美玲", language="ja")
        a_thread(an_identity(people[0]), "Hello?")
        a_thread(an_identity(people[1]), "Hello?", inbox=hidden)
        upkeep.keep_up([each.id for each in people])
    assert "林美玲" not in as_bob.get("/contacts/suggestions/").content.decode()
    assert "林美玲" in as_carol.get("/contacts/suggestions/").content.decode()
    assert (compared(as_bob, *people).status_code, compared(as_carol, *people).status_code) == (404, 200)
    wish = {"contact": [str(each.id) for each in people], "kept": str(people[0].id)}
    assert as_bob.post("/contacts/merge/", wish).status_code == 404
    assert as_carol.post("/contacts/merge/", wish).status_code == 302


def test_crooked_addresses_are_not_found(as_bob: Client, pair: tuple[Contact, Contact]) -> None:
    assert as_bob.get("/contacts/merge/?contact=1").status_code == 404
    assert as_bob.get("/contacts/suggestions/?after=x_y").status_code == 200
