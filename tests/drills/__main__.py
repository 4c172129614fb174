"""`python -m tests.drills`, with the embedded database of KONTOR_STATE already held up: see the Makefile."""

from __future__ import annotations

import os
import sys

import django

from config import env, postgres

if not postgres.embedded():
    sys.exit("The drills kill their database. Unset DATABASE_URL: they use an embedded one of their own.")
os.environ.update(KONTOR_ENV="development", REDIS_URL="", KONTOR_LISTEN_URL="")
# This process is the world outside: it shares no pool and wakes nobody.
os.environ.update(KONTOR_POOL="0", KONTOR_WAKE_UPS="0")
env.choose_settings()
django.setup()

from tests.drills.runner import main  # noqa: E402 - needs the loaded apps

sys.exit(main(sys.argv[1:]))
