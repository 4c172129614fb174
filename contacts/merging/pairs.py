"""How contacts' own rows merge where two of them say the same."""

from __future__ import annotations

from typing import Any

from contacts.merging import relations
from contacts.models import (
    ContactAddress,
    ContactLabel,
    MatchKey,
    MergedContact,
    MergeRecord,
    Suggestion,
)


def better_address(known: ContactAddress, other: ContactAddress) -> dict[str, Any]:
    """A proof of either is a proof; the later use counts."""
    news: dict[str, Any] = {}
    if other.is_verified and not known.is_verified:
        news |= {"is_verified": True, "source": other.source}
    if other.last_used_at and (known.last_used_at is None or known.last_used_at < other.last_used_at):
        news["last_used_at"] = other.last_used_at
    return news


relations.pair(ContactLabel, "contact", others=["label_id"])
relations.pair(ContactAddress, "contact", others=["kind", "value"], better=better_address)
relations.stays(MergeRecord, "survivor")
relations.stays(MergedContact, "contact")
# made anew from what the survivor has by then (contacts.suggesting)
relations.stays(MatchKey, "contact")
relations.stays(Suggestion, "low")
relations.stays(Suggestion, "high")
