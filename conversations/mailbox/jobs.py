"""What has to be looked after by the clock."""

from __future__ import annotations

from procrastinate.contrib.django import app

from conversations.mailbox import reading
from tenants.jobs import BULK, in_every_brand

__all__ = ["reading", "visit_mailboxes"]


@app.periodic(cron="* * * * *")
@app.task(queue=BULK, name="mailbox.visit_mailboxes", queueing_lock="mailbox.visit_mailboxes")
def visit_mailboxes(timestamp: int) -> None:
    """Every minute: a visit to each mailbox."""
    in_every_brand(reading.start_due)
