"""What can happen to a survey."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from tenants.workspace.events import DomainEvent


@dataclass(frozen=True, slots=True)
class SurveyAnswered(DomainEvent):
    """A customer answered a survey, or changed their answer. conversation_id: what it is about; agent_id: who was
    rated."""

    name = "survey.answered"
    contact_id: UUID
    conversation_id: UUID | None
    response_id: UUID
    kind: str
    score: int
    agent_id: UUID | None
