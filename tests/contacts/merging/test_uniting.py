"""Two to fifty contacts become one: everything goes along, nothing is lost, and the ids go on to be answered."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from contacts import merging
from contacts.merging import MergeRefused, UnknownContacts, refusals
from contacts.models import Consent, Contact, ContactAddress
from contacts.privacy import hold
from conversations.models import Conversation
from tenants.directory import TenantRef
from tenants.scope import tenant_scope
from tenants.workspace.events import Actor
from tenants.workspace.models import Agent, Event
from tests.contacts.people import (
    a_note,
    a_person,
    a_thread,
    an_identity,
    an_order,
    labelled,
    labels_of,
    run_jobs,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_acme")]


@pytest.fixture
def bob(bob_agent: Agent) -> Actor:
    return Actor.agent(bob_agent)


def test_everything_that_points_at_a_contact_goes_over_to_the_survivor(bob: Actor) -> None:
    kept, double = a_person("Mei"), a_person("梅")
    thread = a_thread(an_identity(double), "Hello?")
    a_thread(an_identity(kept, "messenger"))
    note, order = a_note(double, "Likes tea."), an_order(double, "711")
    labelled(double, "vip")
    Consent.objects.create(
        contact=double, purpose="marketing", state="given", source="form", stated_at=timezone.now()
    )
    merging.merge(kept.id, [double.id], by=bob)
    run_jobs()
    thread.refresh_from_db()
    note.refresh_from_db()
    order.refresh_from_db()
    assert (thread.contact_id, note.contact_id, order.contact_id) == (kept.id, kept.id, kept.id)
    assert kept.consents.count() == 1 and kept.identities.count() == 2 and labels_of(kept) == ["vip"]
    assert not Event.objects.filter(contact_id=double.id).exists()
    double.refresh_from_db()
    assert (double.merged_into_id, double.name) == (kept.id, "梅")


def test_the_merge_is_told_in_the_log_with_who_did_it(bob: Actor) -> None:
    kept, double = a_person("Mei"), a_person("梅")
    record = merging.merge(kept.id, [double.id], by=bob)
    event = Event.objects.get(name="contact.merged")
    assert (event.contact_id, event.actor_id) == (kept.id, bob.id)
    assert event.payload == {"merged_ids": [str(double.id)], "merge_id": str(record.id)}


def test_what_is_set_by_hand_wins_else_the_most_recent(bob: Actor) -> None:
    now = timezone.now()
    old = a_person("陳美玲", by_hand=["name"], at=now - timedelta(days=90), language="zh-TW", place="Taipei")
    new = a_person("mei_0403", at=now, language="ja", company="Harbour")
    merging.merge(old.id, [new.id], by=bob)
    old.refresh_from_db()
    assert (old.name, old.language, old.place, old.company) == ("陳美玲", "ja", "Taipei", "Harbour")
    assert old.marks["name"]["source"] == "agent" and old.last_seen_at == now


def test_a_chosen_value_wins_over_everything(bob: Actor) -> None:
    kept, double = a_person("Mei", by_hand=["name"]), a_person("梅")
    merging.merge(kept.id, [double.id], {"name": double.id}, by=bob)
    kept.refresh_from_db()
    assert kept.name == "梅" and "name" not in kept.marks


def test_own_fields_are_united_key_by_key(bob: Actor) -> None:
    kept = a_person("Mei", custom={"size": "M", "points": 3}, by_hand=["custom.size"])
    double = a_person("梅", custom={"size": "L", "colour": "blue"})
    merging.merge(kept.id, [double.id], by=bob)
    kept.refresh_from_db()
    assert kept.custom == {"size": "M", "points": 3, "colour": "blue"}


def test_what_both_have_stays_once_and_the_better_knowledge_of_it_counts(bob: Actor) -> None:
    kept, double = a_person("Mei"), a_person("梅")
    labelled(kept, "vip", "tea")
    labelled(double, "vip", "coffee")
    for contact, proven in ((kept, False), (double, True)):
        ContactAddress.objects.create(
            contact=contact, kind="email", value="mei@shop.test", is_verified=proven, source="form"
        )
    ContactAddress.objects.create(contact=double, kind="phone", value="+886912345678", source="form")
    merging.merge(kept.id, [double.id], by=bob)
    assert labels_of(kept) == ["coffee", "tea", "vip"]
    addresses = kept.addresses.order_by("kind").values_list("value", "is_verified")
    assert list(addresses) == [("mei@shop.test", True), ("+886912345678", False)]


def test_fifty_become_one_and_one_more_is_refused(bob: Actor) -> None:
    people = [a_person(f"Mei {number}") for number in range(51)]
    with pytest.raises(MergeRefused, match="too_many"):
        merging.merge(people[0].id, [each.id for each in people[1:]], by=bob)
    merging.merge(people[0].id, [each.id for each in people[1:50]], by=bob)
    assert Contact.objects.filter(merged_into=people[0]).count() == 49


def test_one_alone_is_no_merge(bob: Actor) -> None:
    kept = a_person("Mei")
    with pytest.raises(MergeRefused, match="too_few"):
        merging.merge(kept.id, [kept.id], by=bob)


def test_chains_of_sign_posts_stay_flat(bob: Actor) -> None:
    first, second, third = a_person("1"), a_person("2"), a_person("3")
    merging.merge(second.id, [first.id], by=bob)
    merging.merge(third.id, [second.id], by=bob)
    led = Contact.objects.filter(id__in=[first.id, second.id]).values_list("merged_into_id", flat=True)
    assert set(led) == {third.id}


def test_who_is_merged_already_is_not_merged_again(bob: Actor) -> None:
    kept, double, other = a_person("Mei"), a_person("梅"), a_person("Ken")
    merging.merge(kept.id, [double.id], by=bob)
    with pytest.raises(MergeRefused, match="already_merged") as refused:
        merging.merge(other.id, [double.id], by=bob)
    assert refused.value.more == {"contact": str(double.id), "merged_into": str(kept.id)}
    merging.merge(other.id, [kept.id], by=bob)


def test_contacts_of_another_brand_do_not_exist_here(bob: Actor, globex: TenantRef) -> None:
    kept, double = a_person("Mei"), a_person("梅")
    with tenant_scope(globex):
        foreign = a_person("Mei at Globex").id
    for unknown in (foreign, uuid4()):
        with pytest.raises(UnknownContacts):
            merging.merge(kept.id, [double.id, unknown], by=bob)
        with pytest.raises(UnknownContacts):
            merging.merge(unknown, [double.id], by=bob)
    double.refresh_from_db()
    assert double.merged_into_id is None
    with tenant_scope(globex):
        assert Contact.objects.get(id=foreign).merged_into_id is None


def test_a_registered_reason_forbids_it(bob: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, double, free = a_person("Mei"), a_person("梅"), a_person("Ken")
    monkeypatch.setattr(refusals, "_checks", [lambda ids: "legal_hold" if double.id in ids else None])
    with pytest.raises(MergeRefused, match="legal_hold"):
        merging.merge(kept.id, [double.id], by=bob)
    merging.merge(kept.id, [free.id], by=bob)


def test_under_a_legal_hold_of_either_side_nobody_is_merged(bob: Actor) -> None:
    kept, held, free = a_person("Mei"), a_person("梅"), a_person("Ken")
    hold.place(held, reason="Case 12", owner=None, review_on=timezone.now().date(), by=bob)
    for pair in ((kept, held), (held, kept)):
        with pytest.raises(MergeRefused, match="legal_hold"):
            merging.merge(pair[0].id, [pair[1].id], by=bob)
    merging.merge(kept.id, [free.id], by=bob)
    hold.lift(held, by=bob)
    merging.merge(kept.id, [held.id], by=bob)


def test_a_hold_that_comes_after_the_merge_lies_on_who_is_left(bob: Actor) -> None:
    kept, double = a_person("Mei"), a_person("梅")
    merging.merge(kept.id, [double.id], by=bob)
    placed = hold.place(double, reason="Case 12", owner=None, review_on=timezone.now().date(), by=bob)
    assert placed.contact_id == kept.id
    hold.lift(kept, by=bob)


def test_what_changed_since_the_preview_is_looked_at_again(bob: Actor) -> None:
    kept, double = a_person("Mei"), a_person("梅")
    seen = merging.preview([kept.id, double.id])
    Contact.objects.filter(id=double.id).update(name="梅子")
    with pytest.raises(MergeRefused, match="changed_meanwhile"):
        merging.merge(kept.id, [double.id], by=bob, version=seen.version)
    again = merging.preview([double.id, kept.id])
    merging.merge(kept.id, [double.id], by=bob, version=again.version)


def test_the_preview_shows_every_value_and_what_would_move(bob: Actor) -> None:
    kept = a_person("陳美玲", by_hand=["name"], language="zh-TW")
    double = a_person("mei_0403", language="zh-TW")
    a_thread(an_identity(double), "Hello?")
    a_note(double, "Likes tea.")
    preview = merging.preview([double.id, kept.id])
    name, language = preview.fields
    assert preview.kept == kept and preview.refusal is None
    assert [each.value for each in name.candidates] == ["陳美玲", "mei_0403"] and name.is_disputed
    assert name.chosen.is_set_by_hand and language.chosen.value == "zh-TW" and not language.is_disputed
    assert preview.counts["contacts.contactnote.contact"] == {double.id: 1}
    assert preview.counts["conversations.conversation.contact"] == {double.id: 1}
    assert not Contact.objects.filter(merged_into__isnull=False).exists()


def test_a_merge_costs_the_same_whatever_there_is_to_move(
    bob: Actor, django_assert_max_num_queries: object
) -> None:
    kept, double = a_person("Mei"), a_person("梅")
    for number in range(30):
        a_note(double, f"Note {number}.")
    a_thread(an_identity(double), *map(str, range(40)))
    with django_assert_max_num_queries(40):  # type: ignore[operator]
        merging.merge(kept.id, [double.id], by=bob)
    assert Conversation.objects.get().contact_id == kept.id
