"""Which tables belong into which schema: shared apps into public, tenant apps into the brands' schemas."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connections

PUBLIC = "public"


def tenant_app_labels() -> frozenset[str]:
    """The labels of the apps whose tables live in each brand's schema."""
    return frozenset(config.label for config in apps.get_app_configs() if config.name in settings.TENANT_APPS)


class SchemaRouter:
    """Lets a migration touch only the tables of the schema it runs in."""

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        in_public: bool = connections[db].schema_name == PUBLIC  # type: ignore[attr-defined]
        return in_public != (app_label in tenant_app_labels())
