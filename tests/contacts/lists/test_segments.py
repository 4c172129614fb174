"""Segments: lists under a name."""

from __future__ import annotations

import pytest
from django.http import Http404
from django.test import Client

from contacts.lists import segments
from contacts.lists.filters import BadFilter
from contacts.lists.listing import Wish
from contacts.lists.segments import SegmentRefused
from contacts.models import Contact, Segment
from tenants.directory import TenantRef
from tenants.models import User
from tenants.workspace.access import Member
from tenants.workspace.events import SYSTEM
from tenants.workspace.models import Agent

pytestmark = pytest.mark.django_db


def test_ones_own_segment_is_ones_own(
    in_acme: TenantRef, bob: User, carol: User, bob_agent: Agent, member_of: object
) -> None:
    as_bob, as_carol = member_of(bob, in_acme), member_of(carol, in_acme)  # type: ignore[operator]
    assert isinstance(as_bob, Member)
    own = segments.save("Japanese", Wish.read({"language": "ja"}), owner=bob_agent, by=SYSTEM)
    shared = segments.save("Open", Wish.read({"open": "1"}), owner=None, by=SYSTEM)
    assert list(segments.offered(as_bob)) == [own, shared]
    assert list(segments.offered(as_carol)) == [shared]
    with pytest.raises(Http404):
        segments.access(as_carol, own.id)
    with pytest.raises(SegmentRefused, match="not_yours"):
        segments.access(as_bob, shared.id, to_change=True)
    assert segments.access(as_carol, shared.id, to_change=True) == shared


def test_a_segment_is_renamed_and_two_of_one_owner_differ(in_acme: TenantRef, bob_agent: Agent) -> None:
    first = segments.save("A", Wish(), owner=None, by=SYSTEM)
    segments.save("A", Wish(), owner=bob_agent, by=SYSTEM)
    with pytest.raises(SegmentRefused, match="name_taken"):
        segments.save("a", Wish(), owner=None, by=SYSTEM)
    changed = segments.change(first, name="B", wish=Wish.read({"q": "mei", "sort": "name"}), by=SYSTEM)
    assert (changed.name, changed.wish) == ("B", {"q": "mei", "sort": "name"})
    with pytest.raises(BadFilter):
        segments.save("C", Wish({"created_after": "soon"}), owner=None, by=SYSTEM)
    segments.remove(changed, by=SYSTEM)
    assert Segment.objects.count() == 1


def test_a_list_is_kept_opened_and_forgotten_on_the_page(as_carol: Client, in_acme: TenantRef) -> None:
    Contact.objects.create(name="Yamada", language="ja")
    Contact.objects.create(name="Bea", language="en")
    as_carol.post("/contacts/segments/", {"name": "Japan", "shared": "1", "language": "ja"})
    segment = Segment.objects.get()
    assert (segment.owner, segment.wish) == (None, {"language": "ja"})
    page = as_carol.get(f"/contacts/segments/{segment.id}/", follow=True).content.decode()
    assert "Yamada" in page and "Bea" not in page and "Japan" in page
    as_carol.post(f"/contacts/segments/{segment.id}/remove/")
    assert not Segment.objects.exists()
