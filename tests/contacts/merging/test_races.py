"""Merges that meet each other, and customers who write at that very moment."""

from __future__ import annotations

import random
import threading
from uuid import uuid4

import pytest
from django.db.models import F

from contacts import merging, signposts
from contacts.merging import MergeRefused, UnknownContacts
from contacts.models import Contact, ContactIdentity, MergeRecord
from conversations.models import Conversation, Inbox, Message
from tenants.directory import TenantRef
from tenants.scope import tenant_scope
from tenants.workspace.events import SYSTEM, unit_of_work
from tenants.workspace.models import Event
from tests.contacts.people import a_person, an_identity, run_jobs
from tests.conversations.posting import arrive, message, page_inbox
from tests.conversations.test_races import PATIENCE_SECONDS, beside, until_somebody_waits_for_a_lock

pytestmark = pytest.mark.django_db(transaction=True)

CUSTOMER = "5001"


@pytest.fixture
def page(acme: TenantRef) -> Inbox:
    with tenant_scope(acme):
        return page_inbox()


@pytest.fixture
def people(acme: TenantRef, page: Inbox) -> tuple[Contact, Contact]:
    """The one who is left, and a double who writes on the page but has not begun a thread there."""
    with tenant_scope(acme):
        kept, double = a_person("Mei"), a_person("梅")
        an_identity(double, "messenger", scope=page.identity_scope, address=CUSTOMER)
        return kept, double


def nothing_is_lost(kept: Contact, texts: list[str]) -> None:
    said = Message.objects.order_by("conversation", "number")
    assert [(row.text, row.conversation.contact_id) for row in said] == [(text, kept.id) for text in texts]
    assert Contact.objects.filter(merged_into__isnull=True).get() == kept


def test_a_message_that_waits_for_a_merge_lands_at_the_survivor(
    acme: TenantRef, page: Inbox, people: tuple[Contact, Contact]
) -> None:
    kept, double = people
    with tenant_scope(acme), unit_of_work():
        merging.merge(kept.id, [double.id], by=SYSTEM)
        thread = beside(acme, lambda: arrive(page, message("m1", "Hello?")))
        until_somebody_waits_for_a_lock()
    thread.join(PATIENCE_SECONDS)
    with tenant_scope(acme):
        nothing_is_lost(kept, ["Hello?"])


def test_a_merge_waits_for_the_message_that_is_being_written_and_takes_it_along(
    acme: TenantRef, page: Inbox, people: tuple[Contact, Contact]
) -> None:
    kept, double = people
    with tenant_scope(acme), unit_of_work():
        arrive(page, message("m1", "Hello?"))
        thread = beside(acme, lambda: merging.merge(kept.id, [double.id], by=SYSTEM) and None)
        until_somebody_waits_for_a_lock()
    thread.join(PATIENCE_SECONDS)
    with tenant_scope(acme):
        run_jobs()
        nothing_is_lost(kept, ["Hello?"])


def test_a_batch_whose_customer_is_given_away_under_its_hands_is_read_again(
    acme: TenantRef, page: Inbox, people: tuple[Contact, Contact]
) -> None:
    """Whoever re-points an identity without holding its customer is caught by the foreign key."""
    kept, double = people
    with tenant_scope(acme), unit_of_work():
        ContactIdentity.objects.filter(contact=double).update(contact=kept)
        thread = beside(acme, lambda: arrive(page, message("m1", "Hello?")))
        until_somebody_waits_for_a_lock()
    thread.join(PATIENCE_SECONDS)
    with tenant_scope(acme):
        assert Conversation.objects.get().contact_id == kept.id
        assert Message.objects.get().text == "Hello?"


def test_of_two_merges_of_one_contact_one_wins(acme: TenantRef) -> None:
    with tenant_scope(acme):
        first, second, double = a_person("1"), a_person("2"), a_person("3")
    results: list[str] = []
    barrier = threading.Barrier(2)

    def merge_into(kept: Contact) -> None:
        barrier.wait(PATIENCE_SECONDS)
        try:
            merging.merge(kept.id, [double.id], by=SYSTEM)
            results.append("won")
        except MergeRefused as refused:
            results.append(refused.code)

    threads = [beside(acme, lambda kept=kept: merge_into(kept)) for kept in (first, second)]  # type: ignore[misc]
    for thread in threads:
        thread.join(PATIENCE_SECONDS)
    assert sorted(results) == ["already_merged", "won"]


def test_two_who_merge_crosswise_do_not_lock_each_other_out(acme: TenantRef) -> None:
    with tenant_scope(acme):
        pairs = [(a_person("a"), a_person("b")) for _ in range(10)]
        for one, other in pairs:
            an_identity(one)
            an_identity(other)
    results: list[str] = []
    barrier = threading.Barrier(2)

    def merge_all(turned: bool) -> None:
        for one, other in pairs:
            barrier.wait(PATIENCE_SECONDS)
            kept, double = (other, one) if turned else (one, other)
            try:
                merging.merge(kept.id, [double.id], by=SYSTEM)
                results.append("won")
            except MergeRefused as refused:
                results.append(refused.code)

    threads = [beside(acme, lambda turned=turned: merge_all(turned)) for turned in (True, False)]  # type: ignore[misc]
    for thread in threads:
        thread.join(PATIENCE_SECONDS * 2)
    assert sorted(results) == ["already_merged"] * 10 + ["won"] * 10


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_storm_of_merges_undos_splits_and_messages_loses_nobody(
    acme: TenantRef, page: Inbox, seed: int
) -> None:
    with tenant_scope(acme):
        for customer in range(5):
            an_identity(
                a_person(f"P{customer}"), "messenger", scope=page.identity_scope, address=f"{customer}"
            )
    broken: list[Exception] = []
    refused = (MergeRefused, UnknownContacts, ContactIdentity.DoesNotExist, MergeRecord.DoesNotExist)

    def storm(worker: int) -> None:
        dice = random.Random(f"{seed}-{worker}")
        for step in range(20):
            try:
                _something(dice, page, f"{worker}-{step}")
            except refused:
                pass
            except Exception as error:
                broken.append(error)

    threads = [beside(acme, lambda worker=worker: storm(worker)) for worker in range(4)]  # type: ignore[misc]
    for thread in threads:
        thread.join(PATIENCE_SECONDS * 4)
    assert broken == []
    with tenant_scope(acme):
        run_jobs()
        _is_whole()


def _something(dice: random.Random, page: Inbox, mark: str) -> None:
    match dice.choice(["message", "message", "merge", "undo", "split"]):
        case "message":
            arrive(page, message(f"m{mark}", mark, customer=str(dice.randrange(6))))
            _sent.add(mark)
        case "merge":
            people = list(Contact.objects.filter(merged_into=None).values_list("id", flat=True))
            chosen = dice.sample(people, min(len(people), dice.choice([2, 3])))
            merging.merge(chosen[0], chosen[1:], by=SYSTEM)
        case "undo":
            records = MergeRecord.objects.filter(undone_at=None).values_list("id", flat=True)
            merging.undo(dice.choice(list(records) or [uuid4()]), by=SYSTEM)
        case "split":
            merging.split(dice.choice(list(ContactIdentity.objects.all())).id, by=SYSTEM)


_sent: set[str] = set()


def _is_whole() -> None:
    assert set(Message.objects.values_list("text", flat=True)) == _sent
    _sent.clear()
    assert Message.objects.count() == Message.objects.values("text").distinct().count()
    assert not Contact.objects.filter(merged_into__merged_into__isnull=False).exists()
    assert not ContactIdentity.objects.filter(contact__merged_into__isnull=False).exists()
    assert not Conversation.objects.exclude(contact_id=F("identity__contact_id")).exists()
    strays = Event.objects.filter(conversation_id__isnull=False).values_list("conversation_id", "contact_id")
    families = {
        row.id: set(signposts.family(row.contact_id)) for row in Conversation.objects.only("id", "contact_id")
    }
    assert all(contact_id in families[talk] for talk, contact_id in strays if contact_id is not None)
