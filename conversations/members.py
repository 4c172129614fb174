"""Who spoke in a group, where its platform names members by their id alone."""

from __future__ import annotations

import logging
from datetime import timedelta
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from conversations import platforms
from conversations.channels.errors import DeliveryError
from conversations.events import MessageSenderNamed
from conversations.models import Conversation, Message
from tenants.jobs import BULK, defer, job
from tenants.workspace.events import SYSTEM, record, unit_of_work

ASK_SECONDS = 12.0
ASK_AGAIN_AFTER = (timedelta(minutes=10), timedelta(hours=1))
NAME_LENGTH = 200

logger = logging.getLogger(__name__)


@job(queue=BULK)
def name(conversation_id: str, member: str, tries: int = 0) -> None:
    """Write a member's name on what they said in a group: one that we know from before, else the platform's."""
    row = Conversation.objects.select_related("inbox", "identity").filter(id=UUID(conversation_id)).first()
    if row is None or not row.inbox.is_active:
        return
    said = Message.objects.filter(conversation=row, details__sender__id=member)
    known = (
        said.filter(details__sender__has_key="name").values_list("details__sender__name", flat=True).first()
    )
    found = known or _asked(row, member, tries)
    if found:
        write(said.exclude(details__sender__has_key="name"), found)


def write(said: QuerySet[Message], found: str) -> None:
    """Note who said these messages, and let the screens know."""
    with unit_of_work():
        for row in said.select_for_update(no_key=True, of=("self",)).select_related("conversation"):
            row.details["sender"]["name"] = found
            row.save(update_fields=["details"])
            named = MessageSenderNamed(
                conversation_id=row.conversation_id,
                contact_id=row.conversation.contact_id,
                message_id=row.id,
            )
            record(named, by=SYSTEM)


def _asked(row: Conversation, member: str, tries: int) -> str:
    """The name as the platform tells it; "" when it does not. Trouble that passes is tried again, twice."""
    group = row.identity.address
    try:
        profile = platforms.ask(
            row.inbox,
            lambda channel, account, way: channel.fetch_member(group, member, account, way),
            seconds=ASK_SECONDS,
        )
    except DeliveryError as error:
        logger.warning("no name of a member in conversation %s: %s", row.id, error.kind)
        if not error.permanent and tries < len(ASK_AGAIN_AFTER):
            at = timezone.now() + ASK_AGAIN_AFTER[tries]
            defer(name, at=at, conversation_id=str(row.id), member=member, tries=tries + 1)
    else:
        return profile.name.strip()[:NAME_LENGTH]
    return ""
