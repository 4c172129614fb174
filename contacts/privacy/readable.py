"""The page of a person's archive for people: what is held of them, kind by kind, in the words of the active language
and the times of the active zone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.text import capfirst
from django.utils.translation import get_language, gettext

from contacts.privacy.holders import Holder, Row

FOOT = "</main></body></html>\n"
_HEAD = """<!doctype html>
<html lang="{lang}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
body {{ font: 1rem/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 50rem; padding: 0 1rem }}
dl {{ display: grid; grid-template-columns: minmax(8rem, 14rem) 1fr; gap: 0.2rem 1rem; margin: 0 }}
dl {{ padding: 0.75rem 0; border-top: 1px solid #ccc; overflow-wrap: anywhere }}
dt {{ color: #555 }}
dd {{ margin: 0; white-space: pre-wrap }}
</style></head><body><main><h1>{title}</h1><p>{made}</p>
"""


def head(brand: str, names: Sequence[str]) -> str:
    """The beginning. names: what the person is called on the channels."""
    called = ", ".join(names) or gettext("Visitor")
    now = date_format(timezone.localtime(), "DATETIME_FORMAT")
    return format_html(
        _HEAD,
        lang=get_language(),
        title=gettext("What %(brand)s holds of %(person)s") % {"brand": brand, "person": called},
        made=gettext("Made on %(at)s. Other people's addresses are masked.") % {"at": now},
    )


def heading(holder: Holder) -> str:
    """What the rows below are."""
    return format_html("<h2>{}</h2>\n", capfirst(holder.words))


def row(holder: Holder, shown: Row) -> str:
    """One row, without what is empty."""
    lines = [
        (_title(holder, name), _text(value))
        for name, value in shown.items()
        if value not in (None, "", {}, [])
    ]
    return format_html("<dl>{}</dl>\n", format_html_join("", "<dt>{}</dt><dd>{}</dd>", lines))


def _title(holder: Holder, name: str) -> str:
    try:
        field: Any = holder.model._meta.get_field(name)
    except FieldDoesNotExist:
        return str(capfirst(name.replace("_", " ")))
    return str(capfirst(getattr(field, "verbose_name", name)))


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, datetime):
        return date_format(timezone.localtime(value), "DATETIME_FORMAT")
    if isinstance(value, dict):
        return "\n".join(f"{key}: {_text(each)}" for key, each in value.items())
    if isinstance(value, list | tuple):
        return "; ".join(map(_text, value))
    return "" if value is None else str(value)
