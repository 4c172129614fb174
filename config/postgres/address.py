"""Where the database answers: ``DATABASE_URL``, else the embedded server's socket."""

from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from config import env
from config.postgres.place import NAME, PORT, USER, locate

SCHEMES = ("postgres", "postgresql")


def embedded() -> bool:
    """Tell whether the embedded server is used (no DATABASE_URL)."""
    return not env.text("DATABASE_URL")


def database() -> dict[str, Any]:
    """Return NAME, USER, PASSWORD, HOST and PORT (and OPTIONS of a URL's query) for Django's DATABASES.

    Starts nothing and works before the first start; the password of an embedded server that was never started
    is empty, so hold the server (``running``) before the settings are read.
    """
    url = env.url("DATABASE_URL", schemes=SCHEMES)
    if url:
        return _read_url(urlsplit(url))
    place = locate()
    return {
        "NAME": NAME,
        "USER": USER,
        "PASSWORD": place.password(USER),
        "HOST": str(place.socket),
        "PORT": str(PORT),
    }


def _read_url(parts: SplitResult) -> dict[str, Any]:
    """Read a libpq URL; a host of ``%2Frun%2Fpostgresql`` or ``?host=/run/postgresql`` is a socket folder."""
    options = dict(parse_qsl(parts.query))
    address = parts.netloc.rpartition("@")[2]
    host = unquote(address.partition(":")[0]) if "%" in address else parts.hostname
    entry: dict[str, Any] = {
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", host or ""),
        "PORT": str(parts.port or PORT),
    }
    if not entry["NAME"]:
        raise env.Misconfigured(
            "DATABASE_URL names no database. Write postgres://user:password@host:5432/name."
        )
    if options:
        entry["OPTIONS"] = options
    return entry
