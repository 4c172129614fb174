"""Whether an agent is at work."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.utils import timezone

from tenants.workspace.events import Actor, DomainEvent, record, unit_of_work
from tenants.workspace.models import Absence, Agent


@dataclass(frozen=True, slots=True)
class AgentAvailabilityChanged(DomainEvent):
    """An agent went away or came back."""

    name = "agent.availability_changed"
    agent_id: UUID
    availability: str


def change(agent: Agent, availability: str, *, by: Actor) -> None:
    """Write an agent's availability, and open or close the absence that the fair clock leaves out.
    No change: nothing is written."""
    with unit_of_work():
        row = Agent.objects.select_for_update(no_key=True).get(id=agent.id)
        if row.availability == availability:
            return
        row.availability = availability
        row.save(update_fields=["availability"])
        if availability == Agent.Availability.AWAY:
            Absence.objects.create(agent=row, started_at=timezone.now())
        else:
            Absence.objects.filter(agent=row, ended_at=None).update(ended_at=timezone.now())
        record(AgentAvailabilityChanged(agent_id=row.id, availability=availability), by=by)
