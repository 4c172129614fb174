"""What the chat says by itself: that the message came, or that nobody is there now. Each at most once per session.

Said where the visitor's message is answered, not by a reactor: no other channel pays for it, and a visitor's browser
that heard nothing sends its message again, so nothing is lost.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from uuid import UUID, uuid5

from django.utils import timezone

from conversations import outbound
from conversations.models import Conversation, Message, Session
from conversations.outbound import ReplyRefused
from conversations.widget.sites import Site, is_staffed
from tenants.workspace.events import Actor

IN_TALK = timedelta(minutes=30)
"""Who heard from a person so lately needs no machine."""

logger = logging.getLogger(__name__)


def greet(site: Site, conversation_id: UUID, *languages: str) -> None:
    """Say what is to be said after the visitor's message. It ends no wait: no person wrote it."""
    if not any({"instant", "away"} & texts.keys() for texts in site.arrangement.texts.values()):
        return
    name = "instant" if is_staffed(site) else "away"
    text = site.arrangement.any_text(name, *languages)
    session_id = (
        Session.objects.filter(conversation_id=conversation_id, resolved_at=None)
        .values_list("id", flat=True)
        .first()
    )
    if not text or session_id is None or _in_talk(conversation_id):
        return
    said_id = uuid5(session_id, name)
    if Message.objects.filter(conversation_id=conversation_id, client_id=said_id).exists():
        return
    try:
        outbound.reply(
            Conversation.objects.get(id=conversation_id),
            text,
            by=Actor("bot"),
            client_id=said_id,
            seen_number=None,
        )
    except ReplyRefused as refusal:
        logger.info("the chat's %s text was not sent: %s", name, refusal.code)


def _in_talk(conversation_id: UUID) -> bool:
    return Message.objects.filter(
        conversation_id=conversation_id,
        author_kind=Message.Author.AGENT,
        sent_at__gt=timezone.now() - IN_TALK,
    ).exists()
