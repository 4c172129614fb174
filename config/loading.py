"""Brings into memory what the web server and the worker have in common, for both to be forked from.

Each would load it for itself otherwise: 30 MB, and a second or two of processor time whenever one is started again.
"""

from __future__ import annotations

import sys
from importlib import import_module

import django
from django.conf import settings
from django.utils import translation
from django.utils.module_loading import import_string

from config import env
from tenants import collector

IS_USED = sys.platform == "linux"  # elsewhere what the system's own libraries do in a fork is not safe
MODULES = (
    "config.bodies",
    "config.door",
    "config.frames",
    "config.pages",
    "config.stopping",
    "config.urls",
    "config.urls_public",
    "config.warming",
    "conversations.api.reply_road",
    "conversations.hooks",
    "conversations.realtime.desk_socket",
    "conversations.simulator.application",
    "conversations.widget.socket",
    "tenants.management.commands.work",
)


def load() -> None:
    """Import all but the web server itself, and open nothing: a fork must find no connection, thread or event loop."""
    env.choose_settings()
    django.setup(set_prefix=False)
    for name in MODULES:
        import_module(name)
    for path in settings.MIDDLEWARE:
        import_string(path)
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            translation.gettext("Conversations")
    collector.freeze()
