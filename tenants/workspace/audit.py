"""Who changed what in a brand's settings and access: one row for each change, in the change's own transaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import HttpRequest

from tenants.workspace.events import Actor
from tenants.workspace.models import Agent, AuditEntry

_LONGEST_NAME = 200


def note(
    act: str,
    target_type: str,
    target_id: object,
    target_name: str,
    *,
    user_id: UUID | None,
    user_name: str,
    changes: Mapping[str, Any] | None = None,
    address: str | None = None,
) -> None:
    """Write that `act` was done to something. act: `<noun>.<past verb>`. changes: never a secret's value."""
    AuditEntry.objects.create(
        user_id=user_id,
        user_name=user_name[:120],
        act=act,
        target_type=target_type,
        target_id=str(target_id)[:64],
        target_name=target_name[:_LONGEST_NAME],
        changes=dict(changes or {}),
        address=address,
    )


def note_by(
    by: Actor,
    act: str,
    target_type: str,
    target_id: object,
    target_name: str,
    *,
    changes: Mapping[str, Any] | None = None,
) -> None:
    """The same for an actor of the event log: an agent stands there by name and account, anything else by its kind."""
    agent = Agent.objects.filter(id=by.agent_id).first() if by.agent_id else None
    note(
        act,
        target_type,
        target_id,
        target_name,
        user_id=None if agent is None else agent.user_id,
        user_name=by.kind if agent is None else agent.name,
        changes=changes,
    )


def address_of(request: HttpRequest) -> str | None:
    """The network address that a request came from."""
    return request.META.get("REMOTE_ADDR") or None
