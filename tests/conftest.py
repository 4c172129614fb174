"""The ground under every test: two brands, acme and globex, and their people.

The brands are provisioned once per test database. Alice (administrator), Bob (agent), Carol (supervisor) and Victor
(viewer) belong to acme; Charlie owns globex and must see nothing in acme.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.test import Client, TransactionTestCase
from pytest_django import DjangoDbBlocker

from config import catalogs
from tenants import directory, provisioning
from tenants.directory import TenantRef
from tenants.models import Agency, Membership, Plan, User
from tenants.scope import public_scope, tenant_scope
from tenants.workspace import tokens
from tenants.workspace.access import Member, find_member
from tenants.workspace.models import Agent
from tests.database import Snapshot, end_other_sessions
from tests.programs import Api, Caller
from tests.scene import Scene, furnish

PEOPLE = {
    "alice": ("Alice", Membership.Role.ADMIN),
    "bob": ("Bob", Membership.Role.AGENT),
    "carol": ("Carol", Membership.Role.SUPERVISOR),
    "victor": ("Victor", Membership.Role.VIEWER),
}
PASSWORD = "a harbour at night"
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"

SignIn = Callable[[User, TenantRef], Client]


def pytest_configure(config: pytest.Config) -> None:
    """Compile the catalogs once, before the parallel workers start: nothing compiled is committed."""
    if not hasattr(config, "workerinput"):
        catalogs.compile_all(Path(folder) for folder in settings.LOCALE_PATHS)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[None]:
    """The test database, with the brands in it; tests that commit are undone by `Snapshot.restore`."""
    with django_db_blocker.unblock():
        _found_brands()
        snapshot = Snapshot.take()
    patch = pytest.MonkeyPatch()
    patch.setattr(TransactionTestCase, "_fixture_teardown", lambda case: snapshot.restore())
    yield
    patch.undo()
    with django_db_blocker.unblock():
        end_other_sessions()  # threads of async tests leave connections behind, which hold up the removal


def _found_brands() -> None:
    agency = Agency.objects.create(name="Harbour")
    plan = Plan.objects.create(name="Standard")
    charlie = _person("Charlie")
    common = {"agency": agency, "plan": plan, "language": "en", "timezone": "Asia/Taipei"}
    acme = provisioning.create(name="Acme", slug="acme", owner=None, domain="acme.localhost", **common)
    provisioning.create(name="Globex", slug="globex", owner=charlie, domain="globex.localhost", **common)
    for name, role in PEOPLE.values():
        user = _person(name)
        Membership.objects.create(user=user, tenant=acme, role=role)
        with tenant_scope(acme):
            Agent.objects.create(user_id=user.id, name=name)


def _person(name: str) -> User:
    return User.objects.create_user(f"{name.lower()}@harbour.test", PASSWORD, name=name)


@pytest.fixture(autouse=True)
def nothing_remembered() -> Iterator[None]:
    """Neither look-ups nor cached values of one test reach another."""
    directory.forget()
    cache.clear()
    yield
    directory.forget()
    cache.clear()


# --- brands ------------------------------------------------------------------------------------------------


def _brand(host: str) -> TenantRef:
    tenant = directory.tenant_by_host(host)
    assert tenant is not None
    return tenant


@pytest.fixture
def acme(db: None) -> TenantRef:
    return _brand("acme.localhost")


@pytest.fixture
def globex(db: None) -> TenantRef:
    return _brand("globex.localhost")


@pytest.fixture
def in_acme(acme: TenantRef) -> Iterator[TenantRef]:
    """The test runs inside acme's scope."""
    with tenant_scope(acme):
        yield acme


# --- people ------------------------------------------------------------------------------------------------


def user_called(name: str) -> User:
    with public_scope():
        return User.objects.get(email=f"{name}@harbour.test")


def _agent(user: User, tenant: TenantRef) -> Agent:
    with tenant_scope(tenant):
        return Agent.objects.get(user_id=user.id)


@pytest.fixture
def alice(db: None) -> User:
    return user_called("alice")


@pytest.fixture
def bob(db: None) -> User:
    return user_called("bob")


@pytest.fixture
def carol(db: None) -> User:
    return user_called("carol")


@pytest.fixture
def victor(db: None) -> User:
    return user_called("victor")


@pytest.fixture
def charlie(db: None) -> User:
    return user_called("charlie")


@pytest.fixture
def alice_agent(alice: User, acme: TenantRef) -> Agent:
    return _agent(alice, acme)


@pytest.fixture
def bob_agent(bob: User, acme: TenantRef) -> Agent:
    return _agent(bob, acme)


@pytest.fixture
def carol_agent(carol: User, acme: TenantRef) -> Agent:
    return _agent(carol, acme)


@pytest.fixture
def victor_agent(victor: User, acme: TenantRef) -> Agent:
    return _agent(victor, acme)


@pytest.fixture
def charlie_agent(charlie: User, globex: TenantRef) -> Agent:
    return _agent(charlie, globex)


@pytest.fixture
def member_of() -> Callable[[User, TenantRef], Member]:
    """`member_of(user, tenant)`: the member that the user is there."""

    def find(user: User, tenant: TenantRef) -> Member:
        with tenant_scope(tenant):
            member = find_member(user)
        assert member is not None
        return member

    return find


# --- one of everything -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Furnished:
    """acme and globex with one of everything in each."""

    acme: Scene
    globex: Scene


@pytest.fixture(scope="module")
def furnished(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Furnished]:
    """Made once for a module; what a test changes, its own savepoint takes back. The database's `now()` stands still
    meanwhile."""
    with django_db_blocker.unblock(), transaction.atomic():
        directory.forget()
        yield Furnished(
            furnish(_brand("acme.localhost"), user_called("alice")),
            furnish(_brand("globex.localhost"), user_called("charlie")),
        )
        transaction.set_rollback(True)


@pytest.fixture
def scene(furnished: Furnished, db: None) -> Scene:
    return furnished.acme


@pytest.fixture
def foreign(furnished: Furnished, db: None) -> Scene:
    return furnished.globex


# --- browsers ----------------------------------------------------------------------------------------------


def browser_of(user: User, tenant: TenantRef) -> Client:
    """A browser on the brand's host in which the user is signed in."""
    client = Client(headers={"host": tenant.primary_host})
    with tenant_scope(tenant):  # a session is good on the host it was made for
        client.force_login(user, backend=BACKEND)
    return client


@pytest.fixture
def sign_in(db: None) -> SignIn:
    """`sign_in(user, tenant)`: a browser on the brand's host in which the user is signed in."""

    return browser_of


@pytest.fixture
def as_alice(sign_in: SignIn, alice: User, acme: TenantRef) -> Client:
    return sign_in(alice, acme)


@pytest.fixture
def as_bob(sign_in: SignIn, bob: User, acme: TenantRef) -> Client:
    return sign_in(bob, acme)


@pytest.fixture
def as_carol(sign_in: SignIn, carol: User, acme: TenantRef) -> Client:
    return sign_in(carol, acme)


@pytest.fixture
def as_victor(sign_in: SignIn, victor: User, acme: TenantRef) -> Client:
    return sign_in(victor, acme)


@pytest.fixture
def as_charlie(sign_in: SignIn, charlie: User, acme: TenantRef) -> Client:
    """Charlie, signed in, on acme's host: a stranger there."""
    return sign_in(charlie, acme)


@pytest.fixture
def as_charlie_at_globex(sign_in: SignIn, charlie: User, globex: TenantRef) -> Client:
    return sign_in(charlie, globex)


@pytest.fixture
def as_stranger(acme: TenantRef) -> Client:
    """A browser on acme's host in which nobody is signed in."""
    return Client(headers={"host": acme.primary_host})


# --- programs ----------------------------------------------------------------------------------------------


@pytest.fixture
def caller(member_of: Callable[[User, TenantRef], Member], acme: TenantRef, alice: User) -> Caller:
    """`caller("write", agent=…)`: a program with a token of acme."""

    def open_api(access: str, agent: Agent | None = None, **given: Any) -> Api:
        with tenant_scope(acme):
            token = tokens.issue("test", access, by=member_of(alice, acme), agent=agent, **given)[1]
        return Api(Client(headers={"host": acme.primary_host}), token)

    return open_api


@pytest.fixture
def writer(caller: Caller) -> Api:
    return caller("write")


@pytest.fixture
def reader(caller: Caller) -> Api:
    return caller("read")


@pytest.fixture
def as_bobs_program(caller: Caller, bob_agent: Agent) -> Api:
    """A program that writes in Bob's name."""
    return caller("write", agent=bob_agent)
