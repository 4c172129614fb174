"""Who is found by what, and by which way through the table."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.db.models import Q
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from contacts import bigrams
from contacts.events import ContactUpdated
from contacts.merging import undoing, uniting
from contacts.models import Contact, ContactAddress, ContactIdentity, ContactNote, ContactTerms, Order
from contacts.search import finding, rebuilding, rows
from contacts.search.finding import Sought
from tenants.directory import TenantRef
from tenants.scope import tenant_scope
from tenants.workspace.events import SYSTEM, Actor, record, unit_of_work
from tenants.workspace.models import Agent
from tenants.workspace.reactors import run_reactors

pytestmark = pytest.mark.django_db


def sought(*words: str) -> Sought:
    needles = [bigrams.needle(word) for word in words]
    return Sought(tuple(needle for needle in needles if needle is not None))


def newest_first(people: list[Contact]) -> list[UUID]:
    """By id: the time of its making, and by chance within a millisecond."""
    return sorted((person.id for person in people), reverse=True)


def find(*words: str, only: Q | None = None, **more: Any) -> list[UUID]:
    return finding.contacts(sought(*words), only=only or Q(), limit=more.pop("limit", 50), **more)


def somebody(name: str = "", **fields: Any) -> Contact:
    contact = Contact.objects.create(name=name, **fields)
    rows.write([contact.id])
    return contact


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("陳美玲", "美玲"),
        ("陳美玲", "陈美"),
        ("陳美玲", "陳"),
        ("陳美玲", "玲"),
        ("渡邊 さくら", "渡辺"),
        ("ワタナベ サクラ", "さくら"),
        ("Mei-Ling Chen", "chen"),
        ("Mei-Ling Chen", "mei-l"),
        ("Zoë Müller", "zoe"),
    ],
)
def test_a_person_is_found_by_their_name_however_it_is_written(
    in_acme: TenantRef, name: str, wanted: str
) -> None:
    person = somebody(name)
    somebody("Otto")
    assert find(wanted) == [person.id]


def test_a_person_is_found_by_everything_that_is_known_of_them(in_acme: TenantRef) -> None:
    person = somebody(
        "Mei", company="海港貿易", custom={"member_no": "GOLD-77", "sizes": ["M", "XL"], "vip": True}
    )
    ContactAddress.objects.create(
        contact=person, kind="email", value="mei.chen@example.com", source="agent", is_verified=True
    )
    ContactAddress.objects.create(contact=person, kind="phone", value="+886912345678", source="form")
    ContactIdentity.objects.create(contact=person, channel="line", address="U4af4980629", display_name="小美")
    Order.objects.create(contact=person, shop="shop", number="KT20260712-003", placed_at=timezone.now())
    ContactNote.objects.create(contact=person, text="喜歡藍色", created_at=timezone.now())
    rows.write([person.id])
    for wanted in (
        "海港",
        "gold-77",
        "mei.chen@",
        "345678",
        "0912-345-678",
        "小美",
        "u4af49",
        "0712003",
        "蓝色",
    ):
        assert find(wanted) == [person.id], wanted
    assert find("true") == []


def test_all_words_must_stand_there(in_acme: TenantRef) -> None:
    both = somebody("陳美玲", company="Harbour")
    somebody("陳美玲", company="Inland")
    assert find("美玲", "harbour") == [both.id]


def test_a_longer_word_is_looked_for_in_the_text_itself(in_acme: TenantRef) -> None:
    somebody("退貨 又 貨單")
    right = somebody("退貨單")
    assert find("退貨單") == [right.id]


def test_the_newest_come_first_page_by_page(in_acme: TenantRef) -> None:
    people = newest_first([somebody(f"Mei {number}") for number in range(5)])
    assert find("mei", limit=2) == people[:2]
    assert find("mei", limit=2, after=people[1]) == people[2:4]


def test_a_contact_that_was_merged_away_is_not_listed(in_acme: TenantRef) -> None:
    kept, gone = somebody("Mei"), somebody("Mei")
    Contact.objects.filter(id=gone.id).update(merged_into=kept)
    assert find("mei") == [kept.id]
    rows.write([kept.id, gone.id])
    assert list(ContactTerms.objects.values_list("contact_id", flat=True)) == [kept.id]


def test_only_who_may_be_seen_is_found(in_acme: TenantRef) -> None:
    seen = somebody("Mei")
    somebody("Mei")
    assert find("mei", only=Q(id=seen.id)) == [seen.id]


def test_nobody_is_found_in_another_brand(acme: TenantRef, globex: TenantRef) -> None:
    with tenant_scope(acme):
        person = somebody("Mei")
        assert find("mei") == [person.id]
    with tenant_scope(globex):
        assert find("mei") == []


def test_what_becomes_known_is_found_after_the_reactor_ran(in_acme: TenantRef) -> None:
    person = Contact.objects.create(name="Mei")
    assert find("mei") == []
    with unit_of_work():
        record(ContactUpdated(person.id, ("name",)), by=SYSTEM)
    run_reactors()
    assert find("mei") == [person.id]
    Contact.objects.filter(id=person.id).update(name="Otto")
    with unit_of_work():
        record(ContactUpdated(person.id, ("name",)), by=SYSTEM)
    run_reactors()
    assert find("mei") == []
    assert find("otto") == [person.id]


def test_a_deleted_contact_takes_its_row_along(in_acme: TenantRef) -> None:
    somebody("Mei").delete()
    assert not ContactTerms.objects.exists()


def test_a_contact_that_has_nothing_left_to_be_found_by_has_no_row(in_acme: TenantRef) -> None:
    person = somebody("Mei")
    Contact.objects.filter(id=person.id).update(name="")
    rows.write([person.id])
    assert not ContactTerms.objects.exists()


def test_everything_is_made_anew_in_steps(in_acme: TenantRef, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rebuilding, "STEP", 2)
    people = [Contact.objects.create(name=f"Mei {number}") for number in range(5)]
    after, steps = None, 0
    while steps == 0 or after is not None:
        after, steps = rows.write_from(after, rebuilding.STEP), steps + 1
    assert steps == 3
    assert find("mei") == newest_first(people)


def test_both_ways_find_the_same(in_acme: TenantRef, monkeypatch: pytest.MonkeyPatch) -> None:
    """A word that is thought common is walked to; one that is thought rare is looked up."""
    people = [somebody("Mei" if number % 3 == 0 else "Otto") for number in range(12)]
    expected = newest_first(people[::3])
    monkeypatch.setattr(finding, "RARE", 10**9)
    assert find("mei") == expected
    monkeypatch.setattr(finding, "RARE", 0)
    for window in (100, 6, 1):
        monkeypatch.setattr(finding, "WINDOW", window)
        assert find("mei") == expected
        assert find("mei", limit=2) == expected[:2]


def test_whom_the_other_conditions_let_through_is_found_behind_many_others(
    in_acme: TenantRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = [somebody("Mei") for _number in range(8)]
    for gone in people[3:]:
        gone.erased_at = timezone.now()
        gone.save(update_fields=["erased_at"])
    expected = newest_first(people[:3])
    for nearest in (1, 4, 8, 250):
        monkeypatch.setattr(finding, "NEAREST", nearest)
        assert find("mei") == expected
        assert find("mei", limit=2) == expected[:2]


def test_what_words_begin_with_is_counted_no_further_than_matters(
    in_acme: TenantRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = [somebody("Meister") for _number in range(4)]
    with CaptureQueriesContext(connection) as asked:
        assert find("mei") == newest_first(people)
    counts = [each["sql"] for each in asked if "COUNT(" in each["sql"]]
    assert len(counts) == 1 and f"LIMIT {finding.RARE + 1}" in counts[0]
    somebody("陳美玲")
    with CaptureQueriesContext(connection) as asked:
        assert len(find("美玲")) == 1
    assert not any("COUNT(" in each["sql"] for each in asked)  # of pairs the server knows


def test_the_number_of_statements_is_bounded(in_acme: TenantRef, monkeypatch: pytest.MonkeyPatch) -> None:
    for _number in range(5):
        somebody("Mei")
    with CaptureQueriesContext(
        connection,
    ) as few:
        find("mei")
    assert len(few) == 4
    monkeypatch.setattr(finding, "RARE", 0)
    monkeypatch.setattr(finding, "WINDOW", 2)
    with CaptureQueriesContext(connection) as many:
        find("mei")
    assert len(many) == 5


def test_who_was_merged_is_found_by_what_both_were_known_by_until_it_is_undone(
    in_acme: TenantRef, alice_agent: Agent
) -> None:
    kept, gone = somebody("美玲"), somebody("Mei", company="Harbour")
    ContactAddress.objects.create(contact=gone, kind="phone", value="+886912345678", source="form")
    rows.write([gone.id])
    by = Actor.agent(alice_agent)
    record_of_merge = uniting.merge(kept.id, [gone.id], by=by)
    run_reactors()
    assert find("345678") == find("harbour") == [kept.id]
    undoing.undo(record_of_merge.id, by=by)
    run_reactors()
    assert find("345678") == find("harbour") == [gone.id]
    assert find("美玲") == [kept.id]
