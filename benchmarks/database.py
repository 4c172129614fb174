"""Connections of the benchmarks' own, beside Django: bare statements, and databases made and dropped."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import psycopg

from benchmarks.figures import percentile
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


def asked(
    bare: psycopg.Connection[Any], statement: str, values: Sequence[Any], times: int
) -> Callable[[], float]:
    """A take: the statement read whole `times` times, with one of the values after the other. 95th percentile, ms."""

    def take() -> float:
        spent = []
        for place in range(times):
            start = time.perf_counter()
            bare.execute(statement, values[place % len(values)]).fetchall()
            spent.append(time.perf_counter() - start)
        return percentile(spent, 95) * 1000

    return take
