"""What a visit tells of a person goes into their profile: the form as a claim, the log-in as known."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from contacts import addresses, consent, profile
from contacts.addresses import BadAddress
from contacts.custom_fields import BadValue
from contacts.models import Contact, ContactAddress
from contacts.profile import Source
from conversations.events import ConversationOpened, ConversationReopened
from conversations.models import Conversation
from conversations.widget import visits
from conversations.widget.sites import KIND
from tenants.workspace.events import Actor
from tenants.workspace.log import LoggedEvent
from tenants.workspace.reactors import reactor

Kind = ContactAddress.Kind


@reactor("widget.know_visitors", events=[ConversationOpened, ConversationReopened])
def know_visitor(event: LoggedEvent) -> None:
    """Keep what the visitor of a website filled in, where they were, and who they are by the brand's log-in."""
    if event.conversation_id is None:
        return
    rows = Conversation.objects.select_related("inbox", "contact")
    talk = rows.filter(id=event.conversation_id, inbox__channel=KIND).first()
    visit = None if talk is None else visits.visit_of(talk)
    if talk is None or visit is None:
        return
    if visit.person:
        vouched(talk.contact_id, name=visit.person.get("name", ""), email=visit.person.get("email", ""))
    by = Actor("contact", talk.contact_id)
    where = {"page_url": visit.page.get("url", ""), "referrer": visit.page.get("referrer", "")}
    for field, value in [("name", visit.form.get("name", "")), *where.items()]:
        _set(talk.contact, field, value, by=by, told_in=talk.id)
    for kind in Kind.values:
        _claim(talk.contact, kind, visit.form.get(kind, ""), by=by)
    if visit.form.get("consent"):
        _agree(talk.contact, visit.form, at=event.happened_at, by=by)


def vouched(contact_id: UUID, *, name: str, email: str) -> None:
    """Take over what the brand's own server signed of a person."""
    contact, by = Contact(id=contact_id), Actor("contact", contact_id)
    if name:
        profile.change(contact, {"name": name}, by=by, source=Source.LOGIN)
    if email:
        try:
            addresses.add(contact, Kind.EMAIL, email, by=by, source=Source.LOGIN, is_verified=True)
        except BadAddress:
            return


def _set(contact: Contact, field: str, value: str, *, by: Actor, told_in: UUID) -> None:
    if not value:
        return
    try:
        profile.change(contact, {field: value}, by=by, source=Source.FORM, told_in=told_in)
    except BadValue:  # browsers say what they like
        return


def _claim(contact: Contact, kind: str, value: str, *, by: Actor) -> None:
    if not value:
        return
    try:
        addresses.claim(contact, kind, value, by=by)
    except BadAddress:  # it stays to be read in the form
        return


def _agree(contact: Contact, form: Mapping[str, Any], *, at: datetime, by: Actor) -> None:
    """The sentence under the form was agreed to: that we may keep and answer what is written there."""
    sentence = str(form["consent"])
    consent.state(
        contact,
        purpose=consent.Purpose.SERVICE,
        channel=KIND,
        state=consent.State.GIVEN,
        source="form",
        text_version=hashlib.sha256(sentence.encode()).hexdigest()[:12],
        proof={"sentence": sentence},
        at=at,
        by=by,
    )
