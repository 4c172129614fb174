"""The wrapper that Django opens. It never remembers a tenant: it asks the contextvar at every cursor."""

from __future__ import annotations

from typing import Any

from django.db.backends.postgresql import base as postgresql
from django.db.backends.postgresql.operations import DatabaseOperations
from django_tenants.postgresql_backend.base import FakeTenant
from psycopg.pq import TransactionStatus

from tenants.backend.current import current_tenant
from tenants.backend.introspection import OneSchemaIntrospection
from tenants.backend.waiting import WaitingStatements

PUBLIC = "public"
MOST_PREPARED = 300
"""Statements that a connection keeps prepared: more than the hot roads have, so that none pushes another out."""


class Operations(DatabaseOperations):
    """Names prepared statements, too, when statements are counted: they leave no text with their cursor."""

    def last_executed_query(self, cursor: Any, sql: Any, params: Any) -> Any:
        return super().last_executed_query(cursor, sql, params) or sql


class DatabaseWrapper(WaitingStatements):
    """Puts the search path of the current scope in force before each statement.

    PostgreSQL 18 reports its search path to the client, so the comparison costs no round trip and cannot lie:
    a raw SET or a rollback by anybody is seen. Older servers get a mark on the physical connection instead,
    cleared by every rollback.
    """

    ops_class = Operations

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.introspection = OneSchemaIntrospection(self)

    # The stock wrapper assigns both while it is being constructed, lazily, inside somebody's scope:
    # such a call must not reset the scope, so assignments go nowhere.
    @property
    def schema_name(self) -> str:
        tenant = current_tenant.get()
        return PUBLIC if tenant is None else tenant.schema_name

    @schema_name.setter
    def schema_name(self, value: str | None) -> None:
        pass

    @property
    def tenant(self) -> Any:
        return current_tenant.get() or FakeTenant(schema_name=PUBLIC)

    @tenant.setter
    def tenant(self, value: Any) -> None:
        pass

    def set_tenant(self, tenant: Any, include_public: bool = True) -> None:
        """Only the construction of the wrapper may come here, and it changes nothing."""
        if tenant.schema_name != PUBLIC:
            raise RuntimeError(
                "Open tenants.scope.tenant_scope(tenant) instead of setting a tenant on a connection."
            )

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        physical = super().get_new_connection(conn_params)
        physical.prepared_max = MOST_PREPARED
        return physical

    def _cursor(self, name: str | None = None) -> Any:
        self.send_what_waits()
        if name is None:
            cursor = postgresql.DatabaseWrapper._cursor(self)  # type: ignore[attr-defined]
            self._make_ready(cursor)
            return cursor
        self.ensure_connection()
        with self.connection.cursor() as plain:
            self._make_ready(plain)
        return postgresql.DatabaseWrapper._cursor(self, name=name)  # type: ignore[attr-defined]

    def _make_ready(self, cursor: Any) -> None:
        """Put the scope's search path in force."""
        physical = self.connection
        schema = self.schema_name
        wanted = PUBLIC if schema == PUBLIC else f"{schema}, {PUBLIC}"
        reported = physical.info.parameter_status("search_path")
        in_force = reported if reported is not None else getattr(physical, "kontor_path", None)
        if in_force == wanted or physical.info.transaction_status == TransactionStatus.INERROR:
            return
        cursor.execute(f"SET search_path = {wanted}")
        physical.kontor_path = wanted

    def _forget_path(self) -> None:
        if self.connection is not None:
            self.connection.kontor_path = None

    def _close(self) -> None:
        self._forget_path()  # a pool rolls an open transaction back, and the path with it
        super()._close()

    def rollback(self) -> None:
        super().rollback()
        self._forget_path()

    def savepoint_rollback(self, sid: str) -> None:
        try:
            super().savepoint_rollback(sid)
        finally:
            self._forget_path()
