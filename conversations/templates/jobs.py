"""What has to be looked after by the clock."""

from __future__ import annotations

from procrastinate.contrib.django import app

from conversations.templates import syncing
from tenants.jobs import BULK, in_every_brand

__all__ = ["sync_templates", "syncing"]


@app.periodic(cron="43 * * * *")
@app.task(queue=BULK, name="templates.sync_templates", queueing_lock="templates.sync_templates")
def sync_templates(timestamp: int) -> None:
    """Every hour: news of templates that were not told, and those of accounts connected meanwhile."""
    in_every_brand(syncing.start_all)
