"""A merge is taken back exactly, and what happened meanwhile stays where it belongs."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contacts import merging
from contacts.identify import Address, Sought, resolve_many
from contacts.merging import MergeRefused, refusals
from contacts.models import Contact, ContactAddress, ContactIdentity, ContactLabel, ContactNote
from conversations.models import Conversation
from tenants.workspace.events import SYSTEM, Actor, unit_of_work
from tenants.workspace.models import Agent, Event
from tests.contacts.people import (
    a_label,
    a_note,
    a_person,
    a_thread,
    an_answer,
    an_identity,
    an_order,
    labelled,
    labels_of,
    run_jobs,
    told,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_acme")]


@pytest.fixture
def bob(bob_agent: Agent) -> Actor:
    return Actor.agent(bob_agent)


def test_an_undone_merge_leaves_three_people_as_they_were(bob: Actor) -> None:
    people = [a_person(f"Mei {number}") for number in range(3)]
    threads = [a_thread(an_identity(each), "Hello?") for each in people]
    labelled(people[0], "vip")
    labelled(people[1], "vip", "tea")
    before = everything()
    record = merging.merge(people[0].id, [each.id for each in people[1:]], by=bob)
    run_jobs()
    merging.undo(record.id, by=bob)
    run_jobs()
    assert everything() == before
    for thread, person in zip(threads, people, strict=True):
        thread.refresh_from_db()
        assert thread.contact_id == person.id
    assert Event.objects.filter(name="contact.unmerged").count() == 1


def test_what_was_written_under_an_identity_since_goes_with_it(bob: Actor) -> None:
    kept, double = a_person("Mei"), a_person("梅")
    identity = an_identity(double, scope="s")
    thread = a_thread(identity, "Hello?")
    record = merging.merge(kept.id, [double.id], by=bob)
    run_jobs()
    seen_at = timezone.now() + timedelta(hours=1)
    with unit_of_work():
        resolve_many([Sought(Address("line", "s", identity.address), seen_at=seen_at)])
    told(kept.id, thread, "since")
    merging.undo(record.id, by=bob)
    run_jobs()
    since = Event.objects.get(payload__fields=["since"])
    double.refresh_from_db()
    assert (since.contact_id, double.last_seen_at) == (double.id, seen_at)
    assert Contact.objects.get(id=kept.id).last_seen_at == kept.last_seen_at


def test_what_somebody_changed_by_hand_since_stays(bob: Actor) -> None:
    kept, double = a_person(""), a_person("梅", place="Taipei")
    record = merging.merge(kept.id, [double.id], by=bob)
    Contact.objects.filter(id=kept.id).update(
        name="陳美玲", marks={"name": {"source": "agent", "at": timezone.now().isoformat()}}
    )
    note = a_note(kept, "Likes tea.")
    merging.undo(record.id, by=bob)
    kept.refresh_from_db()
    note.refresh_from_db()
    assert (kept.name, kept.place, note.contact_id) == ("陳美玲", "", kept.id)


def test_an_identity_that_was_split_off_meanwhile_stays_where_it_was_put(bob: Actor) -> None:
    kept, double = a_person("Mei"), a_person("梅")
    an_identity(kept)
    identity = an_identity(double, "messenger")
    record = merging.merge(kept.id, [double.id], by=bob)
    new = merging.split(identity.id, by=bob)
    merging.undo(record.id, by=bob)
    identity.refresh_from_db()
    assert identity.contact_id == new.id


def test_the_better_knowledge_of_an_address_is_unlearned(bob: Actor) -> None:
    kept, double = a_person("Mei"), a_person("梅")
    for contact, proven in ((kept, False), (double, True)):
        ContactAddress.objects.create(
            contact=contact, kind="email", value="mei@shop.test", is_verified=proven, source="form"
        )
    record = merging.merge(kept.id, [double.id], by=bob)
    assert kept.addresses.get().is_verified
    merging.undo(record.id, by=bob)
    assert not kept.addresses.get().is_verified and double.addresses.get().is_verified


def test_a_merge_is_undone_once(bob: Actor) -> None:
    kept, double = a_person("Mei"), a_person("梅")
    record = merging.merge(kept.id, [double.id], by=bob)
    merging.undo(record.id, by=bob)
    with pytest.raises(MergeRefused, match="already_undone"):
        merging.undo(record.id, by=bob)


def test_a_merge_can_be_undone_for_thirty_days(bob: Actor) -> None:
    old = merging.merge(a_person("1").id, [a_person("2").id], by=bob)
    young = merging.merge(a_person("3").id, [a_person("4").id], by=bob)
    late = time_machine.travel(old.merged_at + timedelta(days=30, seconds=5))
    with late, pytest.raises(MergeRefused, match="too_late"):
        merging.undo(old.id, by=bob)
    with time_machine.travel(young.merged_at + timedelta(days=29, hours=23)):
        merging.undo(young.id, by=bob)


@pytest.mark.parametrize("upwards", [True, False])
def test_a_later_merge_that_builds_on_it_is_undone_first(bob: Actor, upwards: bool) -> None:
    first, second, third = a_person("1"), a_person("2"), a_person("3")
    earlier = merging.merge(second.id, [first.id], by=bob)
    pair = (third.id, second.id) if upwards else (second.id, third.id)
    later = merging.merge(pair[0], [pair[1]], by=bob)
    apart = merging.merge(a_person("4").id, [a_person("5").id], by=bob)
    with pytest.raises(MergeRefused, match="undo_later_first") as refused:
        merging.undo(earlier.id, by=bob)
    assert refused.value.more == {"merge": str(later.id)}
    merging.undo(later.id, by=bob)
    merging.undo(earlier.id, by=bob)
    assert Contact.objects.filter(merged_into__isnull=False).count() == 1
    merging.undo(apart.id, by=bob)


def test_a_registered_reason_forbids_the_undo_too(bob: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, double = a_person("Mei"), a_person("梅")
    record = merging.merge(kept.id, [double.id], by=bob)
    monkeypatch.setattr(refusals, "_checks", [lambda ids: "legal_hold" if double.id in ids else None])
    with pytest.raises(MergeRefused, match="legal_hold"):
        merging.undo(record.id, by=bob)
    monkeypatch.setattr(refusals, "_checks", [])
    merging.undo(record.id, by=bob)


# --- merge, activity, undo = activity ----------------------------------------------------------------------

NAMES = st.sampled_from(["", "Mei", "陳美玲", "mei_0403"])
PEOPLE = st.lists(
    st.fixed_dictionaries(
        {
            "name": NAMES,
            "by_hand": st.booleans(),
            "company": st.sampled_from(["", "Harbour"]),
            "custom": st.dictionaries(st.sampled_from(["size", "colour"]), st.sampled_from(["S", "L"])),
            "labels": st.sets(st.sampled_from(["vip", "tea", "late"])),
            "addresses": st.dictionaries(st.sampled_from(["a@b.test", "c@d.test"]), st.booleans()),
            "identities": st.integers(0, 2),
            "orders": st.integers(0, 1),
            "answers": st.integers(0, 1),
            "age": st.integers(0, 50),
        }
    ),
    min_size=2,
    max_size=4,
)
ACTIVITY = st.lists(
    st.one_of(
        st.tuples(st.just("writes"), st.integers(0, 7)),
        st.tuples(st.just("answers"), st.integers(0, 7)),
        st.tuples(st.just("note"), st.text("ab", min_size=1, max_size=3)),
        st.tuples(st.just("name"), st.sampled_from(["Ken", "Mei"])),
        st.tuples(st.just("label"), st.sampled_from(["new", "rare"])),
    ),
    max_size=5,
)


@given(people=PEOPLE, activity=ACTIVITY, twice=st.booleans())
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
def test_merge_then_activity_then_undo_is_the_activity_alone(
    people: list[dict[str, Any]], activity: list[tuple[str, Any]], twice: bool
) -> None:
    with transaction.atomic():
        contacts = [_founded(number, each) for number, each in enumerate(people)]
        identities = list(ContactIdentity.objects.order_by("address"))
        spot = transaction.savepoint()
        _live(contacts[0], identities, activity)
        alone = everything()
        transaction.savepoint_rollback(spot)
        others = [each.id for each in contacts[1:]]
        rounds = [others[:1], others[1:]] if twice and len(others) > 1 else [others]
        records = [merging.merge(contacts[0].id, each, by=SYSTEM) for each in rounds]
        run_jobs()
        _live(contacts[0], identities, activity)
        for record in reversed(records):
            merging.undo(record.id, by=SYSTEM)
            run_jobs()
        assert everything() == alone
        transaction.set_rollback(True)


def _founded(number: int, told_of: dict[str, Any]) -> Contact:
    at = timezone.now() - timedelta(days=told_of["age"], minutes=number)
    contact = a_person(
        told_of["name"],
        by_hand=["name"] if told_of["by_hand"] else [],
        at=at,
        company=told_of["company"],
        custom=told_of["custom"],
    )
    labelled(contact, *told_of["labels"])
    for value, proven in told_of["addresses"].items():
        ContactAddress.objects.create(
            contact=contact, kind="email", value=value, is_verified=proven, source="form"
        )
    for place in range(told_of["identities"]):
        a_thread(an_identity(contact, scope="s", address=f"U{number}{place}"), "Hello?")
    for place in range(told_of["orders"]):
        an_order(contact, f"{number}-{place}")
    for place in range(told_of["answers"]):
        an_answer(contact, f"{number}-{place}")
    return contact


def _live(contact: Contact, identities: list[ContactIdentity], activity: list[tuple[str, Any]]) -> None:
    """What happens, whether the contact is merged or not: some write, some is done to the survivor."""
    for step, (kind, what) in enumerate(activity, start=1):
        match kind:
            case "writes" if identities:
                one = identities[what % len(identities)]
                with unit_of_work():
                    resolve_many([Sought(Address(one.channel, one.scope, one.address), seen_at=_day(step))])
                now = ContactIdentity.objects.get(id=one.id)
                told(now.contact_id, now.conversations.get(), f"step {step}")
            case "answers" if identities:
                talk = Conversation.objects.get(identity=identities[what % len(identities)])
                an_answer(talk.contact, f"step {step}", about=talk, answered_at=_day(step))
            case "note":
                ContactNote.objects.create(contact=contact, text=what, created_at=_day(step))
            case "name":
                mark = {"source": "agent", "at": f"step {step}"}
                row = Contact.objects.get(id=contact.id)
                Contact.objects.filter(id=row.id).update(name=what, marks={**row.marks, "name": mark})
            case "label":
                ContactLabel.objects.get_or_create(contact=contact, label=a_label(what))


def _day(step: int) -> Any:
    return timezone.now().replace(year=2030, month=1, day=step, hour=0, minute=0, second=0, microsecond=0)


_OWN = {"mergerecord", "mergedcontact", "movedevents"}
_MADE_ANEW = {"contactnote", "contactlabel", "surveyresponse"}  # the two worlds give their rows other ids
_TIMES = {"id", "created_at", "updated_at"}


def everything() -> dict[str, Any]:
    """All that a brand holds of its customers, and the log but for the merges themselves."""
    found: dict[str, Any] = {}
    for model in [
        *apps.get_app_config("contacts").get_models(),
        *apps.get_app_config("conversations").get_models(),
        *apps.get_app_config("surveys").get_models(),
    ]:
        name = model._meta.model_name or ""
        if name in _OWN:
            continue
        left_out = _TIMES if name in _MADE_ANEW else set()
        names = [each.attname for each in model._meta.concrete_fields if each.attname not in left_out]
        found[name] = Counter(repr(row) for row in model._default_manager.values_list(*names))
    if found["contactlabel"]:
        pairs = ContactLabel.objects.values_list("contact_id", "label__name")
        found["contactlabel"] = Counter(map(repr, pairs))
        found["label"] = Counter()
    log = Event.objects.exclude(name__startswith="contact.merged").exclude(name="contact.unmerged")
    found["log"] = Counter(
        repr(row) for row in log.values_list("name", "payload", "contact_id", "conversation_id")
    )
    return found


def test_the_labels_of_the_survivor_alone_are_seen(bob: Actor) -> None:
    kept, double = a_person("Mei"), a_person("梅")
    labelled(kept, "vip")
    labelled(double, "vip")
    record = merging.merge(kept.id, [double.id], by=bob)
    kept.labelled.all().delete()
    merging.undo(record.id, by=bob)
    assert (labels_of(kept), labels_of(double)) == ([], ["vip"])


def test_what_was_said_goes_home_though_both_undos_outran_the_jobs(bob: Actor) -> None:
    first, second, third = a_person("1"), a_person("2"), a_person("3")
    thread = a_thread(an_identity(first), "Hello?")
    earlier = merging.merge(second.id, [first.id], by=bob)
    later = merging.merge(third.id, [second.id], by=bob)
    told(third.id, thread, "since")
    merging.undo(later.id, by=bob)
    merging.undo(earlier.id, by=bob)
    run_jobs()
    of_thread = Event.objects.filter(conversation_id=thread.id)
    assert set(of_thread.values_list("contact_id", flat=True)) == {first.id}


def test_what_was_said_goes_along_with_a_thread_that_was_split_off_before_the_jobs_came(bob: Actor) -> None:
    kept, double = a_person("Mei"), a_person("梅")
    an_identity(kept)
    thread = a_thread(an_identity(double, "messenger"), "Hello?")
    record = merging.merge(kept.id, [double.id], by=bob)
    new = merging.split(thread.identity_id, by=bob)
    merging.undo(record.id, by=bob)
    run_jobs()
    of_thread = Event.objects.filter(conversation_id=thread.id)
    assert set(of_thread.values_list("contact_id", flat=True)) == {new.id}


def test_what_was_said_goes_home_though_the_survivor_was_merged_on_before_the_jobs_came(bob: Actor) -> None:
    first, second, third = a_person("1"), a_person("2"), a_person("3")
    thread = a_thread(an_identity(first), "Hello?")
    record = merging.merge(second.id, [first.id], by=bob)
    told(second.id, thread, "since")
    merging.undo(record.id, by=bob)
    merging.merge(third.id, [second.id], by=bob)
    run_jobs()
    of_thread = Event.objects.filter(conversation_id=thread.id)
    assert set(of_thread.values_list("contact_id", flat=True)) == {first.id}
