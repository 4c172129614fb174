"""The jobs of contacts: importing them registers them, and what has to be looked after by the clock."""

from __future__ import annotations

from procrastinate.contrib.django import app

from contacts.lists import exporting as list_exporting
from contacts.lists.importing import working as importing
from contacts.privacy import erasing, exporting, retention, watching
from contacts.search import rebuilding
from tenants.jobs import BULK, in_every_brand

__all__ = [
    "erasing",
    "exporting",
    "importing",
    "rebuilding",
    "retention",
    "sweep_lists",
    "sweep_privacy",
    "tidy_up_privacy",
]


@app.periodic(cron="*/5 * * * *")
@app.task(queue=BULK, name="contacts.sweep_privacy", queueing_lock="contacts.sweep_privacy")
def sweep_privacy(timestamp: int) -> None:
    """Every five minutes: erasings and exports that a killed worker has left, exports that are too old, and who of the
    staff looks at too many."""
    in_every_brand(erasing.sweep)
    in_every_brand(exporting.sweep)
    in_every_brand(watching.look)


@app.periodic(cron="*/5 * * * *")
@app.task(queue=BULK, name="contacts.sweep_lists", queueing_lock="contacts.sweep_lists")
def sweep_lists(timestamp: int) -> None:
    """Every five minutes: imports and bulk work that a killed worker has left, and what is too old."""
    in_every_brand(importing.sweep)
    in_every_brand(list_exporting.sweep)


@app.periodic(cron="7 2 * * *")
@app.task(queue=BULK, name="contacts.tidy_up_privacy", queueing_lock="contacts.tidy_up_privacy")
def tidy_up_privacy(timestamp: int) -> None:
    """Every night: what has been kept for as long as the brand wants it."""
    in_every_brand(retention.start)
