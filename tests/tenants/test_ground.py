"""The ground that other tests stand on is itself tested: nothing leaks from one test into the next."""

from __future__ import annotations

import pytest

from tenants.models import Membership, Tenant, User
from tenants.scope import tenant_scope
from tenants.workspace.models import Agent, Team


@pytest.mark.parametrize("turn", [1, 2])
@pytest.mark.django_db
def test_a_test_starts_without_the_rows_of_the_one_before(turn, in_acme):
    assert not Team.objects.exists()
    Team.objects.create(name="Night")


@pytest.mark.parametrize("turn", [1, 2])
@pytest.mark.django_db(transaction=True)
def test_committed_rows_of_a_test_are_gone_in_the_next(turn, in_acme, alice):
    assert not Team.objects.exists()
    assert Agent.objects.count() == 4
    Team.objects.create(name="Night").agents.add(Agent.objects.get(user_id=alice.id))
    alice.delete()
    assert User.objects.count() == 4


@pytest.mark.django_db(transaction=True)
def test_people_are_who_they_should_be(acme, globex, alice, charlie, charlie_agent, member_of):
    assert set(Tenant.objects.values_list("slug", flat=True)) == {"acme", "globex"}
    assert member_of(alice, acme).role == Membership.Role.ADMIN
    assert member_of(charlie, globex).agent == charlie_agent
    with tenant_scope(acme):
        assert not Agent.objects.filter(user_id=charlie.id).exists()


async def test_the_scope_of_a_fixture_reaches_an_async_test(transactional_db, in_acme):
    assert await Agent.objects.acount() == 4
