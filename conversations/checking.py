"""Whether a connected account still works: asked when a person wants to know, and by the clock.

Some platforms stop telling us things without a word, so that silence looks like a quiet day. What the platform
answers stands on the inbox's row, is shown to the brand and to the operator, and raises an alarm when it is bad
news.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from conversations import breaker, delivering, platforms
from conversations.accounts import account_to_check
from conversations.channels.base import AccountCheck
from conversations.channels.errors import ACCOUNT_KINDS, DeliveryError, ErrorKind
from conversations.events import InboxWarned
from conversations.models import Inbox
from tenants.jobs import BULK, defer, job
from tenants.workspace.events import SYSTEM, Actor, record, unit_of_work

CHECK_SECONDS = 12.0
CHECK_EVERY = timedelta(hours=6)

logger = logging.getLogger(__name__)


def check(inbox: Inbox, *, by: Actor) -> Inbox:
    """Ask the platform, outside of any transaction, and note its answer. Returns the row as it is now.

    Account trouble stops sending until somebody reconnects; a good answer ends it. Receiving goes on in any case.
    """
    found = _ask(inbox)
    now = timezone.now()
    with unit_of_work():
        row = Inbox.objects.select_for_update(no_key=True).get(id=inbox.id)
        before = {*row.warnings, row.check_error}
        row.checked_at = now
        if isinstance(found, DeliveryError):
            row.check_error, row.check_detail = found.kind, found.detail[:500]
        else:
            row.check_error, row.check_detail = "", ""
            row.platform_name, row.figures = found.name[:200], dict(found.figures)
            row.warnings = list(found.warnings)
        row.save(
            update_fields=[
                "checked_at", "check_error", "check_detail", "platform_name", "figures", "warnings",
            ]
        )  # fmt: skip
        _follow(row, found)
        news = {*row.warnings, row.check_error} - before - {""}
        if news:
            record(
                InboxWarned(inbox_id=row.id, error_kind=row.check_error, warnings=tuple(row.warnings)), by=by
            )
    return Inbox.objects.get(id=inbox.id)


def start_due() -> int:
    """Let a worker check every account of the brand that was not checked for a while. Returns how many."""
    due = Q(checked_at__isnull=True) | Q(checked_at__lt=timezone.now() - CHECK_EVERY)
    ids = list(Inbox.objects.filter(due, is_active=True).values_list("id", flat=True))
    for inbox_id in ids:
        defer(check_one, only_one=f"check:{inbox_id}", inbox_id=str(inbox_id))
    return len(ids)


@job(queue=BULK)
def check_one(inbox_id: str) -> None:
    """Check one account, by the clock."""
    inbox = Inbox.objects.filter(id=UUID(inbox_id), is_active=True).first()
    if inbox is not None:
        check(inbox, by=SYSTEM)


def _ask(inbox: Inbox) -> AccountCheck | DeliveryError:
    try:
        return platforms.ask(
            inbox,
            lambda channel, account, way: channel.check(account, way),
            seconds=CHECK_SECONDS,
            opened=account_to_check,
        )
    except DeliveryError as error:
        return error
    except Exception as error:
        logger.exception("channel %s broke while checking inbox %s", inbox.channel, inbox.id)
        return DeliveryError(ErrorKind.TEMPORARY, code=type(error).__name__, detail="the check broke")


def _follow(row: Inbox, found: AccountCheck | DeliveryError) -> None:
    """Let the breaker know what the answer means for sending."""
    if isinstance(found, DeliveryError):
        if found.kind in ACCOUNT_KINDS:
            breaker.note_refusal(row.id, found.kind)
    elif row.health == Inbox.Health.DISCONNECTED and breaker.recover(row.id, at=timezone.now()):
        delivering.start_all()
