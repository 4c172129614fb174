"""Table lists bound to one schema: the stock listing scans every schema's tables and makes migrations quadratic."""

from __future__ import annotations

from typing import Any

from django.db.backends.postgresql.introspection import DatabaseIntrospection, TableInfo


class OneSchemaIntrospection(DatabaseIntrospection):
    """Sees the tables of the scope's schema only."""

    def get_table_list(self, cursor: Any) -> list[TableInfo]:  # type: ignore[override]
        cursor.execute(
            """
            SELECT c.relname,
                   CASE WHEN c.relispartition THEN 'p' WHEN c.relkind IN ('m', 'v') THEN 'v' ELSE 't' END,
                   obj_description(c.oid, 'pg_class')
              FROM pg_catalog.pg_class c
             WHERE c.relkind IN ('f', 'm', 'p', 'r', 'v')
               AND c.relnamespace = (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = %s)
            """,
            [self.connection.schema_name],  # type: ignore[attr-defined]
        )
        return [TableInfo(*row) for row in cursor.fetchall() if row[0] not in self.ignored_tables]
