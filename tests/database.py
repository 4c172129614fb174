"""Undoing what tests that commit leave behind: every row that is not in the snapshot goes, the brands stay."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection, connections, transaction

from tenants.scope import public_scope

# Rows that only migrations write.
UNTOUCHED = ("django_migrations", "django_content_type", "auth_permission")


@dataclass(frozen=True)
class Snapshot:
    """The rows of each table of the public schema and of the brands that stood when it was taken."""

    schemas: frozenset[str]
    rows: dict[str, bytes]

    @classmethod
    def take(cls) -> Snapshot:
        with public_scope(), connection.cursor() as cursor:
            schemas = frozenset(_schemas(cursor))
            rows = {}
            for table in _tables(cursor, schemas):
                with cursor.copy(f"COPY {table} TO STDOUT") as copy:
                    content = b"".join(bytes(part) for part in copy)
                if content:
                    rows[table] = content
        return cls(schemas, rows)

    def restore(self) -> None:
        """Take the database back. Constraints can be deferred or cascade, so one transaction does it in any order."""
        for other in connections.all():
            if other.in_atomic_block:
                raise RuntimeError("a test left a transaction open")
        with public_scope(), connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '10s'")
            for schema in set(_schemas(cursor)) - self.schemas:
                # Each in a transaction of its own: one takes 1,500 locks, and the server has room for 20 times that.
                cursor.execute(f'DROP SCHEMA "{schema}" CASCADE')
            cursor.execute("RESET lock_timeout")
        with public_scope(), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '10s'; SET CONSTRAINTS ALL DEFERRED")
            tables = _tables(cursor, self.schemas)
            cursor.execute("; ".join(f"DELETE FROM {table}" for table in tables))
            for table, content in self.rows.items():
                with cursor.copy(f"COPY {table} FROM STDIN") as copy:
                    copy.write(content)


def _schemas(cursor) -> list[str]:
    cursor.execute(
        r"SELECT nspname FROM pg_namespace WHERE nspname IN ('public', 'kontor_template') OR nspname LIKE 't\_%'"
    )
    return [name for (name,) in cursor.fetchall()]


def _tables(cursor, schemas: frozenset[str]) -> list[str]:
    """Tables that rows were ever written into: most never are."""
    cursor.execute(
        """
        SELECT format('%%I.%%I', nspname, relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE c.relkind = 'r' AND nspname = ANY(%s) AND relname <> ALL(%s) AND pg_relation_size(c.oid) > 0
         ORDER BY 1
        """,
        [list(schemas), list(UNTOUCHED)],
    )
    return [name for (name,) in cursor.fetchall()]


def end_other_sessions() -> None:
    """End every other session of the test database."""
    with public_scope(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
