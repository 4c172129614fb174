"""Tenant schema: inboxes, conversations, what was said, and what became of it."""

from conversations.models.conversations import Conversation, Inbox, Session, Wait
from conversations.models.messages import Attachment, Message, ReadMark
from conversations.models.roads import InboundRecord, OutboundAttempt, ParkedItem

__all__ = [
    "Attachment",
    "Conversation",
    "InboundRecord",
    "Inbox",
    "Message",
    "OutboundAttempt",
    "ParkedItem",
    "ReadMark",
    "Session",
    "Wait",
]
