"""(f) The price of a request with two and with three hundred brands; (g) making a brand, and one column in all."""

from __future__ import annotations

import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

from benchmarks import ground, servers
from benchmarks.figures import Figure, median, pairs
from benchmarks.wish import Wish
from tenants import migrating, provisioning
from tenants.models import Tenant
from tenants.scope import public_scope

FEW, MANY, SHORT_MANY = 2, 300, 4
CUSTOMERS = 5  # of each account
SECONDS = 4.0
FLOOR, GOAL = 1.3, 1.15
MAKING = (0.5, 0.25)  # seconds: floor, goal
MIGRATING = (50.0, 15.0)  # milliseconds a brand: floor, goal
Writer = Callable[[list[ground.Brand]], dict[str, Any]]
NEXT_RELEASE = """
from django.db import migrations, models

class Migration(migrations.Migration):
    dependencies = [("contacts", "{last}")]
    operations = [migrations.AddField("contact", "nickname", models.CharField(max_length=20, default=""))]
"""


def measure(wish: Wish) -> list[Figure]:
    """Brands are made one by one, asked in turn, then all migrated."""
    number = SHORT_MANY if wish.short else MANY
    times: list[float] = []
    brands = []
    for place in range(number):
        start = time.perf_counter()
        brands.append(ground.make_brand(f"many-{place}"))
        times.append(time.perf_counter() - start)
    made, migrated = pairs(1 if wish.short else 3, *_ways_to_make_one())
    floor, goal = MAKING
    figures = [
        Figure("a brand with accounts and defaults", "s", times, better="less", floor=floor, goal=goal),
        Figure("its schema / migrate", "s", made, migrated, "migrate, one schema", better="less"),
    ]
    figures += _requests(brands, wish)
    floor, goal = MIGRATING
    per_brand = [one_column(number)]
    return [
        *figures,
        Figure("one column, each brand", "ms", per_brand, better="less", floor=floor, goal=goal),
    ]


def _ways_to_make_one() -> list[Callable[[], float]]:
    def replayed() -> float:
        with public_scope():
            return _seconds(provisioning.make_schema)

    def migrated() -> float:
        def migrate(name: str) -> None:
            with connection.cursor() as cursor:
                cursor.execute(f'CREATE SCHEMA "{name}"')
            migrating.migrate_schema(Tenant(schema_name=name))

        return _seconds(migrate)

    return [replayed, migrated]


def _seconds(make: Callable[[str], None]) -> float:
    name = f"t_{secrets.token_hex(8)}"
    start = time.perf_counter()
    make(name)
    lasted = time.perf_counter() - start
    with public_scope(), connection.cursor() as cursor:
        cursor.execute(f'DROP SCHEMA "{name}" CASCADE')
    return lasted


def _requests(brands: list[ground.Brand], wish: Wish) -> list[Figure]:
    figures = []
    with ExitStack() as running:
        product = running.enter_context(servers.serving("uvicorn", servers.PRODUCT, wish.logs))
        few, many = brands[:FEW], brands
        everybody = CUSTOMERS * sum(len(brand.targets) for brand in many)
        kinds: list[tuple[str, Writer, dict[str, Any], int]] = [
            ("REST list", _lists, {}, 4 * len(many)),
            # Nobody is new in what is measured: more brands have more customers, and a first message costs more.
            ("webhook", _webhooks, {"in_turn": True}, everybody),
        ]
        for name, write, in_order, times in kinds:
            _middle(product.port, {**write(many), **in_order}, wish, count=times)
            takes = [
                lambda write=write: _middle(product.port, write(many), wish),
                lambda write=write: _middle(product.port, write(few), wish),
            ]
            ours, theirs = pairs(wish.pairs, *takes)
            what = f"{name}, {len(many)} brands / {FEW}"
            figures.append(
                Figure(what, "ms", ours, theirs, f"{FEW} brands", better="less", floor=FLOOR, goal=GOAL)
            )
    return figures


def _webhooks(brands: list[ground.Brand]) -> dict[str, Any]:
    return ground.webhooks(*brands, customers=CUSTOMERS)


def _lists(brands: list[ground.Brand]) -> dict[str, Any]:
    asks = [
        {
            "path": "/api/v1/conversations",
            "host": brand.host,
            "headers": {"Authorization": brand.authorization},
        }
        for brand in brands
    ]
    return {"kind": "requests", "asks": asks}


def _middle(port: int, write: dict[str, Any], wish: Wish, count: int = 1_000_000) -> float:
    """Milliseconds of the median request of one client."""
    seconds = wish.seconds(SECONDS) if count == 1_000_000 else 300.0
    result = servers.load({"port": port, "write": write, "senders": 1, "seconds": seconds, "count": count})
    return median(result["times"]) * 1000


def one_column(number: int) -> float:
    """Give every brand's contacts a column, as a next release would. Milliseconds a brand."""
    existing = Path(__file__).parent.parent / "contacts" / "migrations"
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "contacts_of_next_release"
        shutil.copytree(existing, folder, ignore=shutil.ignore_patterns("__pycache__"))
        last = max(file.stem for file in folder.glob("[0-9]*.py"))
        (folder / "9000_next.py").write_text(NEXT_RELEASE.replace("{last}", last))
        sys.path.insert(0, place)
        settings.MIGRATION_MODULES = {"contacts": folder.name}
        try:
            start = time.perf_counter()
            outcome = migrating.migrate_all(workers=2)
            lasted = time.perf_counter() - start
        finally:
            sys.path.remove(place)
            settings.MIGRATION_MODULES = {}
    if outcome.failed or outcome.done < number:
        raise RuntimeError(f"only {outcome.done} of {number} brands were migrated")
    return lasted / outcome.done * 1000
