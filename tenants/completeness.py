"""Whether a brand's schema holds the tables it should: one that does not is not served.

Outside of its own tables a scope sees the public ones, so a missing table must be noticed before a query runs, and
a table that bears a shared one's name would hide it.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from django.apps import apps
from django.db import connection

from tenants.backend.router import tenant_app_labels

MIGRATIONS = "django_migrations"


@cache
def tenant_tables() -> frozenset[str]:
    """The tables that each brand's schema must hold."""
    return _tables(in_tenants=True)


@cache
def public_tables() -> frozenset[str]:
    """The tables of our models that only the public schema may hold."""
    return _tables(in_tenants=False)


def faults(schemas: Iterable[str]) -> dict[str, str]:
    """What is wrong with the tables of each of `schemas`; sound ones are left out. One query for all of them."""
    wanted = list(schemas)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT wanted.name,
                   array(SELECT c.relname::text FROM pg_class c
                          WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'p', 'v', 'm', 'f'))
              FROM unnest(%s::text[]) AS wanted (name)
              LEFT JOIN pg_namespace n ON n.nspname = wanted.name
            """,
            [wanted],
        )
        held = {name: frozenset(tables) for name, tables in cursor.fetchall()}
    found = {name: _fault(held[name]) for name in wanted}
    return {name: fault for name, fault in found.items() if fault}


def _fault(held: frozenset[str]) -> str:
    missing = (tenant_tables() | {MIGRATIONS}) - held
    hiding = held & public_tables()
    parts = []
    if missing:
        parts.append(f"missing: {', '.join(sorted(missing))}")
    if hiding:
        parts.append(f"hiding shared tables: {', '.join(sorted(hiding))}")
    return "; ".join(parts)


def _tables(*, in_tenants: bool) -> frozenset[str]:
    labels = tenant_app_labels()
    return frozenset(
        model._meta.db_table
        for model in apps.get_models(include_auto_created=True)
        if not model._meta.proxy and (model._meta.app_label in labels) == in_tenants
    )
