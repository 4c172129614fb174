"""Who the customer is, as the platform tells it: asked once a day, never over what a person wrote by hand."""

from __future__ import annotations

import logging
import re
from datetime import timedelta
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from contacts import profile as profile_of
from contacts.models import Contact, ContactIdentity
from contacts.profile import Source
from conversations import platforms
from conversations.channels.base import Profile
from conversations.channels.errors import DeliveryError
from conversations.models import Conversation
from tenants.jobs import BULK, defer, job
from tenants.workspace.events import SYSTEM, unit_of_work

ASK_SECONDS = 12.0
ASK_EVERY = timedelta(days=1)
ASK_AGAIN_AFTER = (timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6))

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,1}")
_POISON = re.compile("[\x00\ud800-\udfff]")

logger = logging.getLogger(__name__)


@job(queue=BULK)
def fetch(identity_id: str, tries: int = 0) -> None:
    """Ask the platform who an identity is. A platform that has no time for us is asked again, a few times."""
    identity = ContactIdentity.objects.filter(id=UUID(identity_id)).first()
    if identity is None:  # erased meanwhile
        return
    talks = Conversation.objects.filter(identity=identity, inbox__is_active=True).select_related("inbox")
    talk = talks.order_by("-last_activity_at").first()
    if talk is None or not _claim(identity, again=tries > 0):
        return
    try:
        profile = platforms.ask(
            talk.inbox,
            lambda channel, account, way: channel.fetch_profile(identity.address, account, way),
            seconds=ASK_SECONDS,
        )
    except DeliveryError as error:
        logger.warning("no profile for identity %s: %s", identity.id, error.kind)
        if not error.permanent and tries < len(ASK_AGAIN_AFTER):
            defer(fetch, at=timezone.now() + ASK_AGAIN_AFTER[tries], identity_id=identity_id, tries=tries + 1)
    else:
        apply(identity, profile, told_in=talk)


def apply(identity: ContactIdentity, profile: Profile, *, told_in: Conversation) -> None:
    """Fill in what the platform tells: the identity's name always, the contact's fields only where empty.

    told_in: the conversation on whose screens the news is to appear.
    """
    name = _POISON.sub("", profile.name).strip()[:200]
    found = {
        "name": name,
        "picture_url": _picture(profile.picture_url),
        "language": _language(profile.language),
    }
    with unit_of_work():
        contact = Contact.objects.select_for_update(no_key=True).get(id=identity.contact_id)
        if contact.erased_at is not None:  # asked before, answered after
            return
        if name and name != identity.display_name:
            ContactIdentity.objects.filter(id=identity.id).update(display_name=name)
        told = {field: value for field, value in found.items() if value}
        profile_of.change(
            Contact(id=identity.contact_id), told, by=SYSTEM, source=Source.CHANNEL, told_in=told_in.id
        )


def _claim(identity: ContactIdentity, *, again: bool) -> bool:
    """Whether it is this caller who asks; the first asking of a day, and what follows from its trouble."""
    now = timezone.now()
    due = Q() if again else Q(profile_asked_at__isnull=True) | Q(profile_asked_at__lt=now - ASK_EVERY)
    return ContactIdentity.objects.filter(due, id=identity.id).update(profile_asked_at=now) == 1


def _picture(url: str) -> str:
    is_web_address = url.startswith("https://") and not _POISON.search(url)
    return url if is_web_address and len(url) <= 2000 else ""


def _language(tag: str) -> str:
    return tag.replace("_", "-") if len(tag) <= 12 and _LANGUAGE.fullmatch(tag) else ""
