#!/usr/bin/env python
"""Django's command line for Kontor."""

import os
import sys

from django.core.management import execute_from_command_line

from config import postgres


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if "work" not in sys.argv[1:2]:
        os.environ.setdefault("KONTOR_POOL", "0")  # commands may fork, and a pool does not survive a fork
    with postgres.running():
        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
