"""manage.py rotate_seals: bring every sealed secret under the newest key."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from conversations import inboxes
from tenants import channel_apps
from tenants.models import Tenant
from tenants.scope import tenant_scope


class Command(BaseCommand):
    help = (
        "Seals every stored secret with the first key of KONTOR_SEAL_KEYS. "
        "Afterwards the keys behind it can be taken away."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        apps = channel_apps.reseal_all()
        found = 0
        for (
            tenant
        ) in Tenant.objects.all():  # suspended and closing brands too: their secrets must stay readable
            with tenant_scope(tenant):
                found += inboxes.reseal_all()
        self.stdout.write(f"{apps} applications and {found} inboxes are now under the newest key.")
