"""(b) How long a platform waits for its 200, in open loop: quiet, and while a delete and an export go on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from typing import Any

from psycopg import sql

from benchmarks import database, ground, servers
from benchmarks.figures import Figure, pairs, percentile
from benchmarks.ingest import customers_of, start_product
from benchmarks.wish import Wish

RATES = (100, 400)
SECONDS = 6.0
FLOOR, GOAL = 10.0, 4.0
LONGEST_MS = 1_000.0
BULK_ROWS = 100_000


def measure(wish: Wish) -> list[Figure]:
    """Product under uvicorn beside the raw reference."""
    ground.make_references(customers_of(wish))
    figures = []
    with ExitStack() as running:
        product, brand = start_product(running, wish, "uvicorn", "ack")
        raw = running.enter_context(servers.serving("uvicorn", servers.RAW, wish.logs))
        for rate in RATES:
            for is_busy in (False, True):
                takes = [
                    waits(product.port, ground.webhooks(brand, customers=customers_of(wish)), rate, wish),
                    waits(raw.port, ground.posts(customers_of(wish)), rate, wish),
                ]
                with bulk_work(brand, wish) if is_busy else nullcontext():
                    ours, theirs = pairs(wish.pairs, *takes)
                figures += _figures(f"{rate}/s, {'bulk work' if is_busy else 'quiet'}", rate, ours, theirs)
    return figures


def waits(port: int, write: dict[str, Any], rate: int, wish: Wish) -> Callable[[], list[float]]:
    """A measurement: milliseconds from when each request was due."""

    def take() -> list[float]:
        result = servers.load({"port": port, "write": write, "rate": rate, "seconds": wish.seconds(SECONDS)})
        return [seconds * 1000 for seconds in result["times"]]

    return take


def _figures(where: str, rate: int, ours: list[list[float]], theirs: list[list[float]]) -> list[Figure]:
    found = []
    for percent in (50, 99):
        a, b = ([percentile(times, percent) for times in runs] for runs in (ours, theirs))
        is_bounded = percent == 99 and rate == RATES[0]
        floor, goal = (FLOOR, GOAL) if is_bounded else (None, None)
        found.append(
            Figure(f"ack p{percent}, {where}", "ms", a, b, "raw", better="less", floor=floor, goal=goal)
        )
    longest = [max(times) for times in ours]
    found.append(
        Figure(f"longest ack, {where}", "ms", longest, better="less", floor=LONGEST_MS, goal=LONGEST_MS)
    )
    return found


@contextmanager
def bulk_work(brand: ground.Brand, wish: Wish) -> Iterator[None]:
    """Rows are made, exported and deleted in the brand's own schema, over and over, until the block ends."""
    table = sql.SQL("{}.bulk_rows").format(sql.Identifier(brand.tenant.schema_name))
    rows = BULK_ROWS // 50 if wish.short else BULK_ROWS
    stop = threading.Event()

    def work() -> None:
        with database.connect() as connection:
            connection.execute(sql.SQL("CREATE TABLE {} (id bigint PRIMARY KEY, text text)").format(table))
            while not stop.is_set():
                connection.execute(
                    sql.SQL(
                        "INSERT INTO {} SELECT n, repeat(md5(n::text), 8) FROM generate_series(1, {}) n"
                    ).format(table, sql.Literal(rows))
                )
                with connection.cursor().copy(sql.SQL("COPY {} TO STDOUT").format(table)) as copy:
                    for _ in copy:
                        pass
                connection.execute(sql.SQL("DELETE FROM {}").format(table))
            connection.execute(sql.SQL("DROP TABLE {}").format(table))

    thread = threading.Thread(target=work, name="bulk work")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
