"""Typed readers of the environment: the only module that touches ``os.environ``.

An unset variable and an empty one mean the same: the default. Every complaint names the variable and says
what to write, because the reader of the message is the person who starts the program.
"""

import os
from collections.abc import Sequence
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

SETTINGS_MODULE = "config.settings"
SHORTEST_SECRET = 32
SAMPLE_MARKS = ("change-me", "changeme", "insecure", "example", "sample", "placeholder", "development")
YES = frozenset({"1", "true", "yes", "on"})
NO = frozenset({"0", "false", "no", "off"})
ENVIRONMENTS = ("development", "test", "production")


class Misconfigured(ImproperlyConfigured):
    """The surroundings (a variable, a folder, a program) do not allow a start. The text says what to do."""


def text(name: str, default: str = "") -> str:
    """Return the variable as text without surrounding blanks."""
    return os.environ.get(name, "").strip() or default


def flag(name: str, default: bool) -> bool:
    """Return the variable as a truth value (1/true/yes/on, 0/false/no/off)."""
    value = text(name).lower()
    if not value:
        return default
    if value in YES:
        return True
    if value in NO:
        return False
    raise Misconfigured(f"{name} is {value!r}. Write 1 (yes) or 0 (no).")


def number(name: str, default: int) -> int:
    """Return the variable as a whole number."""
    value = text(name)
    if not value:
        return default
    try:
        return int(value)
    except ValueError:
        raise Misconfigured(f"{name} is {value!r}. Write a whole number, for example {default}.") from None


def csv(name: str, default: Sequence[str] = ()) -> list[str]:
    """Return the variable as a list: parts between commas, blanks trimmed, empty parts dropped."""
    parts = [part.strip() for part in text(name).split(",")]
    return [part for part in parts if part] or list(default)


def url(name: str, default: str = "", *, schemes: Sequence[str] = ("https", "http")) -> str:
    """Return the variable as a URL of one of the schemes; the default is returned as it stands."""
    value = text(name)
    if not value:
        return default
    expected = f"Write a URL that begins with {' or '.join(f'{scheme}://' for scheme in schemes)}"
    try:
        parts = urlsplit(value)
        has_host = bool(parts.hostname) or not {"http", "https"} & {parts.scheme}
        valid_port = parts.port is None or parts.port > 0
    except ValueError:
        raise Misconfigured(f"{name} cannot be read as a URL. {expected}.") from None
    if parts.scheme not in schemes or "://" not in value or not has_host or not valid_port:
        # The value stays out of the message: such URLs carry passwords.
        raise Misconfigured(f"{name} is not usable. {expected}.")
    return value


def secret(name: str, *, development: str) -> str:
    """Return a secret; ``development`` stands in for it only outside production.

    In production a missing, short or sample value is refused: a desk must never go live with a secret that
    stands in a public repository.
    """
    value = text(name)
    if in_development():
        return value or development
    advice = f"Make one with: python -c 'import secrets; print(secrets.token_urlsafe({SHORTEST_SECRET * 2}))'"
    if not value:
        raise Misconfigured(f"{name} is not set. {advice}")
    if value == development or any(mark in value.lower() for mark in SAMPLE_MARKS):
        raise Misconfigured(f"{name} is a sample value that everybody knows. {advice}")
    if len(value) < SHORTEST_SECRET:
        raise Misconfigured(f"{name} is shorter than {SHORTEST_SECRET} characters. {advice}")
    return value


def development() -> bool:
    """Tell whether this is not production. KONTOR_ENV decides; unset means development."""
    value = text("KONTOR_ENV", "development").lower()
    if value not in ENVIRONMENTS:
        # A typing error such as "prod" would otherwise quietly switch the protections of production off.
        raise Misconfigured(f"KONTOR_ENV is {value!r}. Write one of: {', '.join(ENVIRONMENTS)}.")
    return value != "production"


# `secret` has a parameter of the same name as the function above.
in_development = development


def changed(**variables: str) -> dict[str, str]:
    """Return the whole environment for a child process, with some variables changed."""
    return {**os.environ, **variables}


def put(**variables: str) -> None:
    """Change variables of this process, before anything reads them."""
    os.environ.update(variables)


def choose_settings() -> None:
    """Name the settings module for Django unless the caller's environment already names one."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", SETTINGS_MODULE)
