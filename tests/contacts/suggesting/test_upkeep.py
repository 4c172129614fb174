"""Who may be the same person: found by what contacts have in common, kept up to date with what changes."""

from __future__ import annotations

from typing import Any

import pytest

from contacts import merging
from contacts.models import Contact, ContactAddress, MatchKey, Suggestion
from contacts.suggesting import deciding, keys, upkeep
from contacts.suggesting.deciding import NotOpen
from tenants.workspace.events import Actor
from tenants.workspace.models import Agent
from tenants.workspace.reactors import run_reactors
from tests.contacts.people import a_person, an_identity, told

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_acme")]


@pytest.fixture
def bob(bob_agent: Agent) -> Actor:
    return Actor.agent(bob_agent)


def with_address(contact: Contact, value: str, *, proven: bool = False, kind: str = "email") -> Contact:
    ContactAddress.objects.create(
        contact=contact, kind=kind, value=value, is_verified=proven, source="channel" if proven else "form"
    )
    return contact


def look(*contacts: Contact) -> list[tuple[set[str], int, list[dict[str, Any]]]]:
    """The open suggestions after looking for the doubles of these contacts."""
    upkeep.keep_up([each.id for each in contacts])
    rows = Suggestion.objects.filter(state="open").order_by("-score", "id").select_related("low", "high")
    return [({row.low.name, row.high.name}, row.score, row.reasons) for row in rows]


@pytest.mark.parametrize(
    ("proofs", "strength", "score"),
    [((True, True), "verified", 95), ((True, False), "half", 80), ((False, False), "typed", 60)],
)
def test_proven_addresses_say_more_than_typed_ones(
    proofs: tuple[bool, bool], strength: str, score: int
) -> None:
    one = with_address(a_person("Mei"), "mei@shop.test", proven=proofs[0])
    with_address(a_person("梅"), "mei@shop.test", proven=proofs[1])
    upkeep.keep_up([each.id for each in Contact.objects.all()])
    assert look(one) == [({"Mei", "梅"}, score, [{"kind": "email", "strength": strength}])]


def test_who_shares_nothing_is_not_suggested() -> None:
    one, other = (
        with_address(a_person("Mei"), "mei@shop.test"),
        with_address(a_person("Ken"), "ken@shop.test"),
    )
    assert look(one, other) == []


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("陳美玲", "陈美玲"),
        ("山田花子", "山田花子 様"),
        ("タナカ ユキ", "ﾀﾅｶ ﾕｷ"),
        ("たなかゆき", "タナカユキ"),
        ("Mei-Ling Chen", "CHEN Mei Ling"),
        ("José Álvarez", "jose alvarez"),
        ("Ms Chen Mei", "Chen Mei"),
    ],
)
def test_a_name_is_the_same_however_it_is_written(name: str, other: str) -> None:
    one, two = a_person(name, language="ja"), a_person(other, language="ja-JP")
    assert look(one, two) == [({name, other}, 35, [{"kind": "name", "strength": "same_language"}])]


@pytest.mark.parametrize(("name", "other"), [("Anna", "Anna"), ("陳", "陳"), ("陳美玲", "陳美珍"), ("", "")])
def test_names_that_many_bear_or_that_differ_say_nothing(name: str, other: str) -> None:
    assert look(a_person(name, language="en"), a_person(other, language="en")) == []


def test_the_same_name_in_another_language_says_nothing() -> None:
    one = a_person("林美玲", language="zh-TW")
    assert look(one, a_person("林美玲", language="ja")) == []
    assert len(look(one, a_person("林美玲", language=""))) == 2  # nobody knows: a weak hint of each


def test_reasons_add_up_strongest_first() -> None:
    people = [
        with_address(
            with_address(a_person("林美玲", language="ja"), "m@shop.test"), "+81312345678", kind="phone"
        )
        for _ in range(2)
    ]
    ((_names, score, reasons),) = look(*people)
    assert [each["kind"] for each in reasons] == ["email", "phone", "name"]
    assert score == 88


def test_the_same_log_in_on_two_websites_is_one_person() -> None:
    one, other = a_person("Mei"), a_person("梅")
    for contact, site in ((one, "a"), (other, "b")):
        an_identity(contact, "widget", scope=site, address="user:4711")
    an_identity(a_person("Ken"), "widget", scope="a", address="4711")
    assert look(*Contact.objects.all()) == [({"Mei", "梅"}, 97, [{"kind": "login", "strength": "verified"}])]


def test_an_order_that_is_told_of_two_speaks_for_one_person() -> None:
    one, other = a_person("Mei"), a_person("梅")
    order = one.id
    upkeep.note_orders([(one.id, order), (other.id, order)])
    assert look(one, other) == [({"Mei", "梅"}, 85, [{"kind": "order", "strength": "verified"}])]


def test_a_key_that_many_share_tells_nothing_also_of_those_it_was_telling_of_before() -> None:
    people = [with_address(a_person(f"P {number}"), "info@shop.test") for number in range(upkeep.COMMON)]
    assert len(look(*people)) == upkeep.COMMON * (upkeep.COMMON - 1) // 2
    one_more = with_address(a_person("One more"), "info@shop.test")
    assert look(one_more) == []


def test_a_suggestion_goes_when_its_reason_does() -> None:
    one, other = with_address(a_person("Mei"), "m@shop.test"), with_address(a_person("梅"), "m@shop.test")
    assert len(look(one, other)) == 1
    ContactAddress.objects.filter(contact=one).delete()
    assert look(one) == []


def test_not_the_same_person_is_remembered_until_there_is_stronger_evidence(bob: Actor) -> None:
    one, other = with_address(a_person("Mei"), "m@shop.test"), with_address(a_person("梅"), "m@shop.test")
    look(one, other)
    row = deciding.dismiss(Suggestion.objects.get().id, by=bob)
    assert look(one, other) == []
    with pytest.raises(NotOpen, match="not_open"):
        deciding.dismiss(row.id, by=bob)
    ContactAddress.objects.update(is_verified=True)
    assert [score for _names, score, _reasons in look(one, other)] == [95]


def test_what_was_said_of_somebody_holds_for_who_they_were_merged_into(bob: Actor) -> None:
    one, other = with_address(a_person("Mei"), "m@shop.test"), with_address(a_person("梅"), "m@shop.test")
    look(one, other)
    deciding.dismiss(Suggestion.objects.get().id, by=bob)
    third = a_person("Ken")
    record = merging.merge(third.id, [one.id], by=bob)
    run_reactors()
    assert look(third, other) == []
    merging.undo(record.id, by=bob)
    run_reactors()
    assert look(one, other) == []


def test_a_dismissed_pair_can_be_looked_at_again(bob: Actor) -> None:
    one, other = with_address(a_person("Mei"), "m@shop.test"), with_address(a_person("梅"), "m@shop.test")
    look(one, other)
    row = deciding.dismiss(Suggestion.objects.get().id, by=bob)
    deciding.reopen(row.id, by=bob)
    assert len(look(one, other)) == 1
    with pytest.raises(NotOpen, match="not_dismissed"):
        deciding.reopen(row.id, by=bob)


def test_a_merge_settles_its_suggestion_and_an_undo_brings_it_back(bob: Actor) -> None:
    one, other = with_address(a_person("Mei"), "m@shop.test"), with_address(a_person("梅"), "m@shop.test")
    told(one.id, field="addresses")
    told(other.id, field="addresses")
    run_reactors()
    assert Suggestion.objects.get().state == "open"
    record = merging.merge(one.id, [other.id], by=bob)
    run_reactors()
    row = Suggestion.objects.get()
    assert (row.state, row.decided_by_id) == ("merged", bob.id)
    assert set(MatchKey.objects.values_list("contact", flat=True)) == {one.id}
    merging.undo(record.id, by=bob)
    run_reactors()
    assert Suggestion.objects.get().state == "open"


def test_who_was_taken_apart_is_not_suggested_to_each_other(bob: Actor) -> None:
    contact = a_person("林美玲", language="ja")
    an_identity(contact)
    goes = an_identity(contact, "messenger", display_name="林美玲")
    new = merging.split(goes.id, by=bob)
    run_reactors()
    assert look(contact, new) == [] and Suggestion.objects.get().state == "dismissed"


def test_keys_give_nothing_away() -> None:
    one = with_address(a_person("Mei"), "mei@shop.test")
    look(one)
    row = MatchKey.objects.get()
    assert row.digest == keys.key("email", "mei@shop.test", "", is_verified=False).digest
    assert "mei" not in repr(MatchKey.objects.values_list().get()).lower()


def test_the_upkeep_of_a_hundred_costs_as_many_statements_as_that_of_two(
    django_assert_max_num_queries: Any,
) -> None:
    people = [with_address(a_person(f"P {n}"), f"{n // 2}@shop.test") for n in range(100)]
    with django_assert_max_num_queries(16):
        upkeep.keep_up([each.id for each in people])
    assert Suggestion.objects.count() == 50


def test_a_no_that_is_said_while_the_upkeep_looks_stands(bob: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = (with_address(a_person(name), "mei@shop.test") for name in ("Mei", "梅"))
    assert len(look(one, other)) == 1
    deciding.dismiss(Suggestion.objects.get().id, by=bob)
    monkeypatch.setattr(upkeep, "_decided", lambda pairs: {})  # as it was read a moment before
    assert look(one, other) == []
    for contact in (one, other):
        contact.addresses.update(is_verified=True)
    assert len(look(one, other)) == 1
