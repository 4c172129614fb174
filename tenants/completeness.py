"""Whether a brand's schema holds the tables it should: one that does not is not served.

Outside of its own tables a scope sees the public ones, so a missing table must be noticed before a query runs, and
a table that bears a shared one's name would hide it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache

from django.apps import apps

from tenants.arrays import array
from tenants.backend.router import tenant_app_labels
from tenants.statements import prepared

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
    """What is wrong with the tables of each of `schemas`; sound ones are left out. One query for all of them.

    Each table is looked up by its name: who asks for all tables of one schema reads those of every brand.
    """
    with prepared() as cursor:
        cursor.execute(
            """
            SELECT brand.name, expected.name, expected.is_wanted
              FROM unnest(%s::name[]) AS brand (name)
             CROSS JOIN unnest(%s::name[], %s::bool[]) AS expected (name, is_wanted)
              LEFT JOIN pg_namespace n ON n.nspname = brand.name
              LEFT JOIN pg_class c ON c.relname = expected.name AND c.relnamespace = n.oid
                                  AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
             WHERE (c.oid IS NOT NULL) <> expected.is_wanted
             ORDER BY 1, 2
            """,
            [array(schemas), *_expected()],
        )
        missing: dict[str, list[str]] = {}
        hiding: dict[str, list[str]] = {}
        for schema, table, is_wanted in cursor.fetchall():
            (missing if is_wanted else hiding).setdefault(schema, []).append(table)
    return {
        schema: _fault(missing.get(schema, []), hiding.get(schema, []))
        for schema in missing.keys() | hiding.keys()
    }


@cache
def _expected() -> tuple[str, str]:
    """The names of tables, and whether a brand must have them or must not, as arrays."""
    wanted, unwanted = sorted(tenant_tables() | {MIGRATIONS}), sorted(public_tables())
    return array([*wanted, *unwanted]), array([True] * len(wanted) + [False] * len(unwanted))


def _fault(missing: Sequence[str], hiding: Sequence[str]) -> str:
    parts = []
    if missing:
        parts.append(f"missing: {', '.join(missing)}")
    if hiding:
        parts.append(f"hiding shared tables: {', '.join(hiding)}")
    return "; ".join(parts)


def _tables(*, in_tenants: bool) -> frozenset[str]:
    labels = tenant_app_labels()
    return frozenset(
        model._meta.db_table
        for model in apps.get_models(include_auto_created=True)
        if not model._meta.proxy and (model._meta.app_label in labels) == in_tenants
    )
