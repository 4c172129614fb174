"""Access tokens that platforms lend for a while: one for each inbox, shared by every process.

    sent = access_tokens.use(channel, account, way, lambda account: channel.send(message, account, way))

A new token may end the one before, so only one caller asks at a time; the others wait a moment for what it brings.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from conversations import transport
from conversations.accounts import account_of
from conversations.channels import registry
from conversations.channels.base import AccessToken, Account, Channel, Transport
from conversations.channels.errors import DeliveryError, ErrorKind
from conversations.models import AccessToken as Lent
from conversations.models import Inbox
from tenants import sealing
from tenants.jobs import LIVE, defer, job
from tenants.scope import scoped_tenant

ASK_SECONDS = 10.0
ASKING = timedelta(seconds=15)  # longer than a call may take: after it another may ask
WAIT_SECONDS, WAIT_STEP = 4.0, 0.2
SPARE = timedelta(seconds=30)  # a token is not used any more in its last moments
EARLY = timedelta(minutes=3)  # WeChat gives a new one from five minutes before the end on
EARLIEST_RENEWAL = timedelta(minutes=1)

logger = logging.getLogger(__name__)

T = TypeVar("T")


def use(channel: Channel, account: Account, way: Transport, act: Callable[[Account], T]) -> T:
    """`act` with the account holding a good token; for accounts that need none, `act` as it is.

    A token that the platform calls dead is replaced once, and `act` runs again: by that answer it had done
    nothing. Outside of transactions. way: how the platform is asked. Raises DeliveryError.
    """
    if not channel.borrows_token(account):
        return act(account)
    inbox_id = Inbox.objects.values_list("id", flat=True).get(
        channel=channel.kind, account_id=account.account_id
    )
    token = _current(inbox_id) or _borrow(channel, inbox_id, account, way)
    try:
        return act(_holding(account, token))
    except DeliveryError as error:
        if error.kind is not ErrorKind.AUTH_EXPIRED:
            raise
    return act(_holding(account, _borrow(channel, inbox_id, account, way, refused=token)))


def forget(inbox_id: UUID) -> None:
    """The credentials changed, or the account is not ours any more: what was lent to it is of no use."""
    Lent.objects.filter(inbox_id=inbox_id).delete()


@job(queue=LIVE)
def renew_early(inbox_id: str) -> None:
    """Borrow the next token before the one in use ends, so that nobody has to wait for it."""
    inbox = Inbox.objects.filter(id=UUID(inbox_id), is_active=True, health=Inbox.Health.GOOD).first()
    row = Lent.objects.filter(inbox_id=UUID(inbox_id)).first()
    if inbox is None or row is None or row.expires_at is None:
        return
    if row.expires_at > timezone.now() + EARLY + SPARE:  # somebody was faster
        _come_back(inbox.id, row)
        return
    try:
        account = account_of(inbox)
        _ask(registry.open(inbox.channel), inbox.id, account, transport.within(ASK_SECONDS))
    except (DeliveryError, sealing.Unsealable) as error:
        logger.warning("no new token for inbox %s: %s", inbox.id, error)  # who needs one next asks again


def _borrow(channel: Channel, inbox_id: UUID, account: Account, way: Transport, *, refused: str = "") -> str:
    """A token that is not the refused one: asked for, or brought meanwhile by somebody else who asked."""
    ends_at = time.monotonic() + WAIT_SECONDS
    while True:
        token = _ask(channel, inbox_id, account, way, refused=refused, known_will_do=True)
        if token:
            return token
        if time.monotonic() > ends_at:
            raise DeliveryError(ErrorKind.TEMPORARY, code="token", detail="another process asks for a token")
        time.sleep(WAIT_STEP)


def _ask(
    channel: Channel,
    inbox_id: UUID,
    account: Account,
    way: Transport,
    *,
    refused: str = "",
    known_will_do: bool = False,
) -> str:
    """Ask the platform and keep what it lends; "" when somebody else is asking. Raises DeliveryError."""
    if not _claim(inbox_id):
        return ""
    try:
        known = _current(inbox_id)
        if known_will_do and known and known != refused:
            return known
        lent = channel.lend_token(account, way, refused=refused)
        if lent is None:
            raise DeliveryError(ErrorKind.AUTH_EXPIRED, code="no_token", detail="the platform lends no token")
        _keep(inbox_id, lent)
        return lent.value
    finally:
        Lent.objects.filter(inbox_id=inbox_id).update(asked_until=None)


def _claim(inbox_id: UUID) -> bool:
    """Whether it is this caller who asks. One that died is waited for no longer than ASKING."""
    Lent.objects.bulk_create([Lent(inbox_id=inbox_id)], ignore_conflicts=True)
    free = Lent.objects.filter(Q(asked_until__isnull=True) | Q(asked_until__lt=Now()), inbox_id=inbox_id)
    return free.update(asked_until=Now() + ASKING) == 1


def _keep(inbox_id: UUID, lent: AccessToken) -> None:
    sealed = sealing.seal(lent.value, bound_to=_binding(inbox_id))
    expires_at = timezone.now() + timedelta(seconds=lent.seconds)
    with transaction.atomic():
        Lent.objects.filter(inbox_id=inbox_id).update(sealed=sealed, expires_at=expires_at)
        _come_back(inbox_id, Lent(sealed=sealed, expires_at=expires_at))


def _come_back(inbox_id: UUID, row: Lent) -> None:
    if row.expires_at is not None:
        at = max(row.expires_at - EARLY, timezone.now() + EARLIEST_RENEWAL)
        defer(renew_early, at=at, only_one=f"token:{inbox_id}", inbox_id=str(inbox_id))


def _current(inbox_id: UUID) -> str:
    """The token in use, "" when there is none, or it has ended."""
    row = (
        Lent.objects.filter(inbox_id=inbox_id, expires_at__gt=timezone.now() + SPARE)
        .exclude(sealed="")
        .first()
    )
    if row is None:
        return ""
    try:
        return sealing.unseal(row.sealed, bound_to=_binding(inbox_id))
    except sealing.Unsealable:  # sealed under a key that is gone: another one is borrowed
        return ""


def _binding(inbox_id: UUID) -> str:
    return f"inbox:{scoped_tenant().id}:{inbox_id}:access_token"


def _holding(account: Account, token: str) -> Account:
    return replace(account, credentials={**account.credentials, "access_token": token})
