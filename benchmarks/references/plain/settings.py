"""Settings of the plain build: the same database server, a schema of its own, a pool of connections."""

from __future__ import annotations

from typing import Any

from config import postgres

SCHEMA = "reference"

_ADDRESS = postgres.database()
SECRET_KEY = "the plain build is only measured"  # noqa: S105
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
USE_TZ = True
ROOT_URLCONF = "benchmarks.references.plain.urls"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "rest_framework",
    "rest_framework.authtoken",
    "channels",
    "benchmarks.references.plain",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
DATABASES: dict[str, dict[str, Any]] = {
    "default": {
        **_ADDRESS,
        "ENGINE": "django.db.backends.postgresql",
        "OPTIONS": {
            **_ADDRESS.get("OPTIONS", {}),
            "options": f"-c search_path={SCHEMA}",
            "pool": {"max_size": 12},
        },
    }
}
CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
REST_FRAMEWORK = {"DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.TokenAuthentication"]}
LOGGING_CONFIG = None
