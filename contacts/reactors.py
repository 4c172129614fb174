"""What follows for a person from what happened to them."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from contacts import addresses, consent
from contacts.addresses import BadAddress, Source
from contacts.events import ContactCreated, ContactOpted, ContactUpdated
from contacts.models import Contact, ContactIdentity
from tenants.workspace.events import SYSTEM
from tenants.workspace.log import LoggedEvent
from tenants.workspace.reactors import reactor

_WITH_ADDRESSES = ("email", "sms", "whatsapp")
_MOVED = frozenset({"address", "identities"})


@reactor("contacts.keep_channel_addresses", events=[ContactCreated, ContactUpdated])
def keep_channel_addresses(event: LoggedEvent) -> None:
    """Whoever writes from an e-mail address or a phone number has shown that it is theirs."""
    rows = ContactIdentity.objects.filter(channel__in=_WITH_ADDRESSES).select_related("contact")
    if event.name == ContactCreated.name:
        if event.payload["channel"] in _WITH_ADDRESSES:
            _keep(rows.filter(id=UUID(event.payload["identity_id"])))
    elif event.contact_id is not None and _MOVED & set(event.payload["fields"]):
        _keep(rows.filter(contact_id=event.contact_id))


def _keep(identities: Iterable[ContactIdentity]) -> None:
    for identity in identities:
        found = addresses.of_channel(identity.channel, identity.address)
        if found is None:
            continue
        kind, value = found
        try:
            addresses.add(
                identity.contact,
                kind,
                value,
                by=SYSTEM,
                source=Source.CHANNEL,
                is_verified=True,
                used_at=identity.last_used_at,
            )
        except BadAddress:  # they have too many already
            continue


@reactor("contacts.consent_by_channel", events=[ContactOpted])
def consent_by_channel(event: LoggedEvent) -> None:
    """Who stops our messages on a channel (STOP, 取消訂閱, 配信停止) takes back that we may advertise there."""
    contact = Contact.objects.filter(id=event.contact_id).first() if event.contact_id else None
    if contact is None:  # erased meanwhile
        return
    is_out = event.payload["change"] == "opted_out"
    consent.state(
        contact,
        purpose=consent.Purpose.MARKETING,
        channel=event.payload["channel"],
        state=consent.State.WITHDRAWN if is_out else consent.State.GIVEN,
        source="channel",
        proof={"event": event.sequence},
        at=event.happened_at,
        by=event.actor,
    )
