"""config.loading: both processes find what they need before they are forked, and nothing that must not be inherited."""

import json
import subprocess
import sys

from config.postgres.place import PROJECT

LOAD = """
import json, os, sys, threading
from config import loading
loading.load()
loaded = set(sys.modules)
from django.db import connections
from tenants.management.commands import work
work.worker_app(1)
found = {
    "threads": threading.active_count(),
    "connections": [each.alias for each in connections.all() if each.connection is not None],
    "descriptors": [
        kind
        for descriptor in os.listdir("/proc/self/fd")
        if os.path.exists(f"/proc/self/fd/{descriptor}")
        and (kind := os.readlink(f"/proc/self/fd/{descriptor}").partition(":")[0]) in {"socket", "anon_inode"}
    ],
    "reactor": "twisted.internet.reactor" in sys.modules,
    "still_to_load": sorted(set(sys.modules) - loaded),
    "routes": "conversations.urls" in loaded and "contacts.urls" in loaded,
}
print(json.dumps(found))
"""


def test_what_is_loaded_is_complete_and_holds_nothing_open():
    done = subprocess.run(
        [sys.executable, "-c", LOAD], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == {
        "threads": 1,
        "connections": [],
        "descriptors": [],
        "reactor": False,
        "still_to_load": [],
        "routes": True,
    }
