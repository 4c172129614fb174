"""The product's own settings with as few differences as tests can live with."""

from __future__ import annotations

from config.settings import *  # noqa: F403
from config.settings import DATABASES, STORAGES

# A test's connection is the test's own, so that its transaction can be rolled back.
DATABASES["default"]["OPTIONS"].pop("pool", None)
# Dropping a test database full of schemas takes longer than any statement of the product may.
DATABASES["default"]["OPTIONS"]["options"] = DATABASES["default"]["OPTIONS"]["options"].replace(
    "statement_timeout=15000", "statement_timeout=120000"
)
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
AXES_ENABLED = False
SECURE_SSL_REDIRECT = False
ACCESS_LOG_THREAD = False  # tests write what is waiting themselves
WAKE_UPS = False  # no thread that writes jobs behind a test's back; tests of the wake-ups switch it on
WHITENOISE_AUTOREFRESH = WHITENOISE_USE_FINDERS = True  # tests do not collect static files first
