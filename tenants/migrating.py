"""Migrations over all schemas: public first, then every brand's, planned once and replayed.

Which migrations a schema has is read from its own `django_migrations`, so an interrupted run goes on where it
stopped. Schemas in the same state share one plan (`tenants.planning`): the first of them takes it the ordinary
way while the SQL is written down, the others replay that SQL. A brand whose schema refuses is noted and passed over.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue

from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from tenants.backend.current import InSchema
from tenants.models import Tenant, TenantMigration
from tenants.planning import Node, Plan, targets
from tenants.scope import public_scope, tenant_scope

SCHEMAS_PER_QUERY = 100
TENANTS_PER_CONNECTION = 200  # a session that has touched many schemas holds much memory
MOST_PILOTS = 3
LOCK_KEY = 0x6B6F6E746F72  # pg_advisory_lock's number space is shared with nobody else in our database

logger = logging.getLogger(__name__)

Applied = frozenset[Node]


@dataclass(frozen=True, slots=True)
class Step:
    """One brand's schema is done (`error` empty) or refused."""

    tenant: Tenant
    error: str
    position: int
    total: int


@dataclass(slots=True)
class Outcome:
    """How a run over all schemas ended. failed: error by schema name."""

    done: int = 0
    at_target: int = 0
    failed: dict[str, str] = field(default_factory=dict)


Report = Callable[[Step], None]


def migrate_all(*, report: Report = lambda step: None, workers: int = 2, verbosity: int = 0) -> Outcome:
    """Bring the public schema, then every brand's, to the newest state.

    report: called after each schema, in the calling thread; what it raises ends the run after the schemas in
    work. workers: threads with a connection each; 0 works in the calling thread. A second run waits for the first.
    """
    with public_scope(), _alone():
        call_command("migrate", interactive=False, verbosity=verbosity)
        return _migrate_tenants(report, workers)


def migrate_schema(tenant: InSchema) -> None:
    """Bring one schema to the newest state the ordinary way, migration by migration."""
    with tenant_scope(tenant):
        executor = MigrationExecutor(connection)
        executor.migrate(targets(executor))


def applied_migrations(tenants: Sequence[Tenant]) -> dict[str, Applied]:
    """The migrations that each schema has, by schema name, in a few queries whatever the number of schemas.
    A schema without a table of migrations is left out."""
    found: dict[str, Applied] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE c.relname = 'django_migrations' AND n.nspname = ANY(%s)",
            [[tenant.schema_name for tenant in tenants]],
        )
        names = [name for (name,) in cursor.fetchall()]
        for start in range(0, len(names), SCHEMAS_PER_QUERY):
            cursor.execute(
                " UNION ALL ".join(
                    f"SELECT '{name}', array_agg(ARRAY[app, name]::text[]) FROM {name}.django_migrations"  # noqa: S608
                    for name in names[start : start + SCHEMAS_PER_QUERY]
                )
            )
            for name, rows in cursor.fetchall():
                found[name] = frozenset((app, migration) for app, migration in rows or ())
    return found


def _migrate_tenants(report: Report, workers: int) -> Outcome:
    tenants = list(Tenant.objects.order_by("id"))
    applied = applied_migrations(tenants)
    groups: dict[Applied | None, list[Tenant]] = defaultdict(list)
    for tenant in tenants:
        groups[applied.get(tenant.schema_name)].append(tenant)
    lost = groups.pop(None, [])
    plans = [(Plan.make(members[0]), members) for members in groups.values()]
    pending = [(plan, members) for plan, members in plans if plan.steps]
    outcome = Outcome(at_target=sum(len(members) for plan, members in plans if not plan.steps))
    run = _Run(report, outcome, total=len(lost) + sum(len(members) for _, members in pending))
    for tenant in lost:
        run.note(tenant, "the schema, or its table of migrations, is missing")
    for plan, members in pending:
        _promise(plan, members)
        rest = _record_plan(plan, members, run)
        _replay(plan, rest, run, workers)
    return outcome


def _record_plan(plan: Plan, tenants: list[Tenant], run: _Run) -> list[Tenant]:
    """Let the first that can take the plan write it down; returns those that are left."""
    for number, tenant in enumerate(tenants[:MOST_PILOTS], start=1):
        error = _take(plan, tenant)
        run.note(tenant, error)
        if not error:
            return tenants[number:]
    if tenants[MOST_PILOTS:]:
        message = f"not tried: the migrations failed in {MOST_PILOTS} other schemas"
        _remember(plan, tenants[MOST_PILOTS:], message)
        for tenant in tenants[MOST_PILOTS:]:
            run.note(tenant, message)
    return []


def _replay(plan: Plan, tenants: list[Tenant], run: _Run, workers: int) -> None:
    if not workers:
        for tenant in tenants:
            run.note(tenant, _take(plan, tenant))
        return
    waiting: SimpleQueue[Tenant] = SimpleQueue()
    ended: SimpleQueue[tuple[Tenant, str] | None] = SimpleQueue()
    stop = threading.Event()
    for tenant in tenants:
        waiting.put(tenant)
    threads = [
        threading.Thread(target=_work, args=(plan, waiting, ended, stop), name=f"migrate-{number}")
        for number in range(min(workers, len(tenants)))
    ]
    for thread in threads:
        thread.start()
    try:
        working = len(threads)
        while working:
            result = ended.get()
            if result is None:
                working -= 1
            else:
                run.note(*result)
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def _work(
    plan: Plan,
    waiting: SimpleQueue[Tenant],
    ended: SimpleQueue[tuple[Tenant, str] | None],
    stop: threading.Event,
) -> None:
    taken = 0
    try:
        while not stop.is_set():
            try:
                tenant = waiting.get_nowait()
            except Empty:
                break
            ended.put((tenant, _take(plan, tenant)))
            taken += 1
            if taken % TENANTS_PER_CONNECTION == 0:
                connection.close()
    finally:
        connection.close()
        ended.put(None)


def _take(plan: Plan, tenant: Tenant) -> str:
    """Bring one schema along the plan and write down how it went; returns the error, or nothing."""
    try:
        plan.apply(tenant)
        error = ""
    except Exception as raised:
        logger.exception("migration of schema %s failed", tenant.schema_name)
        error = f"{type(raised).__name__}: {raised}"
    _remember(plan, [tenant], error)
    return error


def _promise(plan: Plan, tenants: list[Tenant]) -> None:
    TenantMigration.objects.bulk_create(
        [TenantMigration(tenant=tenant, target=digest(plan)) for tenant in tenants],
        update_conflicts=True,
        unique_fields=["tenant", "target"],
        update_fields=["state", "error", "finished_at"],
    )


def _remember(plan: Plan, tenants: list[Tenant], error: str) -> None:
    with public_scope():
        TenantMigration.objects.filter(tenant__in=tenants, target=digest(plan)).update(
            state=TenantMigration.State.FAILED if error else TenantMigration.State.DONE,
            error=error,
            finished_at=timezone.now(),
        )


def digest(plan: Plan) -> str:
    """A name for the state that the plan leads to."""
    return hashlib.sha256("\n".join(f"{app}.{name}" for app, name in plan.goal).encode()).hexdigest()


class _Run:
    """Counts and reports, in the calling thread."""

    def __init__(self, report: Report, outcome: Outcome, *, total: int) -> None:
        self._report = report
        self._outcome = outcome
        self._total = total
        self._position = 0

    def note(self, tenant: Tenant, error: str) -> None:
        self._position += 1
        if error:
            self._outcome.failed[tenant.schema_name] = error
        else:
            self._outcome.done += 1
        self._report(Step(tenant, error, self._position, self._total))


@contextmanager
def _alone() -> Iterator[None]:
    """One run at a time over one database: machines that are deployed together take turns."""
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK_KEY])
        cursor.execute("RESET statement_timeout")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK_KEY])
