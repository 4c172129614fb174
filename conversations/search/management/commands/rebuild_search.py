"""manage.py rebuild_search: make anew what contacts and messages are found by."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from conversations.search import rebuilding
from tenants import directory
from tenants.scope import tenant_scope


class Command(BaseCommand):
    help = "Has the workers make the search tables anew, in small steps, for all brands or one."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--brand", help="the brand's short name")

    def handle(self, *args: Any, **options: Any) -> None:
        wanted = options["brand"]
        started = 0
        for tenant in directory.active_tenants():
            if wanted in (None, tenant.slug):
                with tenant_scope(tenant):
                    rebuilding.start()
                started += 1
        self.stdout.write(f"{started} brands: their workers make the search tables anew.")
