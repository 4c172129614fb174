"""The peer: django-helpdesk from PyPI on the same database server, in a virtual environment of its own.

Installed only when asked for (`make bench PEERS=1`), below the state folder; nothing of it stands in the repository.
"""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import database
from benchmarks.servers import ADDRESS, Process, free_port
from benchmarks.wish import Wish
from config import env, postgres
from config.postgres.place import state_folder

PACKAGES = ("django-helpdesk==2.6.1", "django==5.2.*", "psycopg[binary]", "gunicorn")
TICKETS = 500
WORKERS, THREADS = 3, 2

SETTINGS = """
SECRET_KEY = "only measured"
DEBUG = False
ALLOWED_HOSTS = ["*"]
USE_TZ = True
ROOT_URLCONF = "urls"
SITE_ID = 1
INSTALLED_APPS = [
    "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "django.contrib.sites",
    "django.contrib.messages", "django.contrib.staticfiles", "django.contrib.admin", "django.contrib.humanize",
    "rest_framework", "django_cleanup.apps.CleanupConfig", "helpdesk",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware", "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware", "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True, "OPTIONS": {
    "context_processors": ["django.template.context_processors.request", "django.contrib.auth.context_processors.auth",
                           "django.contrib.messages.context_processors.messages"]}}]
DATABASES = {"default": %(database)r}
STATIC_URL, MEDIA_URL, MEDIA_ROOT = "/static/", "/media/", "media"
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
LOGGING_CONFIG = None
REST_FRAMEWORK = {"DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"]}
HELPDESK_TEAMS_MODE_ENABLED = False
HELPDESK_ACTIVATE_API_ENDPOINT = True
"""
URLS = """
from django.contrib import admin
from django.urls import include, path
urlpatterns = [path("admin/", admin.site.urls), path("", include("helpdesk.urls", namespace="helpdesk"))]
"""
MAKE = """
import json, django
django.setup()
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.contrib.sessions.backends.db import SessionStore
from django.core.management import call_command
from helpdesk.models import Queue, Ticket
call_command("migrate", verbosity=0)
user = get_user_model().objects.create_superuser("agent", "agent@harbour.test")
queue = Queue.objects.create(slug="sup", title="Support")
for _ in range(%(tickets)d):
    Ticket.objects.create(title="order", queue=queue, submitter_email="u@harbour.test")
session = SessionStore()
session[SESSION_KEY] = str(user.pk)
session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
session[HASH_SESSION_KEY] = user.get_session_auth_hash()
session.create()
print(json.dumps({"queue": queue.pk, "session": session.session_key}))
"""


@dataclass(frozen=True)
class Peer:
    """A running django-helpdesk, and what a load generator needs."""

    port: int
    tickets: dict[str, Any]
    followups: dict[str, Any]


def start(running: ExitStack, wish: Wish) -> Peer:
    """Install it where that has not been done, make a fresh database, and serve it until `running` closes."""
    folder = state_folder() / "helpdesk"
    python = _installed(folder)
    name = f"helpdesk_{secrets.token_hex(4)}"
    address = {
        **postgres.database(),
        "NAME": name,
        "ENGINE": "django.db.backends.postgresql",
        "CONN_MAX_AGE": 60,
    }
    _database(f"CREATE DATABASE {name}")
    running.callback(_database, f"DROP DATABASE {name} WITH (FORCE)")
    project = folder / "project"
    project.mkdir(parents=True, exist_ok=True)
    (project / "settings.py").write_text(SETTINGS % {"database": address})
    (project / "urls.py").write_text(URLS)
    (project / "wsgi.py").write_text(
        "from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n"
    )
    variables = {"DJANGO_SETTINGS_MODULE": "settings", "PYTHONPATH": str(project)}
    made = subprocess.run(
        [python, "-W", "ignore", "-c", MAKE % {"tickets": TICKETS}],
        cwd=project,
        env=env.changed(**variables),
        capture_output=True,
        text=True,
        check=True,
    )
    return _serve(running, wish, python, variables, json.loads(made.stdout.splitlines()[-1]))


def _serve(
    running: ExitStack, wish: Wish, python: Path, variables: dict[str, str], made: dict[str, Any]
) -> Peer:
    port = free_port()
    command = [str(python), "-m", "gunicorn", "wsgi:application", "-b", f"{ADDRESS}:{port}", "-k", "gthread"]
    command += ["-w", str(WORKERS), "--threads", str(THREADS), "--keep-alive", "30", "--log-level", "error"]
    server = Process(command, wish.logs / "helpdesk.log", variables, port)
    running.callback(server.stop)
    server.wait()
    headers = {
        "Content-Type": "application/json",
        "Cookie": f"sessionid={made['session']}; csrftoken={'a' * 32}",
        "X-CSRFToken": "a" * 32,
    }
    common = {"host": ADDRESS, "headers": headers}
    return Peer(
        port,
        {"kind": "tickets", "queue": made["queue"], **common},
        {"kind": "followups", "tickets": TICKETS, **common},
    )


def _installed(folder: Path) -> Path:
    python = folder / "venv" / "bin" / "python"
    if not (folder / "installed").exists():
        subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
        (folder / "installed").touch()
    return python


def _database(statement: str) -> None:
    with database.connect() as connection:
        connection.execute(statement)
