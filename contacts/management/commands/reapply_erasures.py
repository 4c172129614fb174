"""`manage.py reapply_erasures`: after a restore, before anybody works again."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from contacts.privacy import restoring
from tenants import directory
from tenants.scope import tenant_scope


class Command(BaseCommand):
    help = "Erases again whoever a restored backup has brought back. Run it after every restore, before the workers."

    def handle(self, *args: Any, **options: Any) -> None:
        for tenant in directory.active_tenants():
            with tenant_scope(tenant):
                again = restoring.reapply()
            self.stdout.write(f"{tenant.slug}: {again}")
