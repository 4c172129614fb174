"""The jobs of conversations: importing them registers them, and what has to be looked after by the clock."""

from __future__ import annotations

from django.utils import timezone
from procrastinate.contrib.django import app

from conversations import access_tokens, checking, delivering, lifecycle, members, profiles, replaying
from conversations.files import incoming, storing
from tenants.jobs import BULK, LIVE, in_every_brand

__all__ = [
    "access_tokens",
    "checking",
    "delivering",
    "incoming",
    "members",
    "profiles",
    "remove_loose_files",
    "replaying",
    "sweep_files",
    "sweep_inbound",
    "sweep_outbound",
    "wake_sleepers",
]


@app.periodic(cron="* * * * * */15")  # the sixth field counts seconds
@app.task(queue=LIVE, name="conversations.sweep_outbound", queueing_lock="conversations.sweep_outbound")
def sweep_outbound(timestamp: int) -> None:
    """Every 15 seconds: workers are told again of pending messages that nobody works on."""
    in_every_brand(delivering.sweep)


@app.periodic(cron="* * * * *")
@app.task(queue=LIVE, name="conversations.wake_sleepers", queueing_lock="conversations.wake_sleepers")
def wake_sleepers(timestamp: int) -> None:
    """Every minute: snoozed conversations whose time has come are open again."""
    now = timezone.now()
    in_every_brand(lambda: lifecycle.wake_sleepers(now))


@app.periodic(cron="17 * * * *")
@app.task(queue=BULK, name="conversations.check_accounts", queueing_lock="conversations.check_accounts")
def check_accounts(timestamp: int) -> None:
    """Every hour: accounts that were not checked for a while are."""
    in_every_brand(checking.start_due)


@app.periodic(cron="* * * * *")
@app.task(queue=LIVE, name="conversations.sweep_inbound", queueing_lock="conversations.sweep_inbound")
def sweep_inbound(timestamp: int) -> None:
    """Every minute: inbound records that nobody tries any more, and what waits for a message."""
    in_every_brand(replaying.sweep)


@app.periodic(cron="*/5 * * * *")
@app.task(queue=BULK, name="conversations.sweep_files", queueing_lock="conversations.sweep_files")
def sweep_files(timestamp: int) -> None:
    """Every five minutes: files that nobody fetches any more."""
    in_every_brand(incoming.sweep)


@app.periodic(cron="43 * * * *")
@app.task(
    queue=BULK, name="conversations.remove_loose_files", queueing_lock="conversations.remove_loose_files"
)
def remove_loose_files(timestamp: int) -> None:
    """Every hour: files that belong to no message."""
    in_every_brand(storing.sweep)
