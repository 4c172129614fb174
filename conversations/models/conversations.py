"""Inboxes, the threads in them, and the work on a thread: sessions and waits."""

from __future__ import annotations

from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.utils.translation import gettext_lazy as _

from contacts.models import Contact, ContactIdentity
from tenants.composite_keys import CompositeForeignKey
from tenants.workspace.models import Agent, Team
from tenants.workspace.tenant_model import TenantModel

POST = "post:"
"""How the thread of comments begins; the platform's id of the post follows."""


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
    health = models.CharField(
        _("health"), max_length=12, choices=Health.choices, default=Health.GOOD, editable=False
    )
    failures_in_a_row = models.PositiveIntegerField(default=0, editable=False)
    probe_at = models.DateTimeField(null=True, editable=False)
    last_inbound_at = models.DateTimeField(_("last received"), null=True, editable=False)
    last_sent_at = models.DateTimeField(_("last sent"), null=True, editable=False)
    # what the platform said when it was last asked (conversations.checking)
    checked_at = models.DateTimeField(_("last checked"), null=True, editable=False)
    check_error = models.CharField(max_length=24, blank=True, editable=False)
    check_detail = models.CharField(max_length=500, blank=True, editable=False)
    platform_name = models.CharField(max_length=200, blank=True, editable=False)
    warnings = models.JSONField(default=list, editable=False)
    figures = models.JSONField(default=dict, editable=False)
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

    class Kind(models.TextChoices):
        CHAT = "chat", _("chat")
        GROUP = "group", _("group")
        COMMENTS = "comments", _("comments")  # what one person wrote in public below one post

    class Priority(models.IntegerChoices):
        NORMAL = 0, _("normal")
        HIGH = 1, _("high")
        URGENT = 2, _("urgent")

    inbox = models.ForeignKey(Inbox, on_delete=models.PROTECT, related_name="conversations", db_index=False)
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="conversations")
    identity = models.ForeignKey(ContactIdentity, on_delete=models.CASCADE, related_name="conversations")
    # the platform's group or room; "post:" and the post of public comments; "" one to one
    thread = models.CharField(max_length=200, blank=True)
    kind = models.GeneratedField(
        expression=Case(
            When(thread="", then=Value("chat")),
            When(thread__startswith=POST, then=Value("comments")),
            default=Value("group"),
        ),
        output_field=models.CharField(max_length=10, choices=Kind.choices),
        db_persist=True,
    )
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
    # where the platform counts our messages (conversations.window): in that window, and in the brief one
    sent_in_window = models.PositiveSmallIntegerField(default=0, db_default=0)
    brief_window_at = models.DateTimeField(null=True)  # platform time of the follow, scan or tapped menu
    sent_in_brief_window = models.PositiveSmallIntegerField(default=0, db_default=0)
    # platform time since when another app of the account owns the thread (Meta, LINE modules); None: we do
    held_elsewhere_at = models.DateTimeField(null=True)
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
            # an identity that is given to another contact takes its threads along, also those begun at that moment
            CompositeForeignKey(
                name="conversation_has_its_identitys_contact",
                fields=["identity", "contact"],
                to="contacts.ContactIdentity",
                to_fields=["id", "contact"],
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
