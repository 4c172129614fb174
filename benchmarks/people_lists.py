"""Lists of many contacts: a page, narrowed in several ways; labels put on many; a table imported."""

from __future__ import annotations

import io
import time
from contextlib import ExitStack
from itertools import count, cycle
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q

from benchmarks import database, people_ground, servers
from benchmarks.figures import Figure, pairs
from benchmarks.ground import Brand
from benchmarks.wish import Wish
from contacts.lists import labelling, selecting
from contacts.lists.importing import uploads, working
from contacts.models import Contact, ContactTerms, Label
from contacts.search import rows as contact_rows
from tenants.scope import tenant_scope
from tenants.workspace.events import SYSTEM

ASKED, SHORT_ASKED = 60, 5
STEP = 2_000
LIMIT_MS = 80.0
LABELLED, SHORT_LABELLED = 20_000, 500
IMPORTED, SHORT_IMPORTED = 20_000, 500
ROWS_A_SECOND = 1_000.0
PAGE = "SELECT * FROM contacts_contact WHERE merged_into_id IS NULL AND erased_at IS NULL"
NEWEST = f"{PAGE} ORDER BY created_at DESC, id DESC LIMIT 51"
BY_NAME = f"{PAGE} ORDER BY coalesce(nullif(lower(name), ''), chr(1114111)), id LIMIT 51"
SCAN = f"""
{PAGE} AND (name ILIKE %(part)s OR company ILIKE %(part)s
            OR id IN (SELECT contact_id FROM contacts_contactaddress WHERE value LIKE %(part)s))
ORDER BY created_at DESC, id DESC LIMIT 51
"""
PUT = """
INSERT INTO contacts_contactlabel (id, contact_id, label_id, created_at)
SELECT uuidv7(), id, %(label)s, now() FROM contacts_contact ORDER BY created_at DESC, id DESC LIMIT %(number)s
"""
TAKE = "DELETE FROM contacts_contactlabel WHERE label_id = %(label)s"


def measure(wish: Wish) -> list[Figure]:
    """Pages by REST beside the bare statements, then work on many beside one statement."""
    made = people_ground.of(wish)
    _make_terms(made.brand)
    figures = []
    times, scans = (SHORT_ASKED, SHORT_ASKED) if wish.short else (ASKED, ASKED // 4)
    with ExitStack() as running:
        product = running.enter_context(servers.serving("daphne", servers.PRODUCT, wish.logs))
        bare = running.enter_context(database.connect(prepare_threshold=0))
        bare.execute(f"SET search_path = {made.brand.tenant.schema_name}")
        for name, asked, statement, beside in _pages():
            ours, theirs = pairs(
                wish.pairs,
                servers.asked(product.port, [_list(made.brand, asked)], times),
                database.asked(bare, statement, [{"part": f"%{asked.get('q', '')}%"}], scans),
            )
            figures.append(
                Figure(
                    f"list {name}, p95", "ms", ours, theirs, beside,
                    better="less", goal=LIMIT_MS, bounds_figure=True,
                )
            )  # fmt: skip
    with tenant_scope(made.brand.tenant), database.connect() as bare:
        bare.execute(f"SET search_path = {made.brand.tenant.schema_name}")
        figures += [_labelling(bare, wish), _importing(wish)]
    return figures


def _pages() -> list[tuple[str, dict[str, str], str, str]]:
    """What is asked for: its name, the parameters, the statement beside it and what that is called."""
    return [
        ("newest first", {}, NEWEST, "bare SQL"),
        ("by name", {"sort": "name"}, BY_NAME, "bare SQL"),
        ("of two characters, common", {"q": "美玲"}, SCAN, "substring scan"),
        ("of two characters, by name", {"q": "美玲", "sort": "name"}, SCAN, "substring scan"),
        ("of a whole name", {"q": "陳美玲"}, SCAN, "substring scan"),
        ("of a phone number's end", {"q": "7919"}, SCAN, "substring scan"),
        ("of nobody", {"q": "龘靐"}, SCAN, "substring scan"),
    ]


def _make_terms(brand: Brand) -> None:
    """What contacts are found by, unless another benchmark has made it."""
    with tenant_scope(brand.tenant):
        if not ContactTerms.objects.exists():
            after = contact_rows.write_from(None, STEP)
            while after is not None:
                after = contact_rows.write_from(after, STEP)
    people_ground.analyse(brand, "contacts_contactterms")


def _list(brand: Brand, asked: dict[str, str]) -> dict[str, Any]:
    headers = {"Authorization": brand.authorization}
    return {"path": f"/api/v1/contacts?{urlencode(asked)}", "host": brand.host, "headers": headers}


def _labelling(bare: Any, wish: Wish) -> Figure:
    """Contacts a second that get a label, or lose it, with their events and what became of each."""
    number = SHORT_LABELLED if wish.short else LABELLED
    label, plain = (Label.objects.create(name=name) for name in ("bench", "bench, bare"))
    turns, bare_turns = cycle((True, False)), cycle((PUT, TAKE))

    def ours() -> float:
        newest = Contact.objects.order_by("-created_at", "-id").values("id")[:number]
        people = selecting.by_ids((row["id"] for row in newest), visible=Q())
        start = time.perf_counter()
        run = labelling.ask(people, label, put=next(turns), by=SYSTEM)
        while labelling.step(run.id):
            pass
        return number / (time.perf_counter() - start)

    def theirs() -> float:
        start = time.perf_counter()
        bare.execute(next(bare_turns), {"label": plain.id, "number": number})
        return number / (time.perf_counter() - start)

    taken = pairs(wish.pairs, ours, theirs)
    return Figure("contacts labelled in bulk", "/s", taken[0], taken[1], "one statement")


def _importing(wish: Wish) -> Figure:
    """Rows a second of a table of new contacts, with names, addresses and labels."""
    number = SHORT_IMPORTED if wish.short else IMPORTED
    tables = count()

    def take() -> float:
        nth = next(tables)
        lines = [f"美玲{each},p{nth}-{each}@bench.test,Bench\n" for each in range(number)]
        run = uploads.upload(
            io.BytesIO(("Name,E-mail,Label\n" + "".join(lines)).encode()), "bench.csv", by=SYSTEM
        )
        start = time.perf_counter()
        working.start(run, by=SYSTEM)
        while not working.go_on(run.id):
            pass
        spent = time.perf_counter() - start
        run.refresh_from_db()
        if run.created != number:
            raise RuntimeError(f"{run.created} of {number} rows were imported")
        return number / spent

    [ours] = pairs(wish.pairs, take)
    return Figure("rows of a table imported", "/s", ours, floor=ROWS_A_SECOND)
