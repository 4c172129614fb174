"""Making all rows anew, in steps that leave other work its turn."""

from __future__ import annotations

import logging
from uuid import UUID

from contacts.search import rebuilding as contacts
from conversations.search import rows
from tenants.jobs import BULK, defer, job

STEP = 500

logger = logging.getLogger(__name__)


@job(queue=BULK, name="search.rebuild")
def rebuild(after: str | None = None) -> None:
    """One step behind the message `after`, and the next one as a job of its own."""
    last = rows.write_from(None if after is None else UUID(after), STEP)
    if last is None:
        logger.info("the rows that messages are found by are made anew")
    else:
        defer(rebuild, after=str(last))


def start() -> None:
    """Begin with the scope's brand, its messages and its contacts; a start that still waits is not doubled."""
    contacts.start()
    defer(rebuild, only_one="search.rebuild")
