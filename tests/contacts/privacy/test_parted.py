"""Erasing people who were merged, parted or restored: whoever the data went through, nothing of it is left."""

from __future__ import annotations

import pytest
from django.utils import timezone

from contacts import merging
from contacts.models import Contact, ContactAddress, ContactIdentity, Erasure, ErasureEntry, MergeRecord
from contacts.privacy import erasing, hold, restoring
from contacts.privacy.erasing import ErasureRefused
from tenants.workspace.events import SYSTEM, Actor
from tenants.workspace.models import Agent
from tests.contacts.people import a_person, an_identity
from tests.contacts.privacy.ground import erase

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_acme")]


@pytest.mark.parametrize("who", ["kept", "double"])
def test_a_merge_that_was_undone_forgets_either_person(alice_agent: Agent, who: str) -> None:
    people = {"kept": a_person("Ada Byron", at=timezone.now()), "double": a_person("Grace Hopper")}
    an_identity(people["kept"])
    an_identity(people["double"], "messenger")
    record = merging.merge(people["kept"].id, [people["double"].id], by=SYSTEM)
    merging.undo(record.id, by=SYSTEM)
    other = merging.merge(a_person("Alan").id, [a_person("Edsger").id], by=SYSTEM)
    people[who].refresh_from_db()
    erase(people[who], alice_agent)
    assert list(MergeRecord.objects.exclude(fields={}, rows=[], last_used={})) == [other]


def test_after_a_restore_from_before_a_merge_both_are_erased_again(alice_agent: Agent) -> None:
    kept, double = a_person("Ada"), a_person("Grace")
    identities = [an_identity(each, address=f"U-{each.id}") for each in (kept, double)]
    merging.merge(kept.id, [double.id], by=SYSTEM)
    kept.refresh_from_db()
    erasure = erase(kept, alice_agent)
    _restore(erasure, [kept, double])
    for row in identities:
        row.save()
    assert (restoring.reapply(), restoring.reapply()) == (1, 0)
    assert not Contact.objects.filter(erased_at=None).exists()
    assert not ContactIdentity.objects.exclude(address__startswith="erased:").exists()


def test_after_a_restore_from_before_the_survivor_was_known_the_other_is_erased(alice_agent: Agent) -> None:
    kept, double = a_person("Ada"), a_person("Grace")
    merging.merge(kept.id, [double.id], by=SYSTEM)
    kept.refresh_from_db()
    erasure = erase(kept, alice_agent)
    _restore(erasure, [double])
    Contact.objects.filter(id=kept.id).delete()
    assert restoring.reapply() == 1
    double.refresh_from_db()
    assert (double.name, double.erased_at) == (f"erased #{erasure.number}", erasure.erased_at)


def test_after_a_restore_an_address_is_erased_wherever_it_was(alice_agent: Agent) -> None:
    kept, double = a_person("Ada"), a_person("Grace")
    an_identity(kept)
    identity = an_identity(double, address="U-Grace")
    merging.merge(kept.id, [double.id], by=SYSTEM)
    kept.refresh_from_db()
    erasure = erase(kept, alice_agent, identity_id=identity.id)
    _restore(erasure, [double])
    ContactIdentity.objects.filter(id=identity.id).update(contact=double, address="U-Grace")
    assert restoring.reapply() == 1
    assert not ContactIdentity.objects.filter(address="U-Grace").exists()


def test_an_address_is_erased_with_what_the_sign_posts_say_of_it(alice_agent: Agent) -> None:
    older, kept = a_person("Ada"), a_person("Ada")
    identity = an_identity(older, "email", address="ada@home.test")
    an_identity(kept)
    for contact in (older, kept):
        for value in ("ada@home.test", "ada@work.test"):
            ContactAddress.objects.create(contact=contact, kind="email", value=value, source="channel")
    merging.merge(kept.id, [older.id], by=SYSTEM)
    erase(kept, alice_agent, identity_id=identity.id)
    assert set(ContactAddress.objects.values_list("value", flat=True)) == {"ada@work.test"}


def test_an_address_that_went_to_somebody_else_is_not_erased_by_an_old_plan(alice_agent: Agent) -> None:
    by = Actor.agent(alice_agent)
    contact = a_person("Ada")
    identities = [an_identity(contact, channel) for channel in ("line", "messenger", "telegram")]
    plans = [erasing.plan(contact, mode="erase", by=by, identity=each) for each in identities[:2]]
    held = merging.split(identities[0].id, by=by)
    hold.place(held, reason="case 12", owner=None, review_on=timezone.now().date(), by=by)
    with pytest.raises(ErasureRefused, match="unknown_identity"):
        erasing.confirm(plans[0], by=by, typed="Ada")
    erasing.confirm(plans[1], by=by, typed="Ada")


def _restore(erasure: Erasure, contacts: list[Contact]) -> None:
    """What a backup from before the merge brings back."""
    MergeRecord.objects.all().delete()
    for contact in contacts:
        Contact.objects.filter(id=contact.id).update(name=contact.name, erased_at=None, merged_into=None)
    ErasureEntry.objects.all().delete()
    Erasure.objects.all().delete()
