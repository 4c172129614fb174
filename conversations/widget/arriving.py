"""A visitor's doings on their way in: the same lanes as a platform's hook, so nothing is lost or doubled."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from asgiref.sync import async_to_sync

from conversations import lanes
from conversations.channels import registry
from conversations.channels.items import Item
from conversations.inbound.arrivals import Arrival
from conversations.widget.sites import KIND, Site
from conversations.widget.visitors import Visitor
from tenants.directory import TenantRef


def message(
    tenant: TenantRef,
    site: Site,
    visitor: Visitor,
    *,
    client_id: UUID,
    text: str,
    page: Mapping[str, Any],
    form: Mapping[str, Any] | None = None,
    files: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Hand the visitor's message in and wait for its commit. The same client_id again changes nothing.

    Raises lanes.LaneFull when the brand's lane takes no more, and whatever the commit raises.
    """
    now = time.time_ns() // 1_000_000
    element = {"id": str(client_id), "visitor": visitor.address, "text": text, "at": now, "page": dict(page)}
    if form:
        element["form"] = dict(form)
    if files:
        element["files"] = list(files)
    if visitor.person is not None:
        element["person"] = asdict(visitor.person)
    _submit(tenant, site, element)


def seen(tenant: TenantRef, site: Site, visitor: Visitor, *, until: datetime) -> None:
    """Hand in that the visitor saw our messages up to `until`, and wait for the commit."""
    milliseconds = -int((datetime(1970, 1, 1, tzinfo=UTC) - until).total_seconds() * 1000 // 1)
    _submit(
        tenant,
        site,
        {"visitor": visitor.address, "seen_until": milliseconds, "at": time.time_ns() // 1_000_000},
    )


def _submit(tenant: TenantRef, site: Site, element: Mapping[str, Any]) -> None:
    items: list[Item] = registry.open(KIND).parse_element(site.key, element)
    arrivals = [Arrival(item=item, inbox_id=site.inbox_id) for item in items]
    async_to_sync(lanes.submit)(tenant, arrivals)
