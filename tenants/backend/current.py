"""Which tenant this task or thread works for. Only `tenants.scope` and the database backend touch it."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Protocol
from uuid import UUID


class InSchema(Protocol):
    """Anything that names a schema: a Tenant row, or the light reference kept by the directory."""

    @property
    def id(self) -> UUID: ...

    @property
    def schema_name(self) -> str: ...


current_tenant: ContextVar[InSchema | None] = ContextVar("current_tenant", default=None)
