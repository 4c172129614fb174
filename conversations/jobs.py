"""The jobs of conversations: importing them registers them, and what has to be looked after by the clock."""

from __future__ import annotations

from django.utils import timezone
from procrastinate.contrib.django import app

from conversations import delivering, lifecycle, profiles, replaying
from tenants.jobs import LIVE, in_every_brand

__all__ = ["delivering", "profiles", "replaying", "sweep_inbound", "sweep_outbound", "wake_sleepers"]


@app.periodic(cron="* * * * * */15")  # the sixth field counts seconds
@app.task(queue=LIVE, name="conversations.sweep_outbound", queueing_lock="conversations.sweep_outbound")
def sweep_outbound(timestamp: int) -> None:
    """Every 15 seconds: pending messages that nobody works on get a job again."""
    in_every_brand(delivering.sweep)


@app.periodic(cron="* * * * *")
@app.task(queue=LIVE, name="conversations.wake_sleepers", queueing_lock="conversations.wake_sleepers")
def wake_sleepers(timestamp: int) -> None:
    """Every minute: snoozed conversations whose time has come are open again."""
    now = timezone.now()
    in_every_brand(lambda: lifecycle.wake_sleepers(now))


@app.periodic(cron="* * * * *")
@app.task(queue=LIVE, name="conversations.sweep_inbound", queueing_lock="conversations.sweep_inbound")
def sweep_inbound(timestamp: int) -> None:
    """Every minute: inbound records that nobody tries any more, and what waits for a message."""
    in_every_brand(replaying.sweep)
