"""Compile the message catalogs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from config import catalogs


class Command(BaseCommand):
    help = "Write the .mo file beside every .po file. Needs no gettext tools."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        for path in catalogs.compile_all(Path(folder) for folder in settings.LOCALE_PATHS):
            self.stdout.write(str(path))
