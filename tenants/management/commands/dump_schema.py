"""`manage.py dump_schema`: write the provisioning script anew after a model has changed."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tenants import provisioning, template


class Command(BaseCommand):
    help = "Write tenants/schema.sql, from which new brands are made, for the models as they are now."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="write nothing; fail when the file is out of date"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        text = template.current_script()
        known = provisioning.SCRIPT.read_text(encoding="utf-8") if provisioning.SCRIPT.exists() else ""
        if options["check"]:
            if text != known:
                raise CommandError(f"{provisioning.SCRIPT} is out of date. Run: manage.py dump_schema")
        elif text != known:
            provisioning.SCRIPT.write_text(text, encoding="utf-8")
            self.stdout.write(f"{provisioning.SCRIPT.name} written: {text.count(chr(10) * 2)} statements")
