"""config.loading: both processes find what they need before they are forked, and nothing that must not be inherited."""

import json
import subprocess
import sys

from config.postgres.place import PROJECT

LOAD = """
import ast, json, os, sys, threading
from importlib.util import find_spec
from config import loading
loading.load()
loaded = set(sys.modules)
from django.db import connections
from tenants.management.commands import work
work.worker_app(1)
asked = set()
for node in ast.walk(ast.parse(open("config/asgi.py").read())):
    if isinstance(node, ast.ImportFrom) and node.module != "__future__":
        for name in node.names:
            module = f"{node.module}.{name.name}"
            is_package = find_spec(node.module).submodule_search_locations is not None
            asked.add(module if is_package and find_spec(module) else node.module)
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
    "left_to_the_worker": sorted(set(sys.modules) - loaded),
    "left_to_the_web_server": sorted(asked - loaded),
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
        "left_to_the_worker": [],
        "left_to_the_web_server": [],
        "routes": True,
    }
