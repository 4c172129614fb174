"""Brings into memory what the web server and the worker have in common, for both to be forked from.

Each would load it for itself otherwise: 30 MB, and a second or two of processor time whenever one is started again.
"""

from __future__ import annotations

import sys
from importlib import import_module

import django
from django.conf import settings
from django.utils import translation

from config import env
from tenants import collector

IS_USED = sys.platform == "linux"  # elsewhere what the system's own libraries do in a fork is not safe
MODULES = (
    "config.bodies",
    "config.frames",
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
    """Import everything and open nothing: a fork must not find a connection, a thread or an event loop here."""
    env.choose_settings()
    django.setup(set_prefix=False)
    for name in MODULES:
        import_module(name)
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            translation.gettext("Conversations")
    collector.freeze()
