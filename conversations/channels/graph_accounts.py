"""Asking Meta about a connected account: its objects, its subscriptions, and what the set-up page asks for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from conversations.channels import graph, wire
from conversations.channels.base import (
    Account,
    Credential,
    PlatformRequest,
    PostFacts,
    Transport,
    gettext_noop,
)

SETTINGS = (
    Credential(
        name="app_id",
        label=gettext_noop("App id"),
        help_text=gettext_noop("With it the check looks at the subscriptions of this app alone."),
        is_secret=False,
        is_required=False,
    ),
    Credential(
        name="api_version",
        label=gettext_noop("Version of the Graph API"),
        help_text=gettext_noop("Such as v25.0. Empty: the version that Kontor was tried with."),
        is_secret=False,
        is_required=False,
        pattern=r"v[0-9]{1,3}\.[0-9]{1,2}",
    ),
)


def read(account: Account, *path: str, fields: str, transport: Transport) -> dict[str, Any]:
    """Fields of an object. Raises DeliveryError."""
    request = PlatformRequest(
        method="GET",
        url=graph.url(account, *path),
        headers=wire.bearer(account),
        params={"fields": fields},
    )
    return graph.ask(request, transport)


def post_facts(
    account: Account, post_id: str, names: Mapping[str, str], transport: Transport, *, still: str = ""
) -> PostFacts:
    """A post, whose fields are called `names`: text, picture_url, url, at. still: the field of a film's picture.
    Raises DeliveryError."""
    fields = ",".join([*names.values(), *([still] if still else [])])
    told = read(account, post_id, fields=fields, transport=transport)
    picture = (wire.text(told, still) if still else "") or wire.text(told, names["picture_url"])
    return PostFacts(
        text=wire.text(told, names["text"]),
        picture_url=picture if picture.startswith("https://") else "",
        url=url if (url := wire.text(told, names["url"])).startswith("https://") else "",
        published_at=_moment(wire.text(told, names["at"])),
    )


def _moment(text: str) -> datetime | None:
    """Meta writes 2026-03-02T09:00:00+0000."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo is not None else None


def subscribed_fields(account: Account, owner: str, transport: Transport) -> frozenset[str]:
    """The fields of `owner`'s webhooks that go to our app; to any app where the account does not name its own.
    Raises DeliveryError."""
    url = graph.url(account, owner, "subscribed_apps")
    request = PlatformRequest(method="GET", url=url, headers=wire.bearer(account))
    app_id = str(account.settings.get("app_id") or "")
    found: set[str] = set()
    for app in wire.objects(graph.ask(request, transport), "data"):
        fields = app.get("subscribed_fields")
        if app_id in {"", wire.identifier(app, "id")} and isinstance(fields, list):
            found.update(field for field in fields if isinstance(field, str))
    return frozenset(found)
