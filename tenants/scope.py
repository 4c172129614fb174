"""The only way into a brand's schema.

    with tenant_scope(tenant):
        Conversation.objects.count()

Outside a scope the search path is `public` and tenant tables do not exist: forgetting the scope fails loudly.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

from asgiref.sync import sync_to_async
from django.db import close_old_connections

from tenants.backend.current import InSchema, current_tenant

P = ParamSpec("P")
R = TypeVar("R")


class NoTenant(RuntimeError):
    """Work on a brand's data was asked for outside of every tenant scope."""


@contextmanager
def tenant_scope(tenant: InSchema) -> Iterator[None]:
    """Work in `tenant`'s schema until the block ends. Scopes nest; each restores the one before."""
    token = current_tenant.set(tenant)
    try:
        yield
    finally:
        current_tenant.reset(token)


@contextmanager
def public_scope() -> Iterator[None]:
    """Work in the public schema alone, also inside a tenant's scope."""
    token = current_tenant.set(None)
    try:
        yield
    finally:
        current_tenant.reset(token)


def scoped_tenant() -> InSchema:
    """The tenant of the scope we are in. Raises NoTenant outside of one."""
    tenant = current_tenant.get()
    if tenant is None:
        raise NoTenant("open tenant_scope(tenant) first")
    return tenant


async def in_tenant(tenant: InSchema, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run database `work` from async code: in a thread, inside `tenant`'s scope."""

    def scoped() -> R:
        with tenant_scope(tenant):
            return work(*args, **kwargs)

    return await in_thread(scoped)


async def in_thread(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run database `work` from async code in a thread, in the caller's scope; then give its connection back."""

    def tidy() -> R:
        try:
            return work(*args, **kwargs)
        finally:
            close_old_connections()

    return await sync_to_async(tidy, thread_sensitive=False)()


def scoped_stream(tenant: InSchema, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """`chunks`, each made inside the scope: a streaming response runs after its view's scope has ended."""
    while True:
        with tenant_scope(tenant):
            try:
                chunk = next(chunks)
            except StopIteration:
                return
        yield chunk


async def scoped_async_stream(tenant: InSchema, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same for an asynchronous response body."""
    while True:
        with tenant_scope(tenant):
            try:
                chunk = await anext(chunks)
            except StopAsyncIteration:
                return
        yield chunk
