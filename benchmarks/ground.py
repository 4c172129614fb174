"""The data that is measured on: brands, their accounts, agents with sessions and tokens; and the references'."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.db.models import Q
from django.db.models.functions import Now
from procrastinate.contrib.django.models import ProcrastinateJob

from benchmarks import servers
from benchmarks.load.writing import FIRST_MESSENGER_CUSTOMER
from config import env
from config.postgres.place import PROJECT
from conversations import inboxes
from conversations.models import Conversation, Inbox
from conversations.simulator.authors import papers
from tenants import directory, provisioning
from tenants.directory import TenantRef
from tenants.models import Agency, ChannelApp, Membership, Plan, User
from tenants.scope import public_scope, tenant_scope
from tenants.sessions import SessionStore
from tenants.workspace import tokens
from tenants.workspace.access import find_member
from tenants.workspace.events import SYSTEM
from tenants.workspace.log import newest_sequence
from tenants.workspace.models import Agent, ApiToken

CUSTOMERS = 500  # of each account
DRAIN_SECONDS = 120.0
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
NO_LIMIT = 1_000_000


@dataclass(frozen=True)
class Brand:
    """A brand as the load generator needs it. targets: its accounts; authorization: of its API token."""

    tenant: TenantRef
    host: str
    targets: list[dict[str, str]]
    authorization: str
    owner: User


@cache
def agency_and_plan() -> tuple[Agency, Plan]:
    """The agency of all measured brands, and a plan whose limits are not what is measured."""
    limits = {"api_calls_per_minute": NO_LIMIT, "inbound_per_second": NO_LIMIT, "sockets": NO_LIMIT}
    return Agency.objects.create(name="Measured"), Plan.objects.create(name="Measured", **limits)


def make_brand(slug: str, platform_port: int = 1, kinds: Iterable[str] = ("messenger", "line")) -> Brand:
    """A brand with an account of each kind, an owner and a token. platform_port: where it sends to."""
    agency, plan = agency_and_plan()
    owner = User.objects.create(email=f"owner@{slug}.test", name="Owner")
    host = f"{slug}.localhost"
    row = provisioning.create(
        agency=agency,
        name=slug.title(),
        slug=slug,
        language="en",
        timezone="Asia/Taipei",
        plan=plan,
        owner=owner,
        domain=host,
    )
    with tenant_scope(row):
        targets = [_connect(channel, slug, platform_port, host) for channel in kinds]
        member = find_member(owner)
        assert member is not None
        agent = Agent.objects.get(user_id=owner.id)
        token = tokens.issue("bench", ApiToken.Access.WRITE, by=member, agent=agent)[1]
    tenant = directory.tenant_by_id(row.id)
    assert tenant is not None
    return Brand(tenant, host, targets, f"Bearer {token}", owner)


def _connect(channel: str, slug: str, platform_port: int, host: str) -> dict[str, str]:
    account, secret = account_id(channel, slug), secrets.token_hex(16)
    credentials, settings = papers(channel, secret, "given by nobody")
    inbox = inboxes.connect(
        channel,
        account,
        channel.title(),
        by=SYSTEM,
        credentials=credentials,
        secret=secret,
        base_url=f"http://127.0.0.1:{platform_port}",
        settings=settings,
    )
    key = ChannelApp.objects.get(routes__inbox_id=inbox.id).key
    return {
        "channel": channel,
        "path": f"/hooks/{channel}/{key}",
        "host": host,
        "account": account,
        "secret": secret,
    }


def account_id(channel: str, slug: str) -> str:
    """The name of a brand's account, in a form that its platform's senders take."""
    return f"{slug}@shop.example" if channel == "email" else f"{channel}-{slug}"


def people(brand: Brand, number: int) -> list[str]:
    """So many agents of a brand, each signed in. Returns the cookie header of each."""
    with public_scope():
        users = [
            User(email=f"agent{place}.{secrets.token_hex(4)}@bench.test", name=f"Agent {place}")
            for place in range(number)
        ]
        User.objects.bulk_create(users)
        Membership.objects.bulk_create(
            Membership(user=user, tenant_id=brand.tenant.id, role=Membership.Role.ADMIN) for user in users
        )
    with tenant_scope(brand.tenant):
        Agent.objects.bulk_create(Agent(user_id=user.id, name=user.name) for user in users)
        return [sign_in(user) for user in users]


def sign_in(user: User) -> str:
    """A session of the scope's brand; the cookie header that shows it."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = BACKEND
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return f"session={session.session_key}"


def acquaint(brand: Brand, port: int, customers: int = CUSTOMERS) -> None:
    """Let every customer of a brand write once, and wait until the worker has asked for all their names."""
    kinds = {target["channel"] for target in brand.targets}
    written = webhooks if kinds <= {"messenger", "line"} else simulated
    write = {**written(brand, customers=customers), "in_turn": True}
    count = customers * len(brand.targets)
    servers.load({"port": port, "write": write, "senders": 16, "seconds": 60, "count": count})
    deadline = time.monotonic() + DRAIN_SECONDS
    while waiting_jobs() and time.monotonic() < deadline:
        time.sleep(0.1)


def waiting_jobs() -> int:
    """How many jobs of all brands run, or wait and are due."""
    is_due = Q(scheduled_at__isnull=True) | Q(scheduled_at__lte=Now())
    with public_scope():
        return ProcrastinateJob.objects.filter(is_due, status__in=["todo", "doing"]).count()


def webhooks(*brands: Brand, customers: int = CUSTOMERS, only: int | None = None) -> dict[str, Any]:
    """What the customers of brands write, as the load generator's plan says it."""
    targets = [target for brand in brands for target in brand.targets]
    return {"kind": "webhooks", "targets": targets, "customers": customers, "only": only}


def simulated(brand: Brand, customers: int = CUSTOMERS, kind: str = "") -> dict[str, Any]:
    """The same from the simulated platforms, whatever their kinds. kind: of this one only."""
    targets = [target for target in brand.targets if kind in {"", target["channel"]}]
    return {"kind": "simulated", "targets": targets, "customers": customers}


def make_references(customers: int = CUSTOMERS) -> dict[str, Any]:
    """Tables and customers of the raw and the plain build; {token, conversations}."""
    made = subprocess.run(
        [sys.executable, "-m", "benchmarks.references.plain.make", str(customers)],
        cwd=PROJECT,
        env=env.changed(**servers.PLAIN_SETTINGS),
        capture_output=True,
        text=True,
        check=True,
    )
    result: dict[str, Any] = json.loads(made.stdout)
    return result


def posts(customers: int = CUSTOMERS) -> dict[str, Any]:
    """The same messages for the references."""
    return {"kind": "posts", "path": "/hook", "host": "127.0.0.1", "customers": customers}


def inbox_of(brand: Brand, channel: str) -> Inbox:
    """The brand's inbox of a channel. Call it inside the brand's scope."""
    return Inbox.objects.get(channel=channel, account_id=account_id(channel, brand.tenant.slug))


def conversations(number: int) -> list[str]:
    """The ids of so many conversations of the scope's brand."""
    return [str(each) for each in Conversation.objects.order_by("id").values_list("id", flat=True)[:number]]


def conversation_of(brand: Brand, customer: int) -> str:
    """The conversation of a Messenger customer. Call it inside the brand's scope."""
    address = str(FIRST_MESSENGER_CUSTOMER + customer)
    found = Conversation.objects.get(identity__address=address, inbox=inbox_of(brand, "messenger"))
    return str(found.id)


def newest(brand: Brand) -> int:
    """The number of the newest event of a brand."""
    with tenant_scope(brand.tenant):
        return newest_sequence()
