"""Rows of privacy, the same for the API and the screens: plain values, no person's data."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from contacts.models import AccessAlert, AccessEntry, Erasure, LegalHold, PersonExport
from contacts.privacy import retention
from contacts.privacy.retention import Schedule
from tenants.workspace.models import Agent, ApiToken

Row = dict[str, Any]


def erasure(row: Erasure) -> Row:
    """One erasing."""
    return {
        "id": row.id,
        "number": row.number,
        "contact_id": row.erased_contact_id or row.contact_id,
        "identity_id": row.identity_id,
        "mode": row.mode,
        "state": row.state,
        "ground": row.ground,
        "planned": row.planned,
        "erased": row.erased,
        "created_at": row.created_at,
        "confirmed_at": row.confirmed_at,
        "erased_at": row.erased_at,
        "finished_at": row.finished_at,
    }


def export(row: PersonExport) -> Row:
    """One export of a person."""
    return {
        "id": row.id,
        "contact_id": row.contact_id,
        "state": row.state,
        "rows_done": row.rows_done,
        "rows_total": row.rows_total,
        "size": row.size,
        "sha256": row.sha256,
        "created_at": row.created_at,
        "finished_at": row.finished_at,
        "expires_at": row.expires_at,
    }


def hold(row: LegalHold) -> Row:
    """One legal hold."""
    return {
        "id": row.id,
        "contact_id": row.contact_id,
        "reason": row.reason,
        "owner_id": row.owner_id,
        "review_on": row.review_on,
        "placed_at": row.placed_at,
        "lifted_at": row.lifted_at,
    }


def schedule(row: Schedule) -> Row:
    """How long one kind of data is kept, and how much would go tonight. One query."""
    return {
        "kind": row.kind.name,
        "is_on": row.is_on,
        "keep": row.keep,
        "unit": row.kind.unit,
        "cutoff": row.cutoff,
        "due": retention.preview(row),
        "last_run_at": row.last_run_at,
        "last_removed": row.last_removed,
    }


def schedules(now: datetime) -> list[Row]:
    """Every kind. One query, and one for each kind."""
    return [schedule(row) for row in retention.schedules(now)]


def accesses(rows: Iterable[AccessEntry]) -> list[Row]:
    """Accesses with who it was. Two queries."""
    found = list(rows)
    names = names_of({each for row in found for each in (row.actor_id, row.token_id) if each is not None})
    return [
        {
            "id": row.id,
            "actor_kind": row.actor_kind,
            "actor_id": row.actor_id,
            "actor_name": names.get(row.actor_id, "") if row.actor_id else "",
            "token_id": row.token_id,
            "act": row.act,
            "subject_kind": row.subject_kind,
            "subject_id": row.subject_id,
            "happened_at": row.happened_at,
        }
        for row in found
    ]


def alert(row: AccessAlert) -> Row:
    """Somebody of the staff who saw unusually many contacts. No query, where the agent was read too."""
    return {
        "id": row.id,
        "agent_id": row.agent_id,
        "agent_name": row.agent.name,
        "contacts": row.contacts,
        "limit": row.limit,
        "raised_at": row.raised_at,
        "seen_at": row.seen_at,
    }


def names_of(ids: set[UUID]) -> dict[UUID, str]:
    """The names of agents and API tokens by their ids. Two queries."""
    return {
        **dict(ApiToken.objects.filter(id__in=ids).values_list("id", "name")),
        **dict(Agent.objects.filter(id__in=ids).values_list("id", "name")),
    }
