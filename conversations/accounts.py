"""The sealed side of an inbox: what its channel needs to talk to the platform."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

from conversations.channels import registry
from conversations.channels.base import Account
from conversations.models import Inbox
from tenants import channel_apps, directory, links, sealing
from tenants.models import ChannelApp
from tenants.scope import scoped_tenant


def account_of(inbox: Inbox) -> Account:
    """The connected account, with its credentials opened. Raises sealing.Unsealable."""
    return Account(
        account_id=inbox.account_id,
        base_url=inbox.base_url,
        credentials=_opened(inbox),
        settings=inbox.settings,
        hook_url=hook_url(inbox) if registry.open(inbox.channel).wants_hook_address else "",
    )


def account_to_check(inbox: Inbox) -> Account:
    """The connected account with where its hooks shall go and what signs them, so that a check may compare, and
    set what is missing. Raises sealing.Unsealable."""
    app = directory.app_by_key(_hook_key(inbox))
    secrets = channel_apps.opened_secrets(app, at=time.time()) if app is not None else []
    return replace(account_of(inbox), hook_url=hook_url(inbox), hook_secret=next(iter(secrets), ""))


def hook_url(inbox: Inbox) -> str:
    """Where the platform shall call for an inbox, on the platform's own host; "" for one without a route."""
    key = _hook_key(inbox)
    return links.address(None, f"/hooks/{inbox.channel}/{key}") if key else ""


def _hook_key(inbox: Inbox) -> str:
    apps = ChannelApp.objects.filter(routes__tenant_id=scoped_tenant().id, routes__inbox_id=inbox.id)
    return apps.values_list("key", flat=True).first() or ""


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
