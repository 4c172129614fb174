"""What must be true before a process serves: called when web server and worker start.

Raises SelfTestFailed for what would lose or mix data; a single brand whose schema is damaged is only named in the
log, because `tenants.directory` keeps it from being served.
"""

from __future__ import annotations

import logging
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection

from tenants import completeness
from tenants.models import Tenant
from tenants.scope import public_scope

OLDEST_SERVER = 150000
PROBES = ("kontor_probe_a", "kontor_probe_b")
ROUNDS = 8

logger = logging.getLogger(__name__)


class SelfTestFailed(RuntimeError):
    """The database is not fit to be worked on. The text says what to do."""


def check() -> None:
    """Make sure that the database keeps connections apart, keeps what was committed, and holds every table."""
    with psycopg.connect(**_parameters(), autocommit=True) as first:
        _check_server(first)
        settings.POSTGRES_VERIFY(first)
        with psycopg.connect(**_parameters(), autocommit=True) as second:
            _check_paths_stay_apart(first, second)
    with public_scope():
        check_public_tables()
        look_at_tenants()


def _parameters() -> dict[str, Any]:
    parameters = connection.get_connection_params()
    parameters.pop("cursor_factory", None)
    return parameters


def _check_server(session: psycopg.Connection[Any]) -> None:
    if session.info.server_version < OLDEST_SERVER:
        raise SelfTestFailed(
            f"PostgreSQL {OLDEST_SERVER // 10000} or newer is needed; the server is {session.info.server_version}."
        )


def _check_paths_stay_apart(first: psycopg.Connection[Any], second: psycopg.Connection[Any]) -> None:
    """Two sessions set two search paths and read them in turns. Behind a pooler that hands the same server session
    to both, one reads the other's path, as later one brand would read another's rows."""
    sessions = tuple(zip((first, second), PROBES, strict=True))
    try:
        for session, path in sessions:
            session.execute(f"SET search_path = {path}")
        for _ in range(ROUNDS):
            for session, path in sessions:
                answer = session.execute("SELECT current_setting('search_path')").fetchone()
                if answer != (path,):
                    raise SelfTestFailed(
                        "Connections to the database share server sessions: one sees the search path of another, and"
                        " brands would see each other's data. Connect directly, or through PgBouncer 1.25.2 or newer"
                        " in front of PostgreSQL 18 with search_path in track_extra_parameters."
                    )
    finally:
        for session, _path in sessions:
            session.execute("RESET search_path")


def check_public_tables() -> None:
    """Make sure that the public schema holds every shared table and none of a brand's. Raises SelfTestFailed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        held = {name for (name,) in cursor.fetchall()}
    strays = held & completeness.tenant_tables()
    if strays:
        raise SelfTestFailed(
            f"The public schema holds tables that belong into the brands' schemas: {', '.join(sorted(strays))}."
            " A query outside of every scope would read them. Look at what they hold and drop them."
        )
    missing = completeness.public_tables() - held
    if missing:
        raise SelfTestFailed(
            f"The public schema lacks {', '.join(sorted(missing))}. Run: manage.py migrate_all"
        )


def look_at_tenants() -> None:
    """Tell the log of every brand's schema that is damaged, or cannot be moved."""
    schemas = Tenant.objects.values_list("schema_name", flat=True)
    for name, fault in completeness.faults(schemas).items():
        logger.error("schema %s is damaged and not served: %s", name, fault)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT DISTINCT n.nspname FROM pg_trigger t
              JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE NOT t.tgisinternal AND n.nspname = ANY(%s)
            """,
            [list(schemas)],
        )
        for (name,) in cursor.fetchall():
            logger.warning("schema %s holds triggers: it cannot be moved or sharded", name)
