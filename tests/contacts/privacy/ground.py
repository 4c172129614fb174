"""A customer with everything that a brand can know of somebody, for tests of privacy."""

from __future__ import annotations

from uuid import UUID

from contacts.models import Contact, Erasure
from contacts.privacy import erasing
from conversations.models import Inbox
from tenants.scope import scoped_tenant
from tenants.workspace.events import Actor
from tenants.workspace.models import Agent
from tests.conversations.posting import arrive, message


def customer(inbox: Inbox, text: str = "My secret is harbour-17", external_id: str = "m1") -> Contact:
    """A customer who wrote once."""
    arrive(inbox, message(external_id, text))
    return Contact.objects.filter(erased_at__isnull=True).latest("created_at")


def erase(contact: Contact, agent: Agent, *, mode: str = "erase", identity_id: UUID | None = None) -> Erasure:
    """Plan, confirm by the typed name, and do it, as a worker does."""
    identity = contact.identities.get(id=identity_id) if identity_id else None
    by = Actor.agent(agent)
    erasure = erasing.plan(contact, mode=mode, by=by, identity=identity)
    erasing.confirm(erasure, by=by, typed=erasing.name_to_type(contact))
    work(erasure)
    erasure.refresh_from_db()
    return erasure


def work(erasure: Erasure) -> None:
    """Run the erasing's job."""
    erasing.work_on(tenant_id=str(scoped_tenant().id), erasure_id=str(erasure.id))
