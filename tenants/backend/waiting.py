"""Statements whose answers nobody needs yet: each goes to the server in one piece with the next one, or the commit."""

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
        raise NotImplementedError(
            "Give arrays to one statement: rows of their own would overtake what waits."
        )


class WaitingStatements(TenantsWrapper):
    """The part of our wrapper that knows what waits, and where it has to go before something else happens.

    A rollback forgets what waits; a savepoint begins after it; nothing waits outside of a transaction.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._waiting: Waiting = []

    def execute_with_next(self, sql: str, params: Any) -> Any:
        """A statement of a transaction whose answer nobody needs yet. Returns a cursor that has the answer after the
        next statement or the commit. What it raises comes with that, too.
        """
        cursor = self.prepared_cursor()
        if self.in_atomic_block:
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
        except Exception:
            self.needs_rollback = self.in_atomic_block
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
