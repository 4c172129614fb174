"""Bring the message catalogs up to date with the code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polib
from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils.translation import to_locale

from config import catalogs


class Command(BaseCommand):
    help = (
        "Put new strings into the interface's catalogs, drop lost ones, and say what waits for a translation."
    )
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        found = catalogs.find(Path(settings.ROOT))
        languages = {to_locale(code) for code, _name in settings.LANGUAGES}
        paths = [path for folder in settings.LOCALE_PATHS for path in sorted(Path(folder).rglob("*.po"))]
        for path in paths:
            if path.parent.parent.name not in languages:  # what only customers read is kept by hand
                continue
            catalog = catalogs.update(polib.pofile(str(path), wrapwidth=110), found)
            catalog.save(str(path))
            missing = len(catalog.untranslated_entries())
            self.stdout.write(f"{path}: {len(catalog)} strings, {missing} without translation")
