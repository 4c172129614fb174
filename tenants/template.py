"""Writes the provisioning script: a throw-away schema is migrated, dumped, and put into statements.

The text depends on the models alone: names in order of the dump, no times, no owner, identity columns inside
their tables (so that it also runs where a column cannot become one later).
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID

from django.conf import settings
from django.db import connection
from psycopg import sql

from tenants import migrating
from tenants.ids import new_id
from tenants.provisioning import TEMPLATE
from tenants.scope import public_scope, tenant_scope

HEAD = "-- Written by `manage.py dump_schema`. What a brand's schema holds, one statement a paragraph."
_IDENTITY = re.compile(
    r"ALTER TABLE (?P<table>\S+) ALTER COLUMN (?P<column>\S+) ADD (?P<identity>GENERATED .+)", re.DOTALL
)
# `status IN ('a', 'b')` on a varchar column comes out of the catalog in a form that goes in as another expression.
_MEMBERSHIP = re.compile(
    r"\((?P<column>\"?\w+\"?)\)::text (?P<verb>= ANY|<> ALL) \(\(ARRAY\[(?P<values>[^]]+)\]\)::text\[\]\)"
)
_STATEMENT = re.compile(r"^(?:CREATE|ALTER|COMMENT)\b")


@dataclass(frozen=True)
class Template:
    """The throw-away schema, in the form that a scope asks for."""

    schema_name: str = TEMPLATE
    id: UUID = field(default_factory=new_id)


def current_script() -> str:
    """The script for the models as they are now. Needs a connection that is not inside a transaction."""
    with _migrated_template():
        statements = [*_structure(), *_migrations()]
    return "\n\n".join([HEAD, *statements]) + "\n"


@contextmanager
def _migrated_template() -> Iterator[None]:
    _drop_template()
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA {TEMPLATE}")
    try:
        migrating.migrate_schema(Template())
        yield
    finally:
        _drop_template()


def _drop_template() -> None:
    with public_scope(), connection.cursor() as cursor:
        cursor.execute(f"DROP SCHEMA IF EXISTS {TEMPLATE} CASCADE")


def _structure() -> list[str]:
    statements = [part for part in _statements(_dump()) if not part.startswith("CREATE SCHEMA")]
    identities: dict[tuple[str, str], str] = {}
    rest = []
    for statement in statements:
        match = _IDENTITY.match(statement)
        if match:
            identities[match["table"], match["column"]] = _one_line(match["identity"])
        else:
            rest.append(statement)
    return [_MEMBERSHIP.sub(_as_written, _with_identities(statement, identities)) for statement in rest]


def _as_written(match: re.Match[str]) -> str:
    verb = "IN" if match["verb"] == "= ANY" else "NOT IN"
    return f"{match['column']} {verb} ({match['values'].replace('::character varying', '')})"


def _dump() -> str:
    """The template's definition as pg_dump writes it. The password goes by the environment, not by `ps`."""
    facts = connection.settings_dict
    variables = {
        "PGHOST": facts["HOST"],
        "PGPORT": facts["PORT"],
        "PGUSER": facts["USER"],
        "PGPASSWORD": facts["PASSWORD"],
        "PGDATABASE": facts["NAME"],
        "PGCLIENTENCODING": "UTF8",
        "PATH": os.defpath,
    }
    done = subprocess.run(
        [
            settings.POSTGRES_PROGRAM("pg_dump"),
            "--schema-only",
            f"--schema={TEMPLATE}",
            "--no-owner",
            "--no-privileges",
            "--no-tablespaces",
        ],
        env={name: str(value) for name, value in variables.items() if value},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"pg_dump failed: {done.stderr.strip()}")
    return done.stdout


def _statements(dump: str) -> Iterator[str]:
    """The statements of a dump of definitions, which holds no function bodies: each ends with a line's `;`."""
    lines: list[str] = []
    for line in dump.splitlines():
        if lines or _STATEMENT.match(line):
            lines.append(line)
            if line.endswith(";"):
                yield "\n".join(lines).removesuffix(";")
                lines = []


def _with_identities(statement: str, identities: dict[tuple[str, str], str]) -> str:
    made = re.match(r"CREATE TABLE (\S+) \(", statement)
    if made is None:
        return statement
    lines = statement.split("\n")
    for number, line in enumerate(lines):
        column = line.split(maxsplit=1)[0] if line.strip() else ""
        identity = identities.get((made[1], column))
        if identity is not None:
            lines[number] = f"{line.removesuffix(',')} {identity}{',' if line.endswith(',') else ''}"
    return "\n".join(lines)


def _one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text).replace("( ", "(").replace(" )", ")")


def _migrations() -> list[str]:
    with tenant_scope(Template()), connection.cursor() as cursor:
        cursor.execute(f"SELECT app, name FROM {TEMPLATE}.django_migrations ORDER BY id")  # noqa: S608
        rows = cursor.fetchall()
        literals = [[sql.Literal(part).as_string(cursor.connection) for part in row] for row in rows]
    return [
        f"INSERT INTO {TEMPLATE}.django_migrations (app, name, applied) VALUES ({app}, {name}, now())"  # noqa: S608
        for app, name in literals
    ]
