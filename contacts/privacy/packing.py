"""Writing a person's archive: JSON and a readable page side by side, row by row, whatever the person's size."""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import IO, Any
from uuid import UUID

from django.utils import timezone

from contacts.privacy import holders, readable
from contacts.privacy.holders import Person, Row
from tenants.scope import scoped_tenant

TOLD_EVERY = 200
CHUNK_BYTES = 65_536
MASK = "•••"
PLATFORMS_IDS = frozenset({"external_id", "event_id"})
"""Columns with ids of the person's own messages: those of mails look like addresses."""
_EMAIL = re.compile(r"[^\s<>@,;:\"'()\[\]=]+@[^\s<>@,;:\"'()\[\]]+\.[^\s<>@,;:\"'()\[\].\\]+")
_PHONE = re.compile(r"\+[0-9](?:[ ().-]{0,2}[0-9]){7,14}")  # without its country a number may be of anything
_UNSAFE_IN_NAME = re.compile(r"[^\w. -]+")

Tell = Callable[[int], None]


def size(person: Person) -> int:
    """About how many rows an archive will have: for the progress alone."""
    return sum(
        holder.holding(person).order_by().count()
        for holder in holders.registered()
        if holder.rows is not None
    )


def pack(person: Person, content: IO[bytes], *, tell: Tell) -> None:
    """Write the archive into `content`, its page in the active language and time zone. tell: is called with the number
    of rows written, now and then."""
    keep = _own_spellings(person)
    manifest: dict[str, dict[str, Any]] = {}
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=5) as archive:
        with tempfile.TemporaryFile() as as_json, tempfile.TemporaryFile() as as_page:
            _write(person, keep, as_json, as_page, tell)
            _add(archive, manifest, "person.json", as_json)
            _add(archive, manifest, "person.html", as_page)
        for holder in holders.registered():
            for file in holder.files(person) if holder.files is not None else ():
                name = f"files/{file.id}-{_UNSAFE_IN_NAME.sub('_', _masked(file.name, keep))[:80]}"
                try:
                    with file.open() as opened:
                        _add(archive, manifest, name, opened)
                except FileNotFoundError:
                    manifest[name] = {"missing": True}
        told = {"made_at": timezone.now().isoformat(), "contents": manifest}
        archive.writestr("manifest.json", json.dumps(told, indent=1, ensure_ascii=False))


def _write(person: Person, keep: frozenset[str], as_json: IO[bytes], as_page: IO[bytes], tell: Tell) -> None:
    as_json.write(b"{")
    as_page.write(readable.head(getattr(scoped_tenant(), "name", ""), person.names).encode())
    done, is_first = 0, True
    for holder in holders.registered():
        if holder.rows is None:
            continue
        as_json.write(f"{'' if is_first else ','}\n{json.dumps(holder.name)}: [".encode())
        is_first = False
        for number, row in enumerate(holder.rows(person)):
            shown = _masked(row, keep)
            as_json.write((b",\n " if number else b"\n ") + _written(shown))
            if number == 0:
                as_page.write(readable.heading(holder).encode())
            as_page.write(readable.row(holder, shown).encode("utf-8", "replace"))
            done += 1
            if done % TOLD_EVERY == 0:
                tell(done)
        as_json.write(b"]")
    as_json.write(b"\n}\n")
    as_page.write(readable.FOOT.encode())


def _own_spellings(person: Person) -> frozenset[str]:
    """The e-mail addresses and phone numbers (digits) that are the person's: all others are masked."""
    known = {address.address for address in person.addresses} | holders.claimed_addresses(person)
    return frozenset({value.lower() for value in known} | {_digits(value) for value in known})


def _digits(number: str) -> str:
    return re.sub(r"[^0-9]", "", number)


def _masked(value: Any, keep: frozenset[str]) -> Any:
    if isinstance(value, str):
        value = _EMAIL.sub(lambda found: found[0] if found[0].lower() in keep else MASK, value)
        return _PHONE.sub(lambda found: found[0] if _digits(found[0]) in keep else MASK, value)
    if isinstance(value, dict):
        return {
            _masked(key, keep): each if key in PLATFORMS_IDS else _masked(each, keep)
            for key, each in value.items()
        }
    if isinstance(value, list | tuple):
        return [_masked(each, keep) for each in value]
    return value


def _written(row: Row) -> bytes:
    return json.dumps(row, ensure_ascii=False, default=_plain).encode("utf-8", "replace")


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, UUID | Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot stand in an export")


def _add(archive: zipfile.ZipFile, manifest: dict[str, dict[str, Any]], name: str, source: IO[bytes]) -> None:
    source.seek(0)
    digest, length = hashlib.sha256(), 0
    with archive.open(name, "w", force_zip64=True) as target:
        for chunk in _chunks(source):
            digest.update(chunk)
            length += len(chunk)
            target.write(chunk)
    manifest[name] = {"bytes": length, "sha256": digest.hexdigest()}


def _chunks(source: IO[bytes]) -> Iterator[bytes]:
    while chunk := source.read(CHUNK_BYTES):
        yield chunk
