"""``python -m benchmarks.references.plain.make CUSTOMERS``: tables and customers of the plain build and the raw one;
prints what a load generator needs (JSON)."""

from __future__ import annotations

import json
import sys

import django
from django.apps import apps
from django.core.management import call_command
from django.db import connection

CHANNELS = (1, 2)


def main(customers: int) -> None:
    """Make everything anew."""
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA IF EXISTS reference CASCADE")
        cursor.execute("CREATE SCHEMA reference")
    call_command("migrate", run_syncdb=True, verbosity=0)
    user = apps.get_model("auth", "User").objects.create(username="agent")
    token = apps.get_model("authtoken", "Token").objects.create(user=user)
    with connection.cursor() as cursor:
        for channel in CHANNELS:
            cursor.execute(
                "INSERT INTO plain_identity (channel, address, contact_id)"
                " SELECT %s, 'u' || n, n FROM generate_series(0, %s) n",
                [channel, customers - 1],
            )
        cursor.execute(
            "INSERT INTO plain_conversation (channel, contact_id, is_open, unread, message_count, last_message_at)"
            " SELECT channel, contact_id, true, 0, 0, now() FROM plain_identity ORDER BY id"
        )
        cursor.execute("SELECT array_agg(id ORDER BY id) FROM plain_conversation")
        conversations = cursor.fetchone()[0]
    print(json.dumps({"token": token.key, "conversations": conversations[:1000]}))


if __name__ == "__main__":
    django.setup()
    main(int(sys.argv[1]))
