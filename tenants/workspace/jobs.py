"""What is tidied up every night: what has served its time and nobody would miss."""

from __future__ import annotations

from datetime import timedelta

from django.core.management import call_command
from django.utils import timezone
from procrastinate.contrib.django import app

from tenants.jobs import BULK, give_connection_back, in_every_brand
from tenants.models import HandOffTicket, Invitation
from tenants.workspace import idempotency

SPENT_AFTER = timedelta(days=30)  # long enough to answer "was I ever invited?"


@app.periodic(cron="17 3 * * *")
@app.task(queue=BULK, name="workspace.tidy_up_brands", queueing_lock="workspace.tidy_up_brands")
def tidy_up_brands(timestamp: int) -> None:
    """Every night: kept answers of idempotent calls that are older than a day."""
    in_every_brand(idempotency.sweep)


@app.periodic(cron="47 3 * * *")
@app.task(queue=BULK, name="workspace.tidy_up_house", queueing_lock="workspace.tidy_up_house")
def tidy_up_house(timestamp: int) -> None:
    """Every night: ended sessions, and tickets and invitations that ended long ago."""
    try:
        call_command("clearsessions")
        ended = timezone.now() - SPENT_AFTER
        HandOffTicket.objects.filter(expires_at__lt=ended).delete()
        Invitation.objects.filter(expires_at__lt=ended, accepted_at__isnull=True).delete()
    finally:
        give_connection_back()
