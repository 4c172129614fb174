"""The wrapper that Django opens. It never remembers a tenant: it asks the contextvar at every cursor."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import psycopg
from django.db.backends.postgresql import base as postgresql
from django.db.backends.postgresql.operations import DatabaseOperations
from django.db.backends.utils import debug_transaction
from django_tenants.postgresql_backend.base import DatabaseWrapper as TenantsWrapper
from django_tenants.postgresql_backend.base import FakeTenant
from psycopg.pq import PipelineStatus, TransactionStatus

from tenants.backend.current import current_tenant
from tenants.backend.introspection import OneSchemaIntrospection

PUBLIC = "public"
MOST_PREPARED = 300
"""Statements that a connection keeps prepared: more than the hot roads have, so that none pushes another out."""


class Operations(DatabaseOperations):
    """Names prepared statements, too, when statements are counted: they leave no text with their cursor."""

    def last_executed_query(self, cursor: Any, sql: Any, params: Any) -> Any:
        return super().last_executed_query(cursor, sql, params) or sql


Waiting = list[tuple[Any, str, Any]]
"""Statements that are to go with the next one: cursor, text and parameters."""


class PreparedCursor(psycopg.Cursor[Any]):
    """Sends what waits for its statement in one piece with it."""

    waiting: Waiting

    def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        if not self.waiting:
            return super().execute(query, params, **options)
        before = self.waiting.copy()
        self.waiting.clear()
        # A pipeline inside of another would wait for its answers when it ends.
        is_open = self.connection.pgconn.pipeline_status != PipelineStatus.OFF
        with nullcontext() if is_open else self.connection.pipeline():
            for cursor, text, values in before:
                cursor.execute(text, values)
            return super().execute(query, params, **options)

    def executemany(self, query: Any, params_seq: Any, **options: Any) -> None:
        raise NotImplementedError(
            "Give arrays to one statement: rows of their own would overtake what waits."
        )


class DatabaseWrapper(TenantsWrapper):
    """Puts the search path of the current scope in force before each statement.

    PostgreSQL 18 reports its search path to the client, so the comparison costs no round trip and cannot lie:
    a raw SET or a rollback by anybody is seen. Older servers get a mark on the physical connection instead,
    cleared by every rollback.
    """

    ops_class = Operations

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.introspection = OneSchemaIntrospection(self)
        self._waiting: Waiting = []
        self._last_words: tuple[Any, str, Any] | None = None

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
            self._put_path_in_force(cursor)
            return cursor
        self.ensure_connection()
        with self.connection.cursor() as plain:
            self._put_path_in_force(plain)
        return postgresql.DatabaseWrapper._cursor(self, name=name)  # type: ignore[attr-defined]

    def prepared_cursor(self) -> Any:
        """A cursor whose statements the server prepares once they come again: for the few on the hot road.

        Plans are checked against the search path by the server, so one connection may serve many schemas.
        """
        self.ensure_connection()
        with self.wrap_database_errors:
            cursor = PreparedCursor(self.connection)
            cursor.waiting = self._waiting
            self._put_path_in_force(cursor)
        return self._prepare_cursor(cursor)

    def execute_with_next(self, sql: str, params: Any) -> Any:
        """A statement of a transaction whose answer nobody needs yet: it is sent in one piece with the next one, or
        with the commit. Returns a cursor that has the answer after that. What it raises comes with the next one, too.
        """
        cursor = self.prepared_cursor()
        if self.in_atomic_block:
            self._waiting.append((cursor, sql, params))
        else:
            cursor.execute(sql, params)
        return cursor

    def savepoint(self) -> Any:
        """What waits belongs before the savepoint: where it fails, all around the savepoint does."""
        try:
            self.send_what_waits()
        except Exception:
            self.needs_rollback = self.in_atomic_block
            raise
        return super().savepoint()

    def send_what_waits(self) -> None:
        """Have the statements executed that wait for the next one."""
        if self._waiting:
            cursor, sql, params = self._waiting.pop()
            cursor.execute(sql, params)  # the others go with it

    def execute_with_commit(self, sql: str, params: Any) -> Any:
        """The last statement of a transaction, sent in one piece with its commit: what the statement locks is held for
        no round trip of ours. Returns a cursor that has the answer after the commit.

        Inside of another transaction, whose commit is not ours, it is executed at once. What it raises comes with the
        commit, and like then.
        """
        cursor = self.prepared_cursor()
        if len(self.atomic_blocks) > 1 or not self.in_atomic_block:
            cursor.execute(sql, params)
        else:
            self._last_words = (cursor, sql, params)
        return cursor

    @contextmanager
    def together(self) -> Iterator[None]:
        """Statements of a transaction whose answers nobody reads yet: they go to the server in one piece. What they
        raise, and how many rows they met, is known after the block."""
        if not self.in_atomic_block:
            raise RuntimeError("Only statements of one transaction go together.")
        self.ensure_connection()
        with self.wrap_database_errors, self.connection.pipeline():
            yield

    def _put_path_in_force(self, cursor: Any) -> None:
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
        self._forget_words()
        self._forget_path()  # a pool rolls an open transaction back, and the path with it
        super()._close()

    def _commit(self) -> None:
        if self._last_words is None and not self._waiting:
            super()._commit()
            return
        (cursor, sql, params), self._last_words = self._last_words or self._waiting.pop(), None
        with debug_transaction(self, "COMMIT"), self.wrap_database_errors, self.connection.pipeline():
            cursor.execute(sql, params)
            # The driver's own commit would wait twice.
            self.connection.execute("COMMIT", prepare=False)

    def rollback(self) -> None:
        self._forget_words()
        super().rollback()
        self._forget_path()

    def savepoint_rollback(self, sid: str) -> None:
        self._waiting.clear()  # all of it came after the savepoint
        try:
            super().savepoint_rollback(sid)
        finally:
            self._forget_path()

    def _forget_words(self) -> None:
        self._waiting.clear()
        self._last_words = None
