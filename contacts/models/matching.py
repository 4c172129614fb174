"""What contacts have in common, and which of them may be the same person."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from contacts.models.people import Contact
from tenants.workspace.tenant_model import TenantModel


class MatchKey(TenantModel):
    """One trait by which a contact can be recognised, as a digest: what two contacts share, they share digests of."""

    class Kind(models.TextChoices):
        EMAIL = "email", _("e-mail")
        PHONE = "phone", _("phone")
        LOGIN = "login", _("log-in")
        ORDER = "order", _("order")
        NAME = "name", _("name")

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="match_keys", db_index=False)
    kind = models.CharField(max_length=5, choices=Kind.choices)
    digest = models.UUIDField()
    is_verified = models.BooleanField()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="one_match_key_of_a_kind", fields=["contact", "kind", "digest"])
        ]
        indexes = [models.Index(name="match_key_by_digest", fields=["digest", "kind"])]


class Suggestion(TenantModel):
    """Two contacts may be one person. `low` is the one with the lower id, so that a pair stands here once."""

    class State(models.TextChoices):
        OPEN = "open", _("open")
        DISMISSED = "dismissed", _("not the same person")
        MERGED = "merged", _("merged")

    low = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="+", db_index=False)
    high = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="+")
    score = models.PositiveSmallIntegerField()  # 1 to 99: how much speaks for it
    reasons = models.JSONField(default=list)  # [{"kind": "email", "strength": "verified"}]
    state = models.CharField(max_length=9, choices=State.choices, default=State.OPEN)
    found_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    decided_by_kind = models.CharField(max_length=12, blank=True)  # who said no: an Actor
    decided_by_id = models.UUIDField(null=True)
    decided_score = models.PositiveSmallIntegerField(null=True)  # only more than this brings it back

    class Meta:
        constraints = [
            models.UniqueConstraint(name="one_suggestion_per_pair", fields=["low", "high"]),
            models.CheckConstraint(name="suggestion_pair_in_order", condition=Q(low__lt=F("high"))),
            models.CheckConstraint(
                name="suggestion_state_known", condition=Q(state__in=["open", "dismissed", "merged"])
            ),
            models.CheckConstraint(
                name="suggestion_decided_or_open",
                condition=Q(state="open") | Q(decided_at__isnull=False, decided_score__isnull=False),
            ),
        ]
        indexes = [models.Index(name="suggestion_strongest_first", fields=["state", "-score", "-id"])]
