"""Makes the demo brands, or says how to enter them."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand

from config import demo


class Command(BaseCommand):
    help = "Make the agency Harbour with three demo brands (once), and let them answer under a port."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000, help="where the desk answers")
        parser.add_argument("--describe", action="store_true", help="print addresses and log-ins instead")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["describe"]:
            self.stdout.write(demo.describe(options["port"]))
        else:
            demo.make(options["port"])
