"""Statements whose answers nobody needs yet: they go to the server in one piece with the next prepared statement, or
with the commit. Before an ordinary statement and a savepoint they go by themselves."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import psycopg
from django.db.backends.utils import debug_transaction
from django_tenants.postgresql_backend.base import DatabaseWrapper as TenantsWrapper
from psycopg.pq import PipelineStatus

Waiting = list[tuple[Any, str, Any]]
"""Cursor, text and parameters of what waits, in its order."""


class PreparedCursor(psycopg.Cursor[Any]):
    """Sends what waits for its statement in one piece with it."""

    waiting: Waiting

    def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        if not self.waiting:
            return self._execute(query, params, **options)
        before = self.waiting.copy()
        self.waiting.clear()
        # A pipeline inside of another would wait for its answers when it ends.
        is_open = self.connection.pgconn.pipeline_status != PipelineStatus.OFF
        with nullcontext() if is_open else self.connection.pipeline():
            for cursor, text, values in before:
                cursor.execute(text, values)
            return self._execute(query, params, **options)

    def _execute(self, query: Any, params: Any, **options: Any) -> Any:
        try:
            return super().execute(query, params, **options)
        except UnicodeEncodeError as error:  # Django takes a transaction back for errors of the database only
            raise psycopg.DataError(f"text that is not Unicode: {error.reason}") from error

    def executemany(self, query: Any, params_seq: Any, **options: Any) -> None:
        raise NotImplementedError("Give arrays to one statement: these rows would overtake what waits.")

    def copy(self, *given: Any, **options: Any) -> Any:
        raise NotImplementedError("Use an ordinary cursor: this would overtake what waits.")

    stream = copy


class WaitingStatements(TenantsWrapper):
    """The part of our wrapper that knows what waits, and where it has to go before something else happens.

    A new cursor (`_cursor`), a savepoint and its release come after what waits; a rollback forgets it; nothing waits
    outside of a transaction. Only an ordinary cursor that is open already overtakes it.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._waiting: Waiting = []

    def prepared_cursor(self) -> Any:
        """A cursor whose statements the server prepares once they come again: for the few on the hot road.

        Plans are checked against the search path by the server, so one connection may serve many schemas.
        """
        self.ensure_connection()
        with self.wrap_database_errors:
            cursor = PreparedCursor(self.connection)
            cursor.waiting = self._waiting
            self._make_ready(cursor)
        return self._prepare_cursor(cursor)

    def _make_ready(self, cursor: PreparedCursor) -> None:
        """Do what has to come before a cursor's first statement."""

    def let_wait(self, sql: str, params: Any) -> Any:
        """Have a statement of the open transaction executed with the next one. Returns a cursor that has the answer
        then. What it raises comes with that, too.
        """
        cursor = self.prepared_cursor()
        if self.in_atomic_block:
            self.validate_no_broken_transaction()
            self._waiting.append((cursor, sql, params))
        else:
            cursor.execute(sql, params)
        return cursor

    def send_what_waits(self) -> None:
        """Have the statements executed that wait for the next one."""
        if self._waiting:
            cursor, sql, params = self._waiting.pop()
            cursor.execute(sql, params)  # the others go with it

    def savepoint(self) -> Any:
        """What waits belongs before the savepoint: where it fails, all around the savepoint does."""
        try:
            self.send_what_waits()
        except Exception as error:
            self.needs_rollback, self.rollback_exc = self.in_atomic_block, error
            raise
        return super().savepoint()

    def savepoint_rollback(self, sid: str) -> None:
        self._waiting.clear()  # all of it came after the savepoint
        super().savepoint_rollback(sid)

    def rollback(self) -> None:
        self._waiting.clear()
        super().rollback()

    def _close(self) -> None:
        self._waiting.clear()
        super()._close()

    def _commit(self) -> None:
        if not self._waiting:
            super()._commit()
            return
        with debug_transaction(self, "COMMIT"), self.wrap_database_errors, self.connection.pipeline():
            self.send_what_waits()
            # The driver's own commit would wait twice.
            self.connection.execute("COMMIT", prepare=False)
