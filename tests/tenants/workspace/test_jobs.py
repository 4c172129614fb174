"""What the nightly jobs take away, and what they leave."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from tenants.directory import TenantRef
from tenants.models import HandOffTicket, Invitation, User
from tenants.scope import tenant_scope
from tenants.workspace import jobs
from tenants.workspace.models import ApiToken, IdempotencyKey

pytestmark = pytest.mark.django_db


def test_spent_tickets_invitations_and_sessions_go_and_living_ones_stay(acme: TenantRef, bob: User) -> None:
    now = timezone.now()
    long_ago, soon = now - timedelta(days=40), now + timedelta(days=1)
    for name, expires_at in (("old", long_ago), ("new", soon)):
        HandOffTicket.objects.create(digest=name, user=bob, tenant_id=acme.id, expires_at=expires_at)
        Invitation.objects.create(
            email="dora@harbour.test", digest=name, tenant_id=acme.id, expires_at=expires_at
        )
        Session.objects.create(session_key=name, session_data="", expire_date=expires_at)

    jobs.tidy_up_house(0)

    assert list(HandOffTicket.objects.values_list("digest", flat=True)) == ["new"]
    assert list(Invitation.objects.values_list("digest", flat=True)) == ["new"]
    assert list(Session.objects.values_list("session_key", flat=True)) == ["new"]


def test_kept_answers_go_after_a_day(acme: TenantRef) -> None:
    with tenant_scope(acme):
        token = ApiToken.objects.create(name="shop", prefix="kt_shop", digest="0" * 64)
        for name, age in (("old", timedelta(hours=25)), ("new", timedelta(hours=1))):
            key = IdempotencyKey.objects.create(token=token, key=name, request_digest="")
            IdempotencyKey.objects.filter(id=key.id).update(created_at=timezone.now() - age)

    jobs.tidy_up_brands(0)

    with tenant_scope(acme):
        assert list(IdempotencyKey.objects.values_list("key", flat=True)) == ["new"]
