"""The way of one group of schemas from the state they are in to the newest: pending migrations and their SQL."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import OperationalError, connection, transaction
from django.db.backends.postgresql.schema import DatabaseSchemaEditor
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.operations import SeparateDatabaseAndState
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from psycopg import errors

from tenants.backend.current import InSchema
from tenants.backend.router import tenant_app_labels
from tenants.scope import tenant_scope

LOCK_TIMEOUT = "3s"
LOCK_TRIES = 5
LOCK_PAUSE_SECONDS = 0.5

Node = tuple[str, str]


def targets(executor: MigrationExecutor) -> list[Node]:
    """The newest migration of each tenant app."""
    labels = tenant_app_labels()
    return sorted(node for node in executor.loader.graph.leaf_nodes() if node[0] in labels)


@dataclass(slots=True)
class PlannedMigration:
    """A pending migration, the models before it, and its statements once they are known."""

    migration: Migration
    before: ProjectState
    statements: list[str] | None = None

    @property
    def is_plain_sql(self) -> bool:
        """Whether its statements are the same for every schema and may share a transaction."""
        return self.migration.atomic and _is_plain(self.migration.operations)


@dataclass(slots=True)
class Plan:
    """Pending migrations in order; empty `steps` mean that the schema is at the target."""

    executor: MigrationExecutor
    goal: list[Node]
    steps: list[PlannedMigration]

    @classmethod
    def make(cls, tenant: InSchema) -> Plan:
        """The plan for a schema and all others in the same state."""
        with tenant_scope(tenant):
            executor = MigrationExecutor(connection)
        goal = targets(executor)
        pending = {migration for migration, _backwards in executor.migration_plan(goal)}
        state = ProjectState(real_apps=executor.loader.unmigrated_apps)
        steps = []
        for migration, _backwards in executor.migration_plan(goal, clean_start=True):
            if migration in pending:
                steps.append(PlannedMigration(migration, state.clone()))
            state = migration.mutate_state(state, preserve=False)
        return cls(executor, goal, steps)

    def apply(self, tenant: InSchema) -> None:
        """Bring one schema to the goal. Each migration is a transaction of its own; one that has to wait for a
        lock for more than three seconds steps back, lets the others through, and tries again."""
        with tenant_scope(tenant):
            for step in self.steps:
                for attempt in range(1, LOCK_TRIES + 1):
                    try:
                        self._take(step)
                        break
                    except OperationalError as error:
                        if attempt == LOCK_TRIES or not _is_about_locks(error):
                            raise
                        time.sleep(LOCK_PAUSE_SECONDS * attempt)

    def _take(self, step: PlannedMigration) -> None:
        migration = step.migration
        if not migration.atomic:
            with _patience("SESSION"), _WritingEditor(connection, atomic=False) as editor:
                migration.apply(step.before.clone(), editor)
            self.executor.record_migration(migration)  # type: ignore[call-arg, arg-type]
            return
        with transaction.atomic(), _patience("LOCAL"):
            if step.statements is None:
                with _WritingEditor(connection, atomic=True) as editor:
                    migration.apply(step.before.clone(), editor)
                written = editor.written
            else:
                written = step.statements
                with connection.cursor() as cursor:
                    for statement in written:
                        cursor.execute(statement)
            self.executor.record_migration(migration)  # type: ignore[call-arg, arg-type]
        if step.is_plain_sql:
            step.statements = written


class _WritingEditor(DatabaseSchemaEditor):
    """Runs what a migration wants, and writes it down with its values filled in."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.written: list[str] = []

    def execute(self, sql: Any, params: Any = ()) -> None:
        text = str(sql) if params is None else connection.ops.compose_sql(str(sql), params)  # type: ignore[attr-defined]
        self.written.append(text)
        super().execute(text, None)


@contextmanager
def _patience(reach: str) -> Iterator[None]:
    """Wait briefly for locks, so that the desk never queues behind us; take as long as it takes to rewrite."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET {reach} lock_timeout = '{LOCK_TIMEOUT}'")
        cursor.execute(f"SET {reach} statement_timeout = 0")
    try:
        yield
    finally:
        if reach == "SESSION":
            with connection.cursor() as cursor:
                cursor.execute("RESET lock_timeout")
                cursor.execute("RESET statement_timeout")


def _is_plain(operations: Sequence[Operation]) -> bool:
    return all(
        _is_plain(operation.database_operations)
        if isinstance(operation, SeparateDatabaseAndState)
        else operation.reduces_to_sql
        for operation in operations
    )


def _is_about_locks(error: OperationalError) -> bool:
    return isinstance(error.__cause__, errors.LockNotAvailable | errors.DeadlockDetected)
