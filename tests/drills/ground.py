"""The ground of one drill: fresh brands with connected accounts, an agent, a token and a signed-in browser."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.conf import settings
from django.test import Client

from conversations import inboxes
from conversations.models import Inbox
from conversations.simulator.authors import ACCOUNT_IDS, papers
from tenants import directory, provisioning
from tenants.directory import TenantRef
from tenants.models import Agency, ChannelApp, Membership, Plan, Tenant, User
from tenants.scope import public_scope, tenant_scope
from tenants.workspace import tokens
from tenants.workspace.access import find_member
from tenants.workspace.events import SYSTEM
from tenants.workspace.models import Agent, ApiToken

NOWHERE = "http://127.0.0.1:9"
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@dataclass(frozen=True)
class Account:
    """A connected account as its platform knows it."""

    brand: str
    kind: str
    account_id: str
    secret: str
    token: str
    hook_path: str


@dataclass(frozen=True)
class Brand:
    """One brand of the drill. cookie: the agent's session on the brand's host."""

    tenant: TenantRef
    accounts: list[Account]
    api_token: str
    cookie: str
    customers: dict[str, list[str]] = field(default_factory=dict)

    @property
    def slug(self) -> str:
        return self.tenant.slug

    @property
    def host(self) -> str:
        return self.tenant.primary_host


def make_brand(kinds: Iterable[str] = ("messenger", "line"), platform_url: str = NOWHERE) -> Brand:
    """A brand with an account of each kind. platform_url: below it, a platform answers for each kind."""
    slug = f"drill-{secrets.token_hex(4)}"
    host = f"{slug}.localhost"
    with public_scope():
        agency, _made = Agency.objects.get_or_create(name="Drills")
        plan, _made = Plan.objects.get_or_create(
            name="Drills", defaults={"api_calls_per_minute": 10_000_000, "inbound_per_second": 10_000}
        )
        user = User.objects.create_user(f"agent@{slug}.test", name="Alice")
        provisioning.create(
            agency=agency,
            name=slug,
            slug=slug,
            language="en",
            timezone="Asia/Taipei",
            plan=plan,
            owner=None,
            domain=host,
        )
        directory.forget()
        tenant = directory.tenant_by_host(host)
    assert tenant is not None
    Membership.objects.create(user=user, tenant_id=tenant.id, role=Membership.Role.ADMIN)
    with tenant_scope(tenant):
        agent = Agent.objects.create(user_id=user.id, name="Alice")
        member = find_member(user)
        assert member is not None
        token = tokens.issue("drill", ApiToken.Access.WRITE, by=member, agent=agent)[1]
        accounts = [_connect(slug, kind, platform_url) for kind in kinds]
        browser = Client(headers={"host": host})
        browser.force_login(user, backend=BACKEND)
    return Brand(tenant, accounts, token, browser.cookies[settings.SESSION_COOKIE_NAME].value)


def close(brand: Brand) -> None:
    """Nobody works for the brand any more; its rows stay for whoever wants to look."""
    provisioning.suspend(Tenant.objects.get(id=brand.tenant.id))


def move(account: Account, former: Brand, brand: Brand) -> Account:
    """The account leaves its brand and is connected to another one, under the same name and with the same secrets."""
    with tenant_scope(former.tenant):
        inboxes.disconnect(Inbox.objects.get(channel=account.kind, account_id=account.account_id), by=SYSTEM)
    with tenant_scope(brand.tenant):
        moved = _connect(
            brand.slug, account.kind, NOWHERE, (account.account_id, account.secret, account.token)
        )
    brand.accounts.append(moved)
    return moved


def _connect(slug: str, kind: str, platform_url: str, names: tuple[str, str, str] | None = None) -> Account:
    """names: id, signing secret and token of an account that exists already."""
    account_id, secret, token = names or (ACCOUNT_IDS[kind](), secrets.token_hex(16), secrets.token_hex(16))
    credentials, settings_of_account = papers(kind, secret, token)
    inbox = inboxes.connect(
        kind,
        account_id,
        kind.title(),
        by=SYSTEM,
        credentials=credentials,
        secret=secret,
        base_url=f"{platform_url}/{kind}",
        settings=settings_of_account,
    )
    app = ChannelApp.objects.get(routes__inbox_id=inbox.id)
    return Account(slug, kind, account_id, secret, token, f"/hooks/{kind}/{app.key}")
