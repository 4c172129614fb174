"""What can happen to an inbox's templates."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from tenants.workspace.events import DomainEvent


@dataclass(frozen=True, slots=True)
class TemplatesSynced(DomainEvent):
    """Our copy of an inbox's templates became what the platform has; the numbers of rows that were touched."""

    name = "templates.synced"
    inbox_id: UUID
    added: int
    changed: int
    removed: int
