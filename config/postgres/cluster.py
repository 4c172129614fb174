"""How the embedded cluster is made, which settings it gets, and what its database must prove."""

import os
import shutil
import subprocess

import psycopg
from psycopg import sql

from config import env
from config.postgres.binaries import FIRST_WITH_BUILTIN_LOCALE, Binaries
from config.postgres.place import NAME, PORT, SUPERUSER, USER, Place, give, make_private

# A server must not inherit the caller's locale, libpq variables or secrets. Its early messages are English.
ENVIRONMENT = {"LC_ALL": "C.UTF-8", "PATH": os.defpath}
SETTINGS_FILE = "kontor.conf"
CONNECT_SECONDS = 30
DURABLE = ("fsync", "full_page_writes", "synchronous_commit")
# Any Chinese word does: a cluster whose LC_CTYPE is plain C finds no trigrams in it.
CJK_SAMPLE = "客服系統"


def data_exists(place: Place) -> bool:
    """Tell whether a finished cluster is there."""
    return (place.data / "PG_VERSION").exists()


def create(place: Place, binaries: Binaries) -> None:
    """Make the cluster: UTF-8, CJK-true locale, checksums, SCRAM. A half-made one never looks finished."""
    unfinished = place.home / "postgres.new"
    shutil.rmtree(unfinished, ignore_errors=True)
    make_private(unfinished, place)
    password = place.home / "postgres.pwfile"
    password.unlink(missing_ok=True)
    with os.fdopen(os.open(password, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(place.password(SUPERUSER))
    give(password, place.owner)
    try:
        result = subprocess.run(
            [
                binaries.folder / "initdb",
                *_initdb_options(binaries),
                f"--pwfile={password}",
                "-D",
                unfinished,
            ],
            cwd="/",
            env=ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            **place.identity(),
        )
    finally:
        password.unlink()
    if result.returncode:
        raise env.Misconfigured(f"initdb could not make a database in {place.data}:\n{result.stderr.strip()}")
    with (unfinished / "postgresql.conf").open("a") as file:
        file.write(f"\ninclude_if_exists = '{SETTINGS_FILE}'\n")
    unfinished.rename(place.data)


def configure(place: Place) -> None:
    """Write our settings, anew before each start. ``ALTER SYSTEM`` still wins over them."""
    path = place.data / SETTINGS_FILE
    path.write_text("".join(f"{name} = {_quoted(value)}\n" for name, value in _settings(place).items()))
    path.chmod(0o600)
    give(path, place.owner)


def make_database(place: Place) -> None:
    """Make role and database when they are missing, and verify them. The role owns its database, no more."""
    try:
        with connect(place, USER, NAME) as connection:
            verify(connection)
            return
    except psycopg.OperationalError:
        pass
    with connect(place, SUPERUSER, "postgres") as connection:
        verifier = connection.pgconn.encrypt_password(
            place.password(USER).encode(), USER.encode(), b"scram-sha-256"
        )
        role, password = sql.Identifier(USER), sql.Literal(verifier.decode())
        known = connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [USER]).rowcount
        verb = sql.SQL("ALTER ROLE" if known else "CREATE ROLE")
        connection.execute(sql.SQL("{} {} LOGIN CREATEDB PASSWORD {}").format(verb, role, password))
        connection.execute(sql.SQL("GRANT pg_monitor TO {}").format(role))
        if not connection.execute("SELECT FROM pg_database WHERE datname = %s", [NAME]).rowcount:
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(NAME), role))
    with connect(place, USER, NAME) as connection:
        verify(connection)


def connect(place: Place, role: str, name: str) -> psycopg.Connection[tuple[object, ...]]:
    """Open an autocommit connection to a database of the embedded server."""
    return psycopg.connect(
        host=str(place.socket),
        port=PORT,
        user=role,
        password=place.password(role),
        dbname=name,
        autocommit=True,
        connect_timeout=CONNECT_SECONDS,
    )


def verify(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    """Make sure that a database is fit: UTF-8, durable commits, and trigrams that see Chinese.

    Installs pg_trgm in ``public`` where the server has it. Raises Misconfigured with what to do.
    """
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise env.Misconfigured(f"The database is encoded in {encoding}. Make it anew with ENCODING 'UTF8'.")
    for name in DURABLE:
        value = connection.execute("SELECT current_setting(%s)", [name]).fetchone()
        if value in (None, ("off",)):
            raise env.Misconfigured(
                f"The database runs with {name} off and may lose messages. Switch {name} on."
            )
    if not connection.execute("SELECT FROM pg_available_extensions WHERE name = 'pg_trgm'").rowcount:
        return
    if not connection.execute("SELECT FROM pg_extension WHERE extname = 'pg_trgm'").rowcount:
        connection.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA public")
    trigrams = connection.execute("SELECT cardinality(public.show_trgm(%s))", [CJK_SAMPLE]).fetchone()
    if trigrams in (None, (0,)):
        raise env.Misconfigured(
            "The database's LC_CTYPE does not know Chinese and Japanese letters, so search would miss them."
            " Make it anew with LC_CTYPE 'C.UTF-8'."
        )


def _initdb_options(binaries: Binaries) -> list[str]:
    options = [
        "--encoding=UTF8",
        "--locale=C",
        "--lc-ctype=C.UTF-8",
        "--data-checksums",
        "--auth=scram-sha-256",
        f"--username={SUPERUSER}",
    ]
    if binaries.major >= FIRST_WITH_BUILTIN_LOCALE:
        # LC_CTYPE stays C.UTF-8 beside the builtin provider: pg_trgm asks LC_CTYPE which letters there are.
        options += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    return options


def _settings(place: Place) -> dict[str, str]:
    return {
        "listen_addresses": "",
        "port": str(PORT),
        "unix_socket_directories": str(place.socket),
        "unix_socket_permissions": "0700",
        "password_encryption": "scram-sha-256",
        "max_connections": "120",
        # A brand is about 250 relations: dumping or dropping one locks them all at once.
        "max_locks_per_transaction": "256",
        "shared_buffers": "128MB",
        "max_wal_size": "512MB",
        "fsync": "on",
        "full_page_writes": "on",
        "synchronous_commit": "on",
        "idle_in_transaction_session_timeout": "5min",
        "jit": "off",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_checkpoints": "off",
        # Statements and key values in error reports would copy what customers wrote into the log.
        "log_min_error_statement": "panic",
        "log_error_verbosity": "terse",
    }


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"
