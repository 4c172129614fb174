"""What the header of an outgoing mail says: subject, the mails before it, where answers go, who gets a copy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

from django.db.models.fields.json import KeyTextTransform

from conversations import queries, reply_tokens
from conversations.channels import email_addresses, email_heads, email_writing
from conversations.models import Conversation, Inbox, Message

LOOKED_BACK = 12  # messages before this one that are named and asked for the subject


class Headings(TypedDict, total=False):
    """Fields of OutgoingMessage."""

    subject: str
    references: tuple[str, ...]
    reply_address: str
    cc: tuple[str, ...]
    bcc: tuple[str, ...]


def headings(conversation: Conversation, message: Message) -> Headings:
    """The headings of a message of a conversation, whose inbox is loaded. One query.

    A subject that was written for this very message counts; else the thread's own, with one "Re:".
    """
    rows = (
        Message.objects.filter(conversation_id=conversation.id, number__lt=message.number)
        .exclude(external_id="")
        .annotate(subject=KeyTextTransform("subject", "details"))
        .order_by("-number")
        .values_list("external_id", "subject")[:LOOKED_BACK]
    )
    known = list(rows)
    head = email_heads.stored(message.details)
    subject = next((subject for _, subject in known if subject), "")
    return Headings(
        subject=head.subject or email_writing.answer_subject(subject),
        references=tuple(external_id for external_id, _ in reversed(known)),
        reply_address=_reply_address(conversation),
        cc=head.cc,
        bcc=head.bcc,
    )


def next_subject(thread: Sequence[queries.Row]) -> str:
    """The subject that an answer has by itself after these rows of a thread, oldest first; "" for the first one."""
    known = [row["subject"] for row in thread if row["external_id"]][-LOOKED_BACK:]
    return email_writing.answer_subject(next(filter(None, reversed(known)), ""))


def last_of_customer(thread: Sequence[queries.Row]) -> queries.Row | None:
    """The customer's newest mail that came from their own address, among rows of a thread, oldest first."""
    found = (row for row in reversed(thread) if row["direction"] == "in" and row["mail_to"] + row["cc"])
    return next((row for row in found if not row["written_from"]), None)


def own_addresses() -> list[str]:
    """The brand's own mailboxes, which get no copy of what they send. One query."""
    return sorted(Inbox.objects.filter(channel="email").values_list("account_id", flat=True).distinct())


def _reply_address(conversation: Conversation) -> str:
    """Where answers go: the mailbox itself, or its signed plus address where the mailbox knows such."""
    inbox = conversation.inbox
    if not inbox.settings.get("plus_addresses"):
        return inbox.account_id
    return email_addresses.tagged(inbox.account_id, reply_tokens.make(conversation.id, inbox.id))
