"""Tenant schema: inboxes, conversations, what was said, and what became of it."""

from conversations.models.conversations import POST, Conversation, Inbox, Session, Wait
from conversations.models.files import StorageUse, StoredFile
from conversations.models.messages import Attachment, Message, ReadMark
from conversations.models.roads import AccessToken, InboundRecord, OutboundAttempt, ParkedItem

__all__ = [
    "POST",
    "AccessToken",
    "Attachment",
    "Conversation",
    "InboundRecord",
    "Inbox",
    "Message",
    "OutboundAttempt",
    "ParkedItem",
    "ReadMark",
    "Session",
    "StorageUse",
    "StoredFile",
    "Wait",
]
