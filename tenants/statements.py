"""Statements of the hot road: planned once per connection, not at each execution."""

from __future__ import annotations

from django.db import connection
from django.db.backends.utils import CursorWrapper


def prepared() -> CursorWrapper:
    """A cursor of the default database, to be used with `with`; its statements are prepared by the server."""
    cursor: CursorWrapper = connection.prepared_cursor()  # type: ignore[attr-defined]
    return cursor
