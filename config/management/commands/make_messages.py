"""Bring the message catalogs up to date with the code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polib
from django.conf import settings
from django.core.management.base import BaseCommand

from config import catalogs


class Command(BaseCommand):
    help = "Put new strings into every catalog, drop lost ones, and say what waits for a translation."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        found = catalogs.find(Path(settings.ROOT))
        for folder in settings.LOCALE_PATHS:
            for path in sorted(Path(folder).rglob("*.po")):
                catalog = catalogs.update(polib.pofile(str(path), wrapwidth=110), found)
                catalog.save(str(path))
                missing = len(catalog.untranslated_entries())
                self.stdout.write(f"{path}: {len(catalog)} strings, {missing} without translation")
