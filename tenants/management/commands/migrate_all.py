"""`manage.py migrate_all`: the public schema, then every brand's."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tenants import migrating


class Command(BaseCommand):
    help = "Migrate the public schema, then every brand's. Can be stopped at any time; the next run goes on."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--workers", type=int, default=2, help="schemas in work at the same time (default 2)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        outcome = migrating.migrate_all(
            report=self._show, workers=options["workers"], verbosity=options["verbosity"] - 1
        )
        self.stdout.write(f"schemas: {outcome.done} migrated, {outcome.at_target} already there")
        if outcome.failed:
            raise CommandError(
                f"{len(outcome.failed)} schemas could not be migrated: {', '.join(sorted(outcome.failed))}. "
                "The others are at the target. Mend the cause and run the command again."
            )

    def _show(self, step: migrating.Step) -> None:
        self.stdout.write(f"{step.position}/{step.total} {step.tenant.slug}: {step.error or 'migrated'}")
