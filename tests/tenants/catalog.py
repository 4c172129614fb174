"""What a schema is made of, as text that is equal for equal schemas."""

from __future__ import annotations

from django.db import connection

from tenants.scope import public_scope

PARTS = {
    "columns": """
        SELECT c.relname, row_number() OVER (PARTITION BY c.oid ORDER BY a.attnum), a.attname,
               format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated,
               coll.collname, pg_get_expr(d.adbin, d.adrelid)
          FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
          LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
          LEFT JOIN pg_collation coll ON coll.oid = a.attcollation
         WHERE c.relnamespace = %s::regnamespace AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
    """,
    "indexes": """
        SELECT c.relname, i.indisvalid, i.indisprimary, pg_get_indexdef(c.oid)
          FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE c.relnamespace = %s::regnamespace
    """,
    "constraints": """
        SELECT conrelid::regclass::text, conname, contype, convalidated, pg_get_constraintdef(oid)
          FROM pg_constraint WHERE connamespace = %s::regnamespace AND contype <> 'n'
    """,
    "sequences": """
        SELECT c.relname, format_type(s.seqtypid, NULL), s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache,
               s.seqcycle, d.refobjid::regclass::text, d.refobjsubid
          FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid
          LEFT JOIN pg_depend d ON d.objid = c.oid AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0
         WHERE c.relnamespace = %s::regnamespace
    """,
    "everything else": """
        SELECT c.relname, c.relkind, c.relpersistence, c.relrowsecurity, c.reloptions::text
          FROM pg_class c WHERE c.relnamespace = %s::regnamespace
    """,
    "triggers": """
        SELECT t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
         WHERE c.relnamespace = %s::regnamespace AND NOT t.tgisinternal
    """,
    "functions": "SELECT proname FROM pg_proc WHERE pronamespace = %s::regnamespace",
    "types": """
        SELECT t.typname FROM pg_type t WHERE t.typnamespace = %s::regnamespace AND t.typtype NOT IN ('c', 'b')
    """,
}


def fingerprint(schema: str) -> dict[str, list[str]]:
    """The schema's columns, indexes, constraints, sequences and the rest, without the schema's name."""
    found = {}
    with public_scope(), connection.cursor() as cursor:
        for part, query in PARTS.items():
            cursor.execute(query, [schema])
            found[part] = sorted(str(row).replace(f"{schema}.", "") for row in cursor.fetchall())
    return found


def applied(schema: str) -> set[tuple[str, str]]:
    """The migrations that the schema says it has."""
    with public_scope(), connection.cursor() as cursor:
        cursor.execute(f"SELECT app, name FROM {schema}.django_migrations")
        return set(cursor.fetchall())
