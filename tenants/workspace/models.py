"""Tenant schema: the ground that contacts, conversations and reporting stand on."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.ids import new_id
from tenants.workspace.tenant_model import TenantModel


class Agent(TenantModel):
    """A user's face inside one brand. Tenant tables point at agents, never at users."""

    class Availability(models.TextChoices):
        ONLINE = "online", _("online")
        AWAY = "away", _("away")

    user_id = models.UUIDField(unique=True, editable=False)  # public schema: no foreign key across schemas
    name = models.CharField(_("name"), max_length=120)
    availability = models.CharField(
        _("availability"), max_length=8, choices=Availability.choices, default=Availability.ONLINE
    )
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("agent")
        verbose_name_plural = _("agents")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Team(TenantModel):
    """A group of agents that conversations can be given to."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    agents = models.ManyToManyField(Agent, related_name="teams", blank=True, verbose_name=_("agents"))

    class Meta:
        verbose_name = _("team")
        verbose_name_plural = _("teams")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class BusinessHours(TenantModel):
    """When the brand is open: weekly ranges and special days, read by `hours.Schedule.from_json`."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    timezone = models.CharField(_("time zone"), max_length=60)
    weekly = models.JSONField(_("weekly ranges"), default=dict)
    special_days = models.JSONField(_("special days"), default=dict, blank=True)

    class Meta:
        verbose_name = _("business hours")
        verbose_name_plural = _("business hours")

    def __str__(self) -> str:
        return self.name


class Absence(TenantModel):
    """A span in which an agent was away: taken out of the clock "open minus away"."""

    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="absences")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="one_open_absence_per_agent", fields=["agent"], condition=models.Q(ended_at__isnull=True)
            ),
            models.CheckConstraint(
                name="absence_ends_after_start",
                condition=models.Q(ended_at__isnull=True) | models.Q(ended_at__gte=models.F("started_at")),
            ),
        ]


class EventCounter(models.Model):
    """One row: the number of the tenant's newest event. Updated last in a transaction, so that order of
    numbers is order of commits, without holes."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    newest = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.CheckConstraint(name="one_event_counter", condition=models.Q(id=1))]


OF_PERSON = (
    models.Q(contact_id__isnull=False)
    & ~models.Q(name__startswith="message.")
    & ~models.Q(name__startswith="file.")
)
"""The events of contacts that are not about messages: said in these words, they are found by an index of their own."""


class Event(models.Model):
    """One thing that happened. Written only by `events.unit_of_work`; never changed."""

    sequence = models.BigIntegerField(primary_key=True)
    name = models.CharField(max_length=60)
    payload = models.JSONField(default=dict)
    actor_kind = models.CharField(max_length=12)  # agent | contact | bot | system | token
    actor_id = models.UUIDField(null=True)
    contact_id = models.UUIDField(null=True)  # plain ids: history outlives what it speaks of
    conversation_id = models.UUIDField(null=True)
    happened_at = models.DateTimeField()

    class Meta:
        indexes = [
            # the timeline of one conversation or one person, newest first
            models.Index(name="event_by_conversation", fields=["conversation_id", "-sequence"]),
            models.Index(name="event_by_contact", fields=["contact_id", "-sequence"]),
            # what happened to a person and to their conversations: few beside what happens to messages
            models.Index(
                name="event_of_person",
                fields=["contact_id", "-happened_at", "-sequence"],
                condition=OF_PERSON,
            ),
        ]


class Cursor(models.Model):
    """How far one reactor has read the log."""

    reactor = models.CharField(max_length=80, primary_key=True)
    sequence = models.BigIntegerField(default=0)
    failing_sequence = models.BigIntegerField(
        null=True
    )  # the event being retried, and how often it was begun
    attempts = models.PositiveSmallIntegerField(default=0)
    retry_at = models.DateTimeField(null=True)
    moved_at = models.DateTimeField(auto_now=True)


class DeadEvent(TenantModel):
    """An event that a reactor could not take after five tries: visible, replayable, holding nobody up."""

    reactor = models.CharField(_("reader"), max_length=80)
    sequence = models.BigIntegerField(_("event number"))
    error = models.TextField(_("error"))
    died_at = models.DateTimeField(_("given up"), auto_now_add=True)
    replayed_at = models.DateTimeField(_("replayed"), null=True)

    class Meta:
        verbose_name = _("event that failed")
        verbose_name_plural = _("events that failed")
        constraints = [
            models.UniqueConstraint(name="one_death_per_reactor_and_event", fields=["reactor", "sequence"])
        ]


class AuditEntry(models.Model):
    """Who changed what in the brand's settings and access. Rows are added, never changed."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user_id = models.UUIDField(null=True)
    user_name = models.CharField(_("who"), max_length=120)
    act = models.CharField(_("act"), max_length=60)
    target_type = models.CharField(_("kind"), max_length=60)
    target_id = models.CharField(_("id"), max_length=64)
    target_name = models.CharField(_("what"), max_length=200, blank=True)
    changes = models.JSONField(_("changes"), default=dict)
    address = models.GenericIPAddressField(_("address"), null=True)
    happened_at = models.DateTimeField(_("when"), auto_now_add=True)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        ordering = ["-happened_at"]

    def __str__(self) -> str:
        return f"{self.act} · {self.target_name}"


class ApiToken(TenantModel):
    """An integrator's key to this brand. Only a keyed digest is stored; the token is shown once."""

    class Access(models.TextChoices):
        READ = "read", _("read only")
        WRITE = "write", _("read and write")

    name = models.CharField(_("name"), max_length=80)
    prefix = models.CharField(
        _("begins with"), max_length=12, editable=False
    )  # for people to tell tokens apart
    digest = models.CharField(max_length=64, unique=True, editable=False)
    access = models.CharField(_("access"), max_length=8, choices=Access.choices, default=Access.READ)
    agent = models.ForeignKey(
        Agent,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="api_tokens",
        verbose_name=_("acts as"),
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, editable=False)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, editable=False)

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.name


class IdempotencyKey(TenantModel):
    """A POST that was made with an Idempotency-Key, and its answer for 24 hours."""

    token = models.ForeignKey(ApiToken, on_delete=models.CASCADE, related_name="idempotency_keys")
    key = models.CharField(max_length=200)
    path = models.CharField(max_length=300)  # what was called: it names whom the answer speaks of
    request_digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)  # null while the first request is still at work
    response = models.JSONField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="one_answer_per_idempotency_key", fields=["token", "key"])
        ]
        indexes = [
            models.Index(name="idempotency_by_age", fields=["created_at"])
        ]  # read by the nightly sweep
