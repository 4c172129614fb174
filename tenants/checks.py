"""Django system checks of the rules that keep a brand's schema whole and movable."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import apps
from django.apps.config import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections
from django.db.models import ForeignKey

from tenants.backend.router import tenant_app_labels


@register(Tags.models)
def no_key_leaves_the_schema(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """No foreign key from a tenant table to a shared one, or back: a schema must be whole by itself."""
    labels = tenant_app_labels()
    return [
        Error(
            f"{field} points from a brand's schema into public, or the other way.",
            hint="Keep the id in a plain UUIDField and check it in code.",
            obj=field,
            id="tenants.E001",
        )
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.local_fields
        if isinstance(field, ForeignKey)
        and (model._meta.app_label in labels) != (field.related_model._meta.app_label in labels)
    ]


@register(Tags.models)
def no_app_lives_in_both(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """No app in both lists: a table that exists twice answers outside of a scope too, and fails open."""
    return [
        Error(f"{name} stands in SHARED_APPS and in TENANT_APPS.", id="tenants.E002")
        for name in sorted(set(settings.SHARED_APPS) & set(settings.TENANT_APPS))
    ]


@register(Tags.database)
def our_backend_serves_every_alias(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """A stock backend keeps the tenant on the connection, where the next request finds it."""
    return [
        Error(f"The database {alias!r} does not use tenants.backend.", id="tenants.E003")
        for alias, database in connections.settings.items()
        if database["ENGINE"] != "tenants.backend"
    ]
