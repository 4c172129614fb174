"""``python -m benchmarks [--only NAME] [--short] [--peers]``: makes a database of its own, measures in it, drops it.

The measuring itself happens in a second process, ``benchmarks.run``, whose settings name that database.
"""

from __future__ import annotations

import argparse
import secrets
import signal
import subprocess
import sys
from urllib.parse import quote

from psycopg import sql

from benchmarks import database
from benchmarks.wish import NAMES
from config import env, postgres
from config.postgres.place import PROJECT


def main(arguments: list[str]) -> int:
    """Do what the command line says and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", nargs="*", choices=NAMES, help="only these")
    parser.add_argument("--short", action="store_true", help="a smoke test: small, quick, without verdicts")
    parser.add_argument("--peers", action="store_true", help="install django-helpdesk and measure it too")
    parser.parse_args(arguments)
    address = postgres.database()
    name = f"bench_{secrets.token_hex(4)}"
    with database.connect() as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    parts = {key: quote(str(value), safe="") for key, value in address.items() if key != "OPTIONS"}
    url = "postgresql://{USER}:{PASSWORD}@{HOST}:{PORT}/".format(**parts) + name
    try:
        measuring = [sys.executable, "-m", "benchmarks.run", *arguments]
        variables = {"DATABASE_URL": url, "KONTOR_LOG_LEVEL": "WARNING"}
        process = subprocess.Popen(measuring, cwd=PROJECT, env=env.changed(**variables))
        signal.signal(signal.SIGTERM, lambda number, frame: process.terminate())
        return process.wait()
    finally:
        with database.connect() as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
