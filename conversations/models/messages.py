"""What was said, what came with it, and how far an agent has read."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from conversations.models.conversations import Conversation, Inbox
from conversations.models.files import StoredFile
from tenants.workspace.models import Agent
from tenants.workspace.tenant_model import TenantModel


class Message(TenantModel):
    """One utterance. `number` is the order in which it reached us inside its conversation; the thread is
    shown in platform time (`sent_at`, then `number`)."""

    class Direction(models.TextChoices):
        IN = "in", _("from the customer")
        OUT = "out", _("to the customer")

    class Author(models.TextChoices):
        CONTACT = "contact", _("customer")
        AGENT = "agent", _("agent")
        BOT = "bot", _("bot")
        OUTSIDE = "outside", _("sent from the platform's own inbox")

    class Kind(models.TextChoices):
        TEXT = "text", _("text")
        ATTACHMENT = "attachment", _("attachment")
        STICKER = "sticker", _("sticker")
        LOCATION = "location", _("place")
        POSTBACK = "postback", _("button")
        CARD = "card", _("card")
        TEMPLATE = "template", _("template")
        UNSUPPORTED = "unsupported", _("message of an unknown kind")

    class Status(models.TextChoices):
        RECEIVED = "received", _("received")
        PENDING = "pending", _("waiting to be sent")
        SENT = "sent", _("sent")
        DELIVERED = "delivered", _("delivered")
        READ = "read", _("read")
        FAILED = "failed", _("not sent")
        UNCONFIRMED = "unconfirmed", _("not confirmed")  # may have arrived: a person decides
        SKIPPED = "skipped", _("given up")

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="messages", db_index=False
    )
    inbox = models.ForeignKey(Inbox, on_delete=models.PROTECT, related_name="+", db_index=False)
    number = models.IntegerField()
    direction = models.CharField(max_length=3, choices=Direction.choices)
    kind = models.CharField(max_length=12, choices=Kind.choices, default=Kind.TEXT)
    text = models.TextField(blank=True)
    author_kind = models.CharField(max_length=8, choices=Author.choices)
    agent = models.ForeignKey(Agent, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    external_id = models.CharField(max_length=300, blank=True)
    client_id = models.UUIDField(
        null=True
    )  # made by the browser or integrator that wrote it: a retry is no second message
    status = models.CharField(max_length=12, choices=Status.choices)
    error_kind = models.CharField(max_length=24, blank=True)
    error_detail = models.CharField(max_length=500, blank=True)
    outside_window = models.BooleanField(default=False)
    sent_at = models.DateTimeField()  # platform time
    created_at = models.DateTimeField()  # our time
    edited_at = models.DateTimeField(null=True)
    unsent_at = models.DateTimeField(null=True)  # taken back by the customer: content gone, the place stays
    reaction = models.CharField(max_length=32, blank=True)
    reply_to = models.CharField(max_length=300, blank=True)
    details = models.JSONField(default=dict)  # postback, referral, page

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="one_message_per_external_id",
                fields=["inbox", "external_id"],
                condition=~Q(external_id=""),
            ),
            models.UniqueConstraint(
                name="one_message_per_client_id",
                fields=["conversation", "client_id"],
                condition=Q(client_id__isnull=False),
            ),
            models.UniqueConstraint(name="one_message_per_number", fields=["conversation", "number"]),
            models.CheckConstraint(name="message_direction_known", condition=Q(direction__in=["in", "out"])),
            models.CheckConstraint(
                name="received_means_inbound",
                condition=Q(direction="in", status="received") | Q(direction="out") & ~Q(status="received"),
            ),
        ]
        indexes = [
            models.Index(name="message_thread", fields=["conversation", "-sent_at", "-number"]),
            # what delivery reports move forward
            models.Index(
                name="message_undelivered",
                fields=["conversation", "sent_at"],
                condition=Q(direction="out", status__in=["sent", "delivered"]),
            ),
            models.Index(
                name="message_pending", fields=["conversation", "number"], condition=Q(status="pending")
            ),  # the sender's sweep
            # the head of a conversation is its oldest message that is neither out nor given up
            models.Index(
                name="message_unsettled",
                fields=["conversation", "number"],
                condition=Q(status__in=["pending", "failed", "unconfirmed"]),
            ),
        ]

    @property
    def needs_window(self) -> bool:
        """Whether a message of ours goes out in a reply window only: templates and answers to comments do not."""
        return self.kind != self.Kind.TEMPLATE and "to" not in self.details


FILE_KINDS = ("image", "video", "audio", "file")
"""Kinds of attachments that always stand for a file; a sticker does where its platform gives a picture."""

AWAITS_FILE = Q(file__isnull=True) & (
    Q(kind__in=FILE_KINDS) | (Q(kind="sticker") & (~Q(url="") | ~Q(media_id="")))
)
"""The attachments whose file nobody has fetched yet."""


def awaits_file(kind: str, url: str, media_id: str) -> bool:
    """The same of one without a file, by its fields."""
    return kind in FILE_KINDS or (kind == "sticker" and bool(url or media_id))


class Attachment(TenantModel):
    """A file, sticker or place of a message, as the platform named it. `file`: what became of fetching it, or
    what we send."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="attachments", db_index=False)
    position = models.SmallIntegerField()
    kind = models.CharField(max_length=12)
    url = models.TextField(blank=True)
    media_id = models.CharField(max_length=300, blank=True)
    name = models.CharField(max_length=300, blank=True)
    mime = models.CharField(max_length=120, blank=True)
    size = models.BigIntegerField(null=True)
    details = models.JSONField(default=dict)
    file = models.ForeignKey(
        StoredFile, null=True, on_delete=models.PROTECT, related_name="attachments", db_index=False
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(name="one_attachment_per_position", fields=["message", "position"])
        ]
        indexes = [
            models.Index(name="attachment_by_file", fields=["file"], condition=Q(file__isnull=False)),
            # read by the sweep
            models.Index(name="attachment_without_file", fields=["id"], condition=AWAITS_FILE),
        ]


class ReadMark(TenantModel):
    """How far one agent has read one conversation, by message number."""

    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="+", db_index=False)
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="read_marks")
    number = models.IntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="one_read_mark_per_agent_and_conversation", fields=["agent", "conversation"]
            )
        ]
