"""Connecting a brand to its accounts: the inbox, the application that signs its hooks, the route between."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from conversations import access_tokens, breaker, delivering
from conversations.accounts import account_of, binding, sealed_credentials
from conversations.channels import registry
from conversations.models import Inbox
from tenants import channel_apps, directory, sealing
from tenants.ids import new_id
from tenants.models import ChannelApp, ChannelRoute
from tenants.scope import scoped_tenant
from tenants.workspace import audit
from tenants.workspace.events import Actor, unit_of_work
from tenants.workspace.models import Team


class CannotConnect(Exception):
    """The account cannot be connected; `code` says why.

    Codes: account_taken, account_missing, foreign_app, secret_unusable (the platform takes no such signing secret),
    unknown_channel.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def connect(
    channel: str,
    account_id: str,
    name: str,
    *,
    by: Actor,
    credentials: Mapping[str, str] | None = None,
    secret: str = "",
    verify_token: str = "",
    app: ChannelApp | None = None,
    base_url: str = "",
    identity_scope: str = "",
    settings: Mapping[str, Any] | None = None,
) -> Inbox:
    """Connect an account to the scope's brand. An account is connected once in the whole house; one that this
    brand had connected before comes back as the same inbox, with its conversations.

    account_id: the platform's id of the receiving account; where no platform gives one it is made here.
    secret: signs the platform's hooks. app: an application that several brands share; without one the
    account gets its own.
    identity_scope: inside which customers' ids are valid (LINE: the provider); default: the account.
    Raises CannotConnect.
    """
    if channel not in registry.KINDS:
        raise CannotConnect("unknown_channel")
    is_made_here = not registry.open(channel).account_label
    account_id = account_id or (secrets.token_urlsafe(16) if is_made_here else "")
    if not account_id:
        raise CannotConnect("account_missing")
    if app is not None and (app.kind != channel or app.tenant_id not in {None, scoped_tenant().id}):
        raise CannotConnect("foreign_app")
    _require_usable(channel, secret)
    with unit_of_work():
        former = _former(channel, account_id)
        inbox = former or Inbox(id=new_id(), channel=channel, account_id=account_id)
        inbox.name, inbox.base_url, inbox.settings = name, base_url, dict(settings or {})
        inbox.identity_scope = identity_scope or inbox.identity_scope or account_id
        inbox.sealed_credentials = sealed_credentials(inbox.id, credentials or {})
        inbox.is_active = True
        try:
            with transaction.atomic():
                inbox.save(force_insert=former is None)
                signer = app or channel_apps.create(
                    channel, name, tenant_id=scoped_tenant().id, secret=secret, verify_token=verify_token
                )
                _route(inbox, signer)
        except IntegrityError:
            raise CannotConnect("account_taken") from None
        if former is not None:
            access_tokens.forget(inbox.id)
            breaker.recover(inbox.id, at=timezone.now())
            delivering.start_all()
        _audit("inbox.connected", inbox, by=by, changes={"channel": channel, "account": account_id})
    return inbox


def describe(inbox: Inbox, name: str, teams: Iterable[Team], *, by: Actor) -> None:
    """Give an inbox a name, and say whose it is. teams: none means that everybody sees it."""
    with unit_of_work():
        row = _locked(inbox)
        row.name = name
        row.save(update_fields=["name"])
        row.teams.set(teams)
        _audit("inbox.described", row, by=by, changes={"name": name})


def disconnect(inbox: Inbox, *, by: Actor) -> None:
    """Stop receiving and sending, forget the credentials, free the account. What was said stays."""
    with unit_of_work():
        row = _locked(inbox)
        routes = ChannelRoute.objects.filter(tenant_id=scoped_tenant().id, inbox_id=row.id)
        app_ids = list(routes.values_list("app_id", flat=True))
        routes.delete()
        ChannelApp.objects.filter(id__in=app_ids, tenant_id=scoped_tenant().id, routes__isnull=True).delete()
        access_tokens.forget(row.id)
        row.is_active, row.sealed_credentials = False, ""
        row.save(update_fields=["is_active", "sealed_credentials"])
        _audit("inbox.disconnected", row, by=by)
        transaction.on_commit(directory.forget)


def renew_credentials(
    inbox: Inbox, credentials: Mapping[str, str], *, by: Actor, settings: Mapping[str, str] | None = None
) -> Inbox:
    """Give a connected account new credentials; what waited because the old ones were refused goes out. Returns the row
    as it is now.

    Those that are not given stay as they are. settings: what is no secret; "" takes one away.
    """
    with unit_of_work():
        row = _locked(inbox)
        access_tokens.forget(row.id)
        row.sealed_credentials = sealed_credentials(row.id, {**_kept(row), **credentials})
        told = {**row.settings, **(settings or {})}
        row.settings = {name: value for name, value in told.items() if value != ""}
        row.save(update_fields=["sealed_credentials", "settings"])
        if breaker.recover(row.id, at=timezone.now()):
            delivering.start_all()
        _audit("inbox.credentials_renewed", row, by=by)
    return row


def rotate_secret(inbox: Inbox, secret: str, *, by: Actor) -> None:
    """Set a new signing secret for the inbox's own application; the old one is good for another day. Raises
    CannotConnect."""
    _require_usable(inbox.channel, secret)
    with unit_of_work():
        row = _locked(inbox)
        channel_apps.rotate_secret(app_of(row), secret, at=timezone.now())
        _audit("inbox.secret_rotated", row, by=by)
        transaction.on_commit(directory.forget)


def app_of(inbox: Inbox) -> ChannelApp:
    """The application that signs the inbox's hooks. Raises CannotConnect("foreign_app") when the brand shares
    it with others: then it is the platform's operator who changes it."""
    app = ChannelApp.objects.get(routes__tenant_id=scoped_tenant().id, routes__inbox_id=inbox.id)
    if app.tenant_id != scoped_tenant().id:
        raise CannotConnect("foreign_app")
    return app


def reseal_all() -> int:
    """Bring the credentials of the scope's brand under the newest key. Returns how many changed."""
    rows = Inbox.objects.exclude(sealed_credentials="").values_list("id", "sealed_credentials")
    return sum(
        Inbox.objects.filter(id=row_id, sealed_credentials=sealed).update(
            sealed_credentials=sealing.reseal(sealed, bound_to=binding(row_id))
        )
        for row_id, sealed in rows
        if not sealing.is_newest(sealed)
    )


def _former(channel: str, account_id: str) -> Inbox | None:
    """The inbox of an account that was disconnected: nothing leads to it any more."""
    rows = Inbox.objects.select_for_update(no_key=True).filter(is_active=False)
    row = rows.filter(channel=channel, account_id=account_id).first()
    if row is None or ChannelRoute.objects.filter(tenant_id=scoped_tenant().id, inbox_id=row.id).exists():
        return None
    return row


def _route(inbox: Inbox, app: ChannelApp) -> None:
    ChannelRoute.objects.create(
        app=app,
        kind=inbox.channel,
        account_id=inbox.account_id,
        tenant_id=scoped_tenant().id,
        inbox_id=inbox.id,
    )
    transaction.on_commit(directory.forget)


def _require_usable(channel: str, secret: str) -> None:
    if secret and not registry.open(channel).takes_secret(secret):
        raise CannotConnect("secret_unusable")


def _kept(row: Inbox) -> Mapping[str, str]:
    """The credentials as they are; none where they cannot be read any more."""
    try:
        return account_of(row).credentials
    except sealing.Unsealable:
        return {}


def _locked(inbox: Inbox) -> Inbox:
    return Inbox.objects.select_for_update(no_key=True).get(pk=inbox.pk)


def _audit(act: str, inbox: Inbox, *, by: Actor, changes: Mapping[str, str] | None = None) -> None:
    audit.note_by(by, act, "inbox", inbox.id, inbox.name, changes=changes)
