"""Pages of a person's timeline."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from uuid import UUID

from contacts import signposts
from contacts.timeline import sources
from contacts.timeline.sources import Entry, Part
from tenants.workspace.access import Acting


@dataclass(frozen=True, slots=True)
class Page:
    """Entries, newest first; whether there are more in the direction of reading."""

    entries: list[Entry]
    has_more: bool


def page(contact_id: UUID, *, reader: Acting, part: Part, kinds: Collection[str] = ()) -> Page:
    """A part of a person's story. kinds: only these; none named means all.

    The number of queries is that of the sources asked, whatever there is to tell.
    """
    ids = signposts.family(contact_id)
    one_more = replace(part, limit=part.limit + 1)
    asked = [source for source in sources.registered() if not kinds or source.kind in kinds]
    found = [entry for source in asked for entry in source.entries(ids, reader=reader, part=one_more)]
    found.sort(key=lambda entry: entry.position, reverse=not part.is_forward)
    has_more = len(found) > part.limit
    entries = found[: part.limit]
    return Page(entries[::-1] if part.is_forward else entries, has_more)
