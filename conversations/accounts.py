"""The sealed side of an inbox: what its channel needs to talk to the platform."""

from __future__ import annotations

import json
from collections.abc import Mapping
from uuid import UUID

from conversations.channels.base import Account
from conversations.models import Inbox
from tenants import sealing
from tenants.scope import scoped_tenant


def account_of(inbox: Inbox) -> Account:
    """The connected account, with its credentials opened. Raises sealing.Unsealable."""
    return Account(
        account_id=inbox.account_id,
        base_url=inbox.base_url,
        credentials=_opened(inbox),
        settings=inbox.settings,
    )


def sealed_credentials(inbox_id: UUID, credentials: Mapping[str, str]) -> str:
    """Credentials as they stand in the inbox's row: bound to the scope's tenant and to the row."""
    return sealing.seal(json.dumps(dict(credentials)), bound_to=binding(inbox_id))


def binding(inbox_id: UUID) -> str:
    """What ties an inbox's sealed credentials to the scope's tenant and to the row."""
    return f"inbox:{scoped_tenant().id}:{inbox_id}:credentials"


def _opened(inbox: Inbox) -> dict[str, str]:
    if not inbox.sealed_credentials:
        return {}
    opened: dict[str, str] = json.loads(sealing.unseal(inbox.sealed_credentials, bound_to=binding(inbox.id)))
    return opened
