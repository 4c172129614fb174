"""Tenant schema: inboxes, conversations, what was said, and what became of it.

A foreign key carries no index of its own (`db_index=False`) where another index begins with it, or where only the
rare removal of its target would use one: every index is paid for by every message.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from contacts.models import Contact, ContactIdentity
from tenants.workspace.models import Agent, Team
from tenants.workspace.tenant_model import TenantModel


class Inbox(TenantModel):
    """One connected account of a channel. Its tokens are sealed and bound to tenant and row."""

    class Health(models.TextChoices):
        GOOD = "good", _("working")
        FAILING = "failing", _("sending is failing")  # breaker open: probed once a minute
        DISCONNECTED = (
            "disconnected",
            _("disconnected"),
        )  # the platform refuses our token: somebody must reconnect

    name = models.CharField(_("name"), max_length=120)
    channel = models.CharField(_("channel"), max_length=20)
    account_id = models.CharField(_("account"), max_length=200)
    identity_scope = models.CharField(
        max_length=200, blank=True
    )  # inside which the customer's address is valid
    base_url = models.URLField(_("platform address"), max_length=300, blank=True)  # empty: the platform's own
    settings = models.JSONField(_("settings"), default=dict, blank=True)
    sealed_credentials = models.TextField(blank=True, editable=False)
    is_active = models.BooleanField(_("active"), default=True)
    teams = models.ManyToManyField(
        Team,
        blank=True,
        related_name="inboxes",
        verbose_name=_("only for the teams"),
        help_text=_("Empty: everybody sees it."),
    )
    health = models.CharField(max_length=12, choices=Health.choices, default=Health.GOOD, editable=False)
    failures_in_a_row = models.PositiveIntegerField(default=0, editable=False)
    probe_at = models.DateTimeField(null=True, editable=False)
    last_inbound_at = models.DateTimeField(null=True, editable=False)
    last_sent_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("inbox")
        verbose_name_plural = _("inboxes")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(name="one_inbox_per_account", fields=["channel", "account_id"])
        ]

    def __str__(self) -> str:
        return self.name


class Conversation(TenantModel):
    """The thread of one identity in one inbox. Work on it comes in sessions."""

    class Status(models.TextChoices):
        OPEN = "open", _("open")
        PENDING = "pending", _("pending")  # waits on a bot or an outsider
        SNOOZED = "snoozed", _("snoozed")  # sleeps until a time or the next message
        RESOLVED = "resolved", _("resolved")

    class Priority(models.IntegerChoices):
        NORMAL = 0, _("normal")
        HIGH = 1, _("high")
        URGENT = 2, _("urgent")

    inbox = models.ForeignKey(Inbox, on_delete=models.PROTECT, related_name="conversations", db_index=False)
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="conversations")
    identity = models.ForeignKey(ContactIdentity, on_delete=models.CASCADE, related_name="conversations")
    thread = models.CharField(max_length=200, blank=True)  # the platform's group or room; "" one to one
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.OPEN)
    priority = models.SmallIntegerField(choices=Priority.choices, default=Priority.NORMAL)
    assignee = models.ForeignKey(
        Agent, null=True, blank=True, on_delete=models.SET_NULL, related_name="conversations", db_index=False
    )
    team = models.ForeignKey(
        Team, null=True, blank=True, on_delete=models.SET_NULL, related_name="conversations"
    )
    snoozed_until = models.DateTimeField(null=True)
    waiting_since = models.DateTimeField(null=True)  # platform time of the first unanswered customer message
    last_customer_message_at = models.DateTimeField(null=True)  # platform time: the reply window's start
    reply_handle = models.CharField(max_length=200, blank=True)  # LINE: newest reply token
    reply_handle_at = models.DateTimeField(null=True)  # when we received it
    message_count = models.IntegerField(default=0)  # number of the newest message
    last_inbound_number = models.IntegerField(default=0)
    last_message_text = models.CharField(max_length=200, blank=True)
    last_message_direction = models.CharField(max_length=3, blank=True)
    last_activity_at = models.DateTimeField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("conversation")
        verbose_name_plural = _("conversations")
        constraints = [
            # ten pictures at once make one conversation
            models.UniqueConstraint(
                name="one_live_conversation_per_identity",
                fields=["inbox", "identity", "thread"],
                condition=~Q(status="resolved"),
            ),
            models.CheckConstraint(
                name="conversation_status_known",
                condition=Q(status__in=["open", "pending", "snoozed", "resolved"]),
            ),
            models.CheckConstraint(
                name="snoozed_means_until", condition=Q(snoozed_until__isnull=True) | Q(status="snoozed")
            ),
            models.CheckConstraint(
                name="nobody_waits_when_resolved",
                condition=Q(waiting_since__isnull=True) | ~Q(status="resolved"),
            ),
        ]
        indexes = [
            models.Index(name="conversation_newest_first", fields=["-last_activity_at", "-id"]),
            # the desk's lists: by state, then newest first
            models.Index(name="conversation_by_status", fields=["status", "-last_activity_at", "-id"]),
            models.Index(
                name="conversation_by_assignee", fields=["assignee", "status", "-last_activity_at", "-id"]
            ),
            # the queue of who waits longest, and the live board
            models.Index(
                name="conversation_waiting",
                fields=["waiting_since"],
                condition=Q(waiting_since__isnull=False),
            ),
            # read by the job that wakes sleepers
            models.Index(
                name="conversation_snoozed", fields=["snoozed_until"], condition=Q(status="snoozed")
            ),
        ]


class Session(TenantModel):
    """One span of work: from the first customer message (or our first word) to resolve."""

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="sessions")
    inbox = models.ForeignKey(Inbox, on_delete=models.PROTECT, related_name="+", db_index=False)
    started_at = models.DateTimeField()
    started_by_customer = models.BooleanField(default=True)
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.ForeignKey(
        Agent, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="one_open_session_per_conversation",
                fields=["conversation"],
                condition=Q(resolved_at__isnull=True),
            ),
        ]
        indexes = [models.Index(name="session_by_start", fields=["inbox", "started_at"])]


class Wait(TenantModel):
    """From the first unanswered customer message to the first human answer. Frozen as it was then."""

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="waits")
    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="waits")
    inbox = models.ForeignKey(Inbox, on_delete=models.PROTECT, related_name="+", db_index=False)
    is_first = models.BooleanField()  # the session's first wait: its length is the first response time
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(
        Agent, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    answered_outside = models.BooleanField(default=False)  # answered in the platform's own inbox
    dropped = models.BooleanField(default=False)  # resolved without an answer
    assignee = models.ForeignKey(
        Agent, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    team = models.ForeignKey(Team, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="one_open_wait_per_conversation",
                fields=["conversation"],
                condition=Q(ended_at__isnull=True),
            ),
            models.UniqueConstraint(
                name="one_first_wait_per_session", fields=["session"], condition=Q(is_first=True)
            ),
            models.CheckConstraint(
                name="wait_ends_after_start",
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("started_at")),
            ),
        ]
        indexes = [
            models.Index(name="wait_by_start", fields=["inbox", "started_at"]),
            models.Index(name="wait_by_end", fields=["inbox", "ended_at"], condition=Q(is_first=True)),
        ]


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


class Attachment(TenantModel):
    """A file, sticker or place of a message, as the platform named it. Nothing here has been fetched."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="attachments", db_index=False)
    position = models.SmallIntegerField()
    kind = models.CharField(max_length=12)
    url = models.TextField(blank=True)
    media_id = models.CharField(max_length=300, blank=True)
    name = models.CharField(max_length=300, blank=True)
    mime = models.CharField(max_length=120, blank=True)
    size = models.BigIntegerField(null=True)
    details = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="one_attachment_per_position", fields=["message", "position"])
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


class InboundRecord(TenantModel):
    """What a platform delivered, element by element, kept raw for replay and dispute."""

    class State(models.TextChoices):
        NEW = "new", _("to be read")  # its batch failed: the job tries it alone
        DONE = "done", _("read")
        PARKED = "parked", _("waits for the message it speaks of")
        DEAD = "dead", _("failed")

    inbox = models.ForeignKey(Inbox, null=True, on_delete=models.CASCADE, related_name="+", db_index=False)
    channel = models.CharField(max_length=20)
    account_id = models.CharField(max_length=200)
    event_id = models.CharField(max_length=300, blank=True)
    body = models.BinaryField()  # bytea takes what text and jsonb refuse
    headers = models.JSONField(default=dict)
    state = models.CharField(max_length=8, choices=State.choices, default=State.NEW)
    attempts = models.SmallIntegerField(default=0)
    error = models.CharField(max_length=500, blank=True)
    received_at = models.DateTimeField()

    class Meta:
        verbose_name = _("inbound record")
        verbose_name_plural = _("inbound records")
        constraints = [
            models.UniqueConstraint(
                name="one_record_per_event",
                fields=["channel", "account_id", "event_id"],
                condition=~Q(event_id=""),
            ),
        ]
        indexes = [
            # read by the retry job and the dead letter page
            models.Index(
                name="inbound_unfinished", fields=["state", "received_at"], condition=~Q(state="done")
            ),
            models.Index(name="inbound_by_age", fields=["received_at"]),  # retention
        ]


class ParkedItem(TenantModel):
    """A status, edit or unsend that came before the message it speaks of."""

    inbox = models.ForeignKey(Inbox, on_delete=models.CASCADE, related_name="+", db_index=False)
    external_id = models.CharField(max_length=300)
    kind = models.CharField(max_length=20)  # sent | delivered | read | failed | edited | unsent | reaction
    content = models.JSONField(default=dict)
    happened_at = models.DateTimeField()
    parked_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="one_parked_item_per_kind", fields=["inbox", "external_id", "kind"]),
        ]
        indexes = [models.Index(name="parked_by_age", fields=["parked_at"])]


class OutboundAttempt(TenantModel):
    """One try to hand a message to its platform. Committed before the call, so that a killed worker leaves a trace."""

    class Outcome(models.TextChoices):
        CALLING = "calling"
        SENT = "sent"
        TRANSIENT = "transient"
        PERMANENT = "permanent"
        UNKNOWN = "unknown"

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="attempts", db_index=False)
    number = models.SmallIntegerField()
    started_at = models.DateTimeField()
    lease_until = models.DateTimeField()  # database time: after it another worker may take over
    finished_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, default=Outcome.CALLING)
    error_kind = models.CharField(max_length=24, blank=True)
    error_code = models.CharField(max_length=60, blank=True)
    error_detail = models.CharField(max_length=500, blank=True)
    way = models.CharField(max_length=10, blank=True)
    is_probe = models.BooleanField(
        default=False
    )  # the breaker asked whether the platform is back: no try of the message's own
    retry_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="one_attempt_per_number", fields=["message", "number"]),
            # one conversation, one sender at a time, one call at a time
            models.UniqueConstraint(
                name="one_call_at_a_time", fields=["message"], condition=Q(outcome="calling")
            ),
        ]
