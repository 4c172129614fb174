"""What the roads in and out keep: raw records, what waits for its message, tries to send."""

from __future__ import annotations

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from conversations.models.conversations import Inbox
from conversations.models.messages import Message
from tenants.workspace.tenant_model import TenantModel

_OUTCOMES = (
    "threaded",
    "applied",
    "opened",
    "ours",
    "known",
    "outdated",
    "withdrawn",
    "unrelated",
    "not_read",
    "erased",
)


class InboundRecord(TenantModel):
    """What a platform delivered, element by element, kept raw for replay and dispute."""

    class State(models.TextChoices):
        NEW = "new", _("to be read")  # its batch failed: the job tries it alone
        DONE = "done", _("read")
        PARKED = "parked", _("waits for the message it speaks of")
        DEAD = "dead", _("failed")

    class Outcome(models.TextChoices):
        """What became of a record that was read; after `opened` come the reasons for which one is dropped."""

        THREADED = "threaded", _("stands in a conversation")
        APPLIED = "applied", _("changed what we have")  # an edit, a report, news of the account
        OPENED = "opened", _("taken apart into its items")  # a whole body: each item has a record of its own
        OURS = "ours", _("dropped: sent by us")
        KNOWN = "known", _("dropped: a message that we have")  # told under another event id
        OUTDATED = "outdated", _("dropped: something later stands")
        WITHDRAWN = "withdrawn", _("dropped: taken back by the customer")
        UNRELATED = "unrelated", _("dropped: about nobody and nothing that we know")
        NOT_READ = "not_read", _("dropped: says nothing that is kept")
        ERASED = "erased", _("dropped: of a person who was erased")

    DROPPED = (
        Outcome.OURS,
        Outcome.KNOWN,
        Outcome.OUTDATED,
        Outcome.WITHDRAWN,
        Outcome.UNRELATED,
        Outcome.NOT_READ,
        Outcome.ERASED,
    )

    inbox = models.ForeignKey(
        Inbox, null=True, on_delete=models.CASCADE, related_name="+", db_index=False, verbose_name=_("inbox")
    )
    channel = models.CharField(_("channel"), max_length=20)
    account_id = models.CharField(_("account"), max_length=200)
    event_id = models.CharField(_("platform's event"), max_length=300, blank=True)
    body = models.BinaryField(_("content"))  # bytea takes what text and jsonb refuse
    headers = models.JSONField(_("headers"), default=dict)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.NEW)
    attempts = models.SmallIntegerField(_("tries"), default=0)
    error = models.CharField(_("error"), max_length=500, blank=True)
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome.choices, blank=True)
    repeats = models.IntegerField(_("delivered again"), default=0, db_default=0)  # and not stored again
    received_at = models.DateTimeField(_("received"))

    class Meta:
        verbose_name = _("inbound record")
        verbose_name_plural = _("inbound records")
        constraints = [
            models.UniqueConstraint(
                name="one_record_per_event",
                fields=["channel", "account_id", "event_id"],
                condition=~Q(event_id=""),
            ),
            models.CheckConstraint(
                name="inbound_record_has_outcome_when_read",
                condition=Q(state="done", outcome__in=_OUTCOMES) | (~Q(state="done") & Q(outcome="")),
            ),
        ]
        indexes = [
            # read by the retry job and the dead letter page
            models.Index(
                name="inbound_unfinished", fields=["state", "received_at"], condition=~Q(state="done")
            ),
            # the daily count of an inbox, answered by the index alone, and the list behind a number
            models.Index(
                name="inbound_by_inbox",
                fields=["inbox", "received_at"],
                include=["state", "outcome", "repeats"],
            ),
            BrinIndex(name="inbound_by_age", fields=["received_at"]),  # retention: rows lie in this order
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


class AccessToken(TenantModel):
    """The token that a platform has lent to an inbox for a while: conversations.access_tokens."""

    inbox = models.OneToOneField(Inbox, on_delete=models.CASCADE, related_name="+")
    sealed = models.TextField(blank=True)  # bound to tenant and inbox
    expires_at = models.DateTimeField(null=True)
    asked_until = models.DateTimeField(
        null=True
    )  # somebody asks the platform for another one, at most so long

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="access_token_ends", condition=Q(sealed="") | Q(expires_at__isnull=False)
            )
        ]
