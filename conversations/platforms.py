"""Asking an inbox's platform for something, now.

    told = platforms.ask(inbox, lambda channel, account, way: channel.fetch_templates(account, way), seconds=60)

Messages go out another way: their account was opened when their attempt began (`delivering`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from conversations import access_tokens, transport
from conversations.accounts import account_of
from conversations.channels import registry
from conversations.channels.base import Account, Channel, Transport
from conversations.channels.errors import DeliveryError, ErrorKind
from conversations.models import Inbox
from tenants.sealing import Unsealable

T = TypeVar("T")


def ask(
    inbox: Inbox,
    act: Callable[[Channel, Account, Transport], T],
    *,
    seconds: float,
    opened: Callable[[Inbox], Account] = account_of,
) -> T:
    """What `act` brings back, given the inbox's channel, its account with a good token, and how the platform is asked.

    Outside of transactions. seconds: how long all of it may take. opened: what opens the account. Raises what `act`
    raises, and DeliveryError: AUTH_EXPIRED also where the stored credentials cannot be read.
    """
    channel, way = registry.open(inbox.channel), transport.within(seconds)
    try:
        account = opened(inbox)
    except Unsealable:
        raise DeliveryError(
            ErrorKind.AUTH_EXPIRED, code="unsealable", detail="the stored credentials cannot be read"
        ) from None
    return access_tokens.use(channel, account, way, lambda holding: act(channel, holding, way))
