"""One settings module, in reading order. What differs between machines comes from the environment (config.env)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from config import env, postgres, stored_files
from config.postgres.place import state_folder

ROOT = Path(__file__).resolve().parent.parent

# --- which kind of machine ---------------------------------------------------------------------------------
DEVELOPMENT = env.development()
DEBUG = False  # error pages never show locals, not even at home
SECRET_KEY = env.secret(
    "KONTOR_SECRET_KEY", development="kontor-development-secret-key-never-used-in-production"
)
# base64 of 32 bytes each, newest first: the first seals, all unseal
SEAL_KEYS = env.secret("KONTOR_SEAL_KEYS", development="Pb1bUAQpX0Kq1zq0Kc8FJb0U0vXb3S2Yv0y0m3m4xkE=").split(
    ","
)
# never changed: by it erased persons are recognised when platforms or backups tell of them again
ERASURE_KEY = env.secret(
    "KONTOR_ERASURE_KEY", development="kontor-development-erasure-key-never-used-in-production"
)
PUBLIC_HOSTS = env.csv("KONTOR_PUBLIC_HOSTS", ["localhost", "127.0.0.1"])
BRAND_HOST_SUFFIX = env.text("KONTOR_BRAND_HOST_SUFFIX", "localhost")
PUBLIC_URL = env.url(
    "KONTOR_PUBLIC_URL", "http://localhost:8000"
)  # scheme and port also hold for brand hosts
SIMULATOR = DEVELOPMENT and env.flag("KONTOR_SIMULATOR", True)  # no switch brings it into production
SIMULATOR_FOLDER = state_folder() / "simulator"
FAILPOINT = env.text("KONTOR_FAILPOINT") if DEVELOPMENT else ""  # where a fault drill kills the process

# --- apps: public schema, tenant schemas --------------------------------------------------------------------
SHARED_APPS = [
    "config",
    "tenants",
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.admin.apps.SimpleAdminConfig",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "axes",
    "channels",
    "csp",
    "django_htmx",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "procrastinate.contrib.django",
]
TENANT_APPS = [
    "tenants.workspace",
    "contacts",
    "conversations",
    "conversations.comments",
    "conversations.mailbox",
    "conversations.search",
    "conversations.surveys",
    "conversations.templates",
    "reporting",
]
INSTALLED_APPS = [*SHARED_APPS, *TENANT_APPS]
TENANT_MODEL = "tenants.Tenant"
TENANT_DOMAIN_MODEL = "tenants.Domain"
AUTH_USER_MODEL = "tenants.User"

# --- database -----------------------------------------------------------------------------------------------
_ADDRESS = postgres.database()
DATABASES: dict[str, dict[str, Any]] = {
    "default": {
        **_ADDRESS,
        "ENGINE": "tenants.backend",
        "CONN_MAX_AGE": 0,
        "OPTIONS": {
            **_ADDRESS.get("OPTIONS", {}),
            "options": "-c statement_timeout=15000 -c idle_in_transaction_session_timeout=30000",
            "prepare_threshold": 2,  # only for tenants.statements.prepared(): ordinary cursors never prepare
        },
    }
}
POOL_IDLE_SECONDS = 10.0  # so often each pool closes a connection that nobody needed meanwhile: 4 to 6 MB
if env.flag("KONTOR_POOL", True):  # off while migrating: a forked child waits for ever on its parent's pool
    DATABASES["default"]["OPTIONS"]["pool"] = {
        "min_size": 1,
        "max_size": env.number("KONTOR_POOL_SIZE", 12),
        "max_idle": POOL_IDLE_SECONDS,
        "max_lifetime": 600,  # a backend that touched a thousand schemas holds hundreds of megabytes
        "timeout": 10,
    }
DATABASE_ROUTERS = ["tenants.backend.router.SchemaRouter"]
POSTGRES_PROGRAM = postgres.program  # name -> path of a PostgreSQL program, for dumps
POSTGRES_VERIFY = postgres.verify  # raises when a database would lose or not find data
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL = env.text("REDIS_URL", "")
LISTEN_URL = env.url(
    "KONTOR_LISTEN_URL", "", schemes=("postgresql", "postgres")
)  # direct, where a pooler stands between
WAKE_UPS = env.flag(
    "KONTOR_WAKE_UPS", True
)  # off: no background thread; listeners find events by reading slowly
ACCESS_LOG_THREAD = env.flag(
    "KONTOR_ACCESS_LOG_THREAD", True
)  # off: accesses wait until somebody writes them
WAKE_UPS_DROPPED_PERCENT = env.number("KONTOR_WAKE_UPS_DROPPED_PERCENT", 0)  # fault drills
CHANNEL_LAYERS = {
    "default": {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer", "CONFIG": {"hosts": [REDIS_URL]}}
    if REDIS_URL
    else {"BACKEND": "tenants.workspace.notify_layer.NotifyChannelLayer"}
}
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "KEY_FUNCTION": "tenants.caching.tenant_key",
        "OPTIONS": {
            "MAX_ENTRIES": 50_000
        },  # limits are counted here: a flood of names must not push them out
    }
}

# --- requests -----------------------------------------------------------------------------------------------
ALLOWED_HOSTS = ["*"]  # tenants.hosts answers 404 to every host without a Domain row, before any other work
ROOT_URLCONF = "config.urls"
PUBLIC_URLCONF = "config.urls_public"
ASGI_APPLICATION = "config.asgi.application"
PAGE_THREADS = env.number("KONTOR_PAGE_THREADS", 8)  # fewer than connections: hooks and sockets need some too
MIDDLEWARE = [
    "tenants.peers.PeerMiddleware",
    "tenants.hosts.HostMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "tenants.headers.HeadersMiddleware",
    "tenants.wellformed.WellFormedMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "tenants.languages.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "tenants.workspace.access.MembershipMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000

# --- who signs in -------------------------------------------------------------------------------------------
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_ADAPTER = "tenants.accounts.AccountAdapter"
ACCOUNT_RATE_LIMITS = {
    "login_failed": None
}  # wrong passwords are counted by axes, over all hosts and processes
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False  # this session stays, all others of the person end
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
AXES_FAILURE_LIMIT = 10
AXES_USERNAME_FORM_FIELD = "email"
AXES_USERNAME_CALLABLE = "tenants.accounts.attempted_address"
AXES_LOCKOUT_TEMPLATE = "account/locked_out.html"
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = ["username", "ip_address"]
AXES_RESET_ON_SUCCESS = (
    False  # it would also forget the network address; tenants.accounts forgets the name alone
)
AXES_VERBOSE = False

# --- cookies and headers: every cookie is host-only ---------------------------------------------------------
SECURE = not DEVELOPMENT
SESSION_COOKIE_NAME = "__Host-session" if SECURE else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if SECURE else "csrf"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_USE_SESSIONS = False
SESSION_ENGINE = "tenants.sessions"
SESSION_COOKIE_AGE = 14 * 24 * 3600
LANGUAGE_COOKIE_SECURE = SECURE
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
SECURE_SSL_REDIRECT = SECURE and env.flag("KONTOR_SSL_REDIRECT", True)
BEHIND_PROXY = env.flag(
    "KONTOR_BEHIND_PROXY", SECURE
)  # its X-Forwarded-Proto and last X-Forwarded-For are believed
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE
SECURE_REFERRER_POLICY = (
    "same-origin"  # with "no-referrer" browsers post forms with Origin: null, which CSRF refuses
)
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

# --- languages and time -------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("zh-hant", _("Traditional Chinese")), ("ja", _("Japanese"))]
LOCALE_PATHS = [ROOT / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_COOKIE_NAME = "language"

# --- static files -------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = ROOT / "static-collected"
STATICFILES_DIRS = [ROOT / "static"]
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "config.staticfiles.HashedStorage"},
    "files": stored_files.storage(state_folder() / "files"),
}
WHITENOISE_USE_FINDERS = False
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = ["map", "png", "jpg", "gif", "webp", "zip", "gz", "br", "woff", "woff2"]

# --- REST ---------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["tenants.workspace.callers.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["tenants.workspace.callers.TokenPermission"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["tenants.workspace.json_input.BoundedJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_THROTTLE_CLASSES": ["tenants.workspace.callers.PlanThrottle"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "tenants.workspace.callers.JSONAlways",
    "EXCEPTION_HANDLER": "tenants.workspace.problems.answer",
    "DEFAULT_METADATA_CLASS": None,
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Kontor",
    "DESCRIPTION": "The support desk of one brand: conversations, messages, contacts and the change feed.",
    "VERSION": "1",
    "SERVE_PUBLIC": True,
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "persistAuthorization": False, "validatorUrl": None},
    "SERVE_PERMISSIONS": [],
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    # Fields of one name with different choices: each set has a name that says whose it is.
    "ENUM_NAME_OVERRIDES": {
        "AddressKind": "contacts.models.people.ContactAddress.Kind",
        "BulkKind": "contacts.models.selections.BulkRun.Kind",
        "ConsentState": "contacts.models.consents.Consent.State",
        "ConversationStatus": "conversations.models.conversations.Conversation.Status",
        "ErasureMode": "contacts.models.privacy.Erasure.Mode",
        "SurveyKind": "conversations.surveys.models.SurveyResponse.Kind",
    },
}

# --- mail ---------------------------------------------------------------------------------------------------
EMAIL_HOST = env.text("KONTOR_SMTP_HOST", "localhost")
EMAIL_PORT = env.number("KONTOR_SMTP_PORT", 25)
EMAIL_HOST_USER = env.text("KONTOR_SMTP_USER")
EMAIL_HOST_PASSWORD = env.text("KONTOR_SMTP_PASSWORD")
EMAIL_USE_TLS = env.flag("KONTOR_SMTP_TLS", False)
EMAIL_TIMEOUT = 10
EMAIL_BACKEND = (
    "django.core.mail.backends.console.EmailBackend"  # at home the links are read from the console
    if DEVELOPMENT and not env.text("KONTOR_SMTP_HOST")
    else "django.core.mail.backends.smtp.EmailBackend"
)
DEFAULT_FROM_EMAIL = env.text("KONTOR_MAIL_FROM", "Kontor <no-reply@localhost>")

# --- jobs ---------------------------------------------------------------------------------------------------
PROCRASTINATE_ON_APP_READY = None
PROCRASTINATE_IMPORT_PATHS = ["tenants.jobs"]
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "jobs"

# --- logs: one line, no bodies, no tokens -------------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "config.logs.LineFormatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.text("KONTOR_LOG_LEVEL", "INFO")},
    "loggers": {
        "httpx": {"level": "WARNING"},
        "procrastinate": {"level": "WARNING"},
        "daphne.http_protocol": {"level": "WARNING"},
        "axes": {"level": "WARNING"},
    },
}
