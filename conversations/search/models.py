"""Tenant schema: what messages are found by."""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models

from conversations.models import Conversation, Inbox, Message
from tenants.workspace.tenant_model import TenantModel


class MessageTerms(TenantModel):
    """What was said in a message, folded, and its terms, one of which names the inbox. Made from the message by a
    reactor, never in the transaction that received it; can be thrown away and made anew.

    Conversation, inbox and time never change for a message. Its contact may, by a merge: that stands at the
    conversation alone.
    """

    id = None  # type: ignore[assignment]  # the message's own
    message = models.OneToOneField(Message, on_delete=models.CASCADE, primary_key=True, related_name="+")
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="+")
    inbox = models.ForeignKey(Inbox, on_delete=models.PROTECT, related_name="+", db_index=False)
    sent_at = models.DateTimeField()
    folded = models.TextField()
    terms = SearchVectorField()

    class Meta:
        indexes = [
            # Nobody waits for a reactor; who searches must not read through a list of pending entries.
            GinIndex(name="message_terms", fields=["terms"], fastupdate=False),
            models.Index(name="message_terms_newest_first", fields=["-sent_at", "-message"]),
        ]
