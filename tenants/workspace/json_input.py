"""JSON from strangers: bounded before it is read, refused where the database or another program would choke."""

from __future__ import annotations

import json
import math
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from tenants.workspace.problems import Problem

MOST_BYTES = 1_000_000
DEEPEST = 64

_OPENING, _CLOSING = frozenset(b"[{"), frozenset(b"]}")
_QUOTE, _ESCAPE = ord('"'), ord("\\")


class BoundedJSONParser(BaseParser):
    """Reads one JSON object of at most a million bytes, 64 deep, of finite numbers and storable text."""

    media_type = "application/json"

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Any = None
    ) -> dict[str, Any]:
        raw = stream.read(MOST_BYTES + 1)
        if len(raw) > MOST_BYTES:
            raise Problem(413, "too_large", "The body is too large.")
        return read_object(raw)


def read_object(raw: bytes) -> dict[str, Any]:
    """The object that `raw` spells. Raises ParseError (400)."""
    if _is_too_deep(raw):
        raise ParseError("The body is nested too deeply.")
    try:
        value = json.loads(raw.decode("utf-8"), parse_constant=_refuse, parse_float=_finite)
    except (ValueError, RecursionError):
        raise ParseError("The body is not JSON that can be read.") from None
    if not isinstance(value, dict):
        raise ParseError("The body must be a JSON object.")
    _require_storable(value)
    return value


def _is_too_deep(raw: bytes) -> bool:
    depth = 0
    inside_text = skip = False
    for sign in raw:
        if inside_text:
            if skip:
                skip = False
            elif sign == _ESCAPE:
                skip = True
            elif sign == _QUOTE:
                inside_text = False
        elif sign == _QUOTE:
            inside_text = True
        elif sign in _OPENING:
            depth += 1
            if depth > DEEPEST:
                return True
        elif sign in _CLOSING:
            depth -= 1
    return False


def _refuse(name: str) -> float:
    raise ValueError(name)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _require_storable(value: Any) -> None:
    """NUL has no place in PostgreSQL's text, a lone surrogate none in UTF-8."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            if "\x00" in one or any("\ud800" <= sign <= "\udfff" for sign in one):
                raise ParseError("The body holds characters that cannot be stored.")
        elif isinstance(one, dict):
            waiting.extend(one.keys())
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)
