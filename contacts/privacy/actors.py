"""The names of those who acted: members of the staff, and programs with a token."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from tenants.workspace.models import Agent, ApiToken


def names_of(ids: Iterable[UUID]) -> dict[UUID, str]:
    """The names of agents and API tokens by their ids. Two queries."""
    wanted = set(ids)
    return {
        **dict(ApiToken.objects.filter(id__in=wanted).values_list("id", "name")),
        **dict(Agent.objects.filter(id__in=wanted).values_list("id", "name")),
    }
