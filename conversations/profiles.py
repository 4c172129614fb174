"""Who the customer is, as the platform tells it: asked once a day, never over what a person wrote by hand."""

from __future__ import annotations

import logging
import re
from datetime import timedelta
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from contacts.events import ContactUpdated
from contacts.models import Contact, ContactIdentity
from conversations import transport
from conversations.accounts import account_of
from conversations.channels import registry
from conversations.channels.base import DeliveryError, Profile
from conversations.models import Inbox
from tenants.jobs import BULK, defer, job
from tenants.sealing import Unsealable
from tenants.workspace.events import SYSTEM, record, unit_of_work

ASK_SECONDS = 12.0
ASK_EVERY = timedelta(days=1)

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,1}")
_POISON = re.compile("[\x00\ud800-\udfff]")

logger = logging.getLogger(__name__)


def ask_for(identity: ContactIdentity, inbox: Inbox) -> None:
    """Let a worker ask the platform about the customer, where it can be asked and was not within a day."""
    if registry.open(inbox.channel).capabilities.has_profiles and _is_due(identity):
        mark = f"profile:{identity.id}"
        defer(fetch, only_one=mark, identity_id=str(identity.id), inbox_id=str(inbox.id))


@job(queue=BULK, name="conversations.fetch_profile")
def fetch(identity_id: str, inbox_id: str) -> None:
    """Ask the inbox's platform who an identity is. Whatever goes wrong, the next day's message asks again."""
    identity = ContactIdentity.objects.filter(id=UUID(identity_id)).first()
    inbox = Inbox.objects.filter(id=UUID(inbox_id), is_active=True).first()
    if identity is None or inbox is None or not _claim(identity):
        return
    channel = registry.open(inbox.channel)
    try:
        profile = channel.fetch_profile(identity.address, account_of(inbox), transport.within(ASK_SECONDS))
    except (DeliveryError, Unsealable) as error:
        kind = getattr(error, "kind", "unsealable")
        logger.warning("no profile for identity %s: %s", identity.id, kind)
        return
    apply(identity, profile)


def apply(identity: ContactIdentity, profile: Profile) -> None:
    """Fill in what the platform tells: the identity's name always, the contact's fields only where empty."""
    name = _POISON.sub("", profile.name).strip()[:200]
    found = {
        "name": name,
        "picture_url": _picture(profile.picture_url),
        "language": _language(profile.language),
    }
    with unit_of_work():
        if name and name != identity.display_name:
            ContactIdentity.objects.filter(id=identity.id).update(display_name=name)
        contact = Contact.objects.select_for_update(no_key=True).get(id=identity.contact_id)
        news = tuple(field for field, value in found.items() if value and not getattr(contact, field))
        if not news:
            return
        for field in news:
            setattr(contact, field, found[field])
        contact.save(update_fields=news)
        record(ContactUpdated(contact_id=contact.id, fields=news), by=SYSTEM)


def _is_due(identity: ContactIdentity) -> bool:
    return identity.profile_asked_at is None or identity.profile_asked_at < timezone.now() - ASK_EVERY


def _claim(identity: ContactIdentity) -> bool:
    now = timezone.now()
    due = Q(profile_asked_at__isnull=True) | Q(profile_asked_at__lt=now - ASK_EVERY)
    return ContactIdentity.objects.filter(due, id=identity.id).update(profile_asked_at=now) == 1


def _picture(url: str) -> str:
    is_web_address = url.startswith("https://") and not _POISON.search(url)
    return url if is_web_address and len(url) <= 2000 else ""


def _language(tag: str) -> str:
    return tag.replace("_", "-") if len(tag) <= 12 and _LANGUAGE.fullmatch(tag) else ""
