"""What the law asks of a brand: erasures and their certificates, holds, a person's export, retention, who looked."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from contacts.models.people import Contact
from tenants.workspace.models import Agent
from tenants.workspace.tenant_model import TenantModel


class Erasure(TenantModel):
    """One erasing, from its dry run to its certificate. It names nobody: ids of rows that are empty afterwards."""

    class Mode(models.TextChoices):
        ERASE = "erase", _("erase everything")
        ANONYMISE = "anonymise", _("keep texts without the person")

    class State(models.TextChoices):
        PLANNED = "planned", _("waits for a second confirmation")
        CONFIRMED = "confirmed", _("confirmed")
        RUNNING = "running", _("at work")
        DONE = "done", _("done")

    AT_WORK = (State.CONFIRMED, State.RUNNING)

    number = models.PositiveIntegerField(_("number"), unique=True)
    contact_id = models.UUIDField()  # plain: whose
    identity_id = models.UUIDField(null=True)  # null: the whole person
    erased_contact_id = models.UUIDField(null=True)  # whose rows it empties; one address is moved out first
    mode = models.CharField(_("how"), max_length=9, choices=Mode.choices)
    state = models.CharField(_("state"), max_length=9, choices=State.choices, default=State.PLANNED)
    ground = models.CharField(_("ground"), max_length=200, blank=True)
    planned_by = models.UUIDField(null=True)  # agent or API token
    confirmed_by = models.UUIDField(null=True)
    planned = models.JSONField(default=dict)  # dry run: rows, by kind
    erased = models.JSONField(default=dict)  # what was done: rows, by kind
    digests = models.JSONField(default=list)  # of the addresses, keyed (contacts.erased_addresses)
    # names and addresses that the work still looks for: sealed, and gone when it is done
    sealed_memory = models.TextField(blank=True, editable=False)
    sha256 = models.CharField(max_length=64, blank=True)  # of the certificate
    created_at = models.DateTimeField(_("planned"))
    confirmed_at = models.DateTimeField(_("confirmed"), null=True)
    erased_at = models.DateTimeField(null=True)  # from here on the person is unknown to us
    finished_at = models.DateTimeField(_("finished"), null=True)

    class Meta:
        verbose_name = _("erasure")
        verbose_name_plural = _("erasures")
        constraints = [
            models.CheckConstraint(
                name="erasure_state_known", condition=Q(state__in=["planned", "confirmed", "running", "done"])
            ),
            models.CheckConstraint(name="erasure_mode_known", condition=Q(mode__in=["erase", "anonymise"])),
            models.CheckConstraint(
                name="erasure_done_forgets", condition=~Q(state="done") | Q(sealed_memory="")
            ),
        ]
        indexes = [models.Index(name="erasure_by_contact", fields=["contact_id"])]


class ErasureEntry(TenantModel):
    """A keyed digest of an address whose person was erased: what is told again of the time before is dropped."""

    digest = models.BinaryField(unique=True)
    erasure_id = models.UUIDField()  # plain: the journal may know an erasure whose row a backup has lost
    erased_at = models.DateTimeField()


class LegalHold(TenantModel):
    """Nothing of the person is erased, tidied up or merged until the hold is lifted."""

    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="holds", db_index=False)
    reason = models.CharField(_("reason"), max_length=500)
    owner = models.ForeignKey(
        Agent, null=True, on_delete=models.SET_NULL, related_name="+", verbose_name=_("owner")
    )
    review_on = models.DateField(_("to be reviewed on"))
    placed_by = models.UUIDField(null=True)
    placed_at = models.DateTimeField(_("placed"))
    lifted_by = models.UUIDField(null=True)
    lifted_at = models.DateTimeField(_("lifted"), null=True)

    class Meta:
        verbose_name = _("legal hold")
        verbose_name_plural = _("legal holds")
        constraints = [
            models.UniqueConstraint(
                name="one_live_hold_per_contact", fields=["contact"], condition=Q(lifted_at__isnull=True)
            ),
            models.CheckConstraint(name="hold_has_a_reason", condition=~Q(reason="")),
            models.CheckConstraint(
                name="hold_lifted_after_placed",
                condition=Q(lifted_at__isnull=True) | Q(lifted_at__gte=F("placed_at")),
            ),
        ]
        indexes = [models.Index(name="hold_by_contact", fields=["contact"])]


class PersonExport(TenantModel):
    """Everything that we hold of a person, as one archive for whoever asked for it, for seven days."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        RUNNING = "running", _("at work")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")

    AT_WORK = (State.WAITING, State.RUNNING)

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="exports")
    asked_by = models.UUIDField()  # agent or API token: nobody else gets it
    state = models.CharField(_("state"), max_length=7, choices=State.choices, default=State.WAITING)
    rows_done = models.PositiveIntegerField(default=0)
    rows_total = models.PositiveIntegerField(default=0)
    path = models.CharField(max_length=120, blank=True)
    size = models.BigIntegerField(null=True)  # bytes
    sha256 = models.CharField(max_length=64, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(_("asked"))
    finished_at = models.DateTimeField(_("finished"), null=True)
    expires_at = models.DateTimeField(_("kept until"))

    class Meta:
        verbose_name = _("export of a person")
        verbose_name_plural = _("exports of persons")
        constraints = [
            models.CheckConstraint(
                name="person_export_state_known",
                condition=Q(state__in=["waiting", "running", "done", "failed"]),
            ),
            models.CheckConstraint(
                name="person_export_done_has_content", condition=~Q(state="done") | ~Q(path="")
            ),
        ]
        indexes = [models.Index(name="person_export_by_end", fields=["expires_at"])]


class RetentionRule(TenantModel):
    """How long a brand keeps one kind of data. Kinds without a row follow the default of their kind."""

    kind = models.CharField(_("kind"), max_length=40, unique=True)
    is_on = models.BooleanField(_("in use"))
    keep = models.PositiveSmallIntegerField(_("keep for"))  # days or months, as the kind counts
    changed_at = models.DateTimeField(_("changed"))
    last_run_at = models.DateTimeField(_("last tidied up"), null=True)
    last_removed = models.PositiveBigIntegerField(_("removed then"), default=0)

    class Meta:
        verbose_name = _("retention rule")
        verbose_name_plural = _("retention rules")
        constraints = [models.CheckConstraint(name="retention_keeps_something", condition=Q(keep__gte=1))]


class AccessEntry(TenantModel):
    """Somebody of the staff, or a program in their name, looked at a customer's data."""

    class Act(models.TextChoices):
        OPENED = "opened", _("opened")
        LISTED = "listed", _("listed")
        SEARCHED = "searched", _("searched")
        EXPORTED = "exported", _("exported")

    actor_kind = models.CharField(max_length=12)  # agent | token
    actor_id = models.UUIDField(null=True)
    token_id = models.UUIDField(null=True)  # the API token that acted in the agent's name
    act = models.CharField(_("act"), max_length=8, choices=Act.choices)
    subject_kind = models.CharField(_("kind"), max_length=20)  # contact | conversation | …
    subject_id = models.UUIDField(null=True)
    contacts = models.PositiveIntegerField(_("contacts"), default=1)  # how many were shown or written down
    happened_at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("access")
        verbose_name_plural = _("accesses")
        indexes = [
            models.Index(name="access_newest_first", fields=["-happened_at", "-id"]),
            models.Index(name="access_by_subject", fields=["subject_id", "-happened_at", "-id"]),
            models.Index(name="access_by_actor", fields=["actor_id", "-happened_at", "-id"]),
        ]


class AccessLimit(TenantModel):
    """How many contacts somebody of the staff may see within an hour before the administrators are told. One row."""

    id = models.SmallIntegerField(primary_key=True, default=1)  # type: ignore[assignment]
    contacts = models.PositiveIntegerField(_("contacts within an hour"), null=True)  # null: nobody is told
    changed_at = models.DateTimeField(_("changed"))

    class Meta:
        constraints = [
            models.CheckConstraint(name="one_access_limit", condition=Q(id=1)),
            models.CheckConstraint(name="access_limit_lets_some_through", condition=Q(contacts__gte=1)),
        ]


class AccessAlert(TenantModel):
    """Somebody of the staff saw more contacts within an hour than the brand's limit."""

    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="+", verbose_name=_("who"))
    contacts = models.PositiveIntegerField(_("contacts"))  # the most within one hour, so far
    limit = models.PositiveIntegerField(_("limit"))
    raised_at = models.DateTimeField(_("when"))
    seen_by = models.UUIDField(null=True)
    seen_at = models.DateTimeField(_("looked at"), null=True)

    class Meta:
        verbose_name = _("access alert")
        verbose_name_plural = _("access alerts")
        indexes = [models.Index(name="access_alert_newest_first", fields=["-raised_at", "-id"])]
        constraints = [
            models.CheckConstraint(name="access_alert_above_limit", condition=Q(contacts__gt=F("limit"))),
        ]
