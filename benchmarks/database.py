"""Connections of the benchmarks' own, beside Django: bare statements, and databases made and dropped."""

from __future__ import annotations

from typing import Any

import psycopg

from config import postgres


def connect(name: str = "", **options: Any) -> psycopg.Connection[tuple[Any, ...]]:
    """An autocommit connection to the run's database, or to another one of the same server."""
    address = postgres.database()
    return psycopg.connect(
        host=address["HOST"],
        port=address["PORT"],
        user=address["USER"],
        password=address["PASSWORD"],
        dbname=name or address["NAME"],
        autocommit=True,
        **options,
    )
