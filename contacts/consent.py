"""What a person allowed and took back: a ledger that is only added to. The newest statement counts.

consent.state(contact, purpose="marketing", channel="sms", state="withdrawn", source="keyword", by=actor)
consent.may(contact.id, "sms", "marketing")
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from contacts.events import ContactConsented
from contacts.holding import hold
from contacts.models import Consent, Contact
from contacts.queries import Position
from tenants.workspace.events import Actor, record, unit_of_work

Purpose = Consent.Purpose
State = Consent.State

EVERY_CHANNEL = ""
FUTURE = timedelta(minutes=5)  # how far ahead of ours a teller's clock may be


class ConsentRefused(ValueError):
    """It cannot be stated like this. Codes: unknown_purpose, unknown_state, in_future."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def state(
    contact: Contact,
    *,
    purpose: str,
    state: str,
    source: str,
    by: Actor,
    channel: str = EVERY_CHANNEL,
    text_version: str = "",
    proof: Mapping[str, Any] | None = None,
    at: datetime | None = None,
) -> Consent:
    """Write down what a person allowed or took back. The same statement (time and source) again gives the same row.

    channel: a channel's kind, or every channel. source: how we know (agent, form, keyword, channel, api). at: when
    the person said so, else now. Raises ConsentRefused.
    """
    if purpose not in Purpose.values:
        raise ConsentRefused("unknown_purpose")
    if state not in State.values:
        raise ConsentRefused("unknown_state")
    now = timezone.now()
    if at is not None and at > now + FUTURE:
        raise ConsentRefused("in_future")
    with unit_of_work():
        row = hold(contact.pk)
        said = {"contact": row, "channel": channel, "purpose": purpose, "state": state, "source": source}
        known = Consent.objects.filter(**said, stated_at=at).first() if at is not None else None
        if known is not None:
            return known
        made = Consent.objects.create(
            **said, text_version=text_version[:80], proof=dict(proof or {}), stated_at=at or now
        )
        record(
            ContactConsented(
                contact_id=row.id, consent_id=made.id, channel=channel, purpose=purpose, state=state
            ),
            by=by,
        )
    return made


def that_count() -> QuerySet[Consent]:
    """The statements that no newer one has replaced: one for the same channel, or for every channel."""
    newer = Consent.objects.filter(
        Q(channel=OuterRef("channel")) | Q(channel=EVERY_CHANNEL),
        Q(stated_at__gt=OuterRef("stated_at")) | Q(stated_at=OuterRef("stated_at"), id__gt=OuterRef("id")),
        contact=OuterRef("contact"),
        purpose=OuterRef("purpose"),
    )
    return Consent.objects.filter(~Exists(newer))


def standing(contact_id: UUID, channel: str, purpose: str) -> str:
    """What holds now: given, withdrawn, or "" where nothing was ever said. A statement for every channel holds for
    each until a newer one. One query."""
    rows = Consent.objects.filter(
        Q(channel=channel) | Q(channel=EVERY_CHANNEL), contact_id=contact_id, purpose=purpose
    )
    newest = rows.order_by("-stated_at", "-id").values_list("state", flat=True).first()
    return newest or ""


def may(contact_id: UUID, channel: str, purpose: str) -> bool:
    """Whether we may write to a person for a purpose: service until it is withdrawn, marketing once it is given."""
    now = standing(contact_id, channel, purpose)
    return now == State.GIVEN if purpose == Purpose.MARKETING else now != State.WITHDRAWN


def is_withdrawn(contact_id: UUID, channel: str, purpose: str) -> bool:
    """Whether a person has said that we may not. One query."""
    return standing(contact_id, channel, purpose) == State.WITHDRAWN


def standings(contact_id: UUID) -> list[Consent]:
    """A person's statements that count now, at most one for each purpose and channel. One query."""
    return list(that_count().filter(contact_id=contact_id).order_by("purpose", "channel"))


def page(contact_id: UUID, *, after: Position | None, limit: int) -> list[Consent]:
    """A page of a person's ledger, newest first. One query."""
    rows = Consent.objects.filter(after.beyond("stated_at") if after else Q(), contact_id=contact_id)
    return list(rows.order_by("-stated_at", "-id")[:limit])
