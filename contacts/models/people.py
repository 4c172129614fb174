"""Customers, and the addresses by which they are known."""

from __future__ import annotations

from datetime import UTC, datetime

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce, Lower, NullIf
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tenants.composite_keys import CompositeForeignKey
from tenants.workspace.tenant_model import TenantModel

# What lists are ordered by, never null, so that a page begins where an index says: those never seen and those without
# a name stand at the end.
BY_LAST_SEEN = Coalesce(F("last_seen_at"), Value(datetime(1, 1, 1, tzinfo=UTC)))
BY_NAME = Coalesce(NullIf(Lower("name"), Value("")), Value("\U0010ffff"))


class Contact(TenantModel):
    """A customer. One not yet known is still a contact, with an empty name.

    A contact that was merged into another stays as a sign-post (`merged_into`): its id goes on to be answered.
    """

    name = models.CharField(
        pgettext_lazy("of a person", "name"), max_length=200, blank=True
    )  # as given: never split, never re-ordered
    # what goes with the name, in the customer's language: 様, 先生, 小姐, Ms
    honorific = models.CharField(_("form of address"), max_length=20, blank=True, db_default="")
    language = models.CharField(_("language"), max_length=12, blank=True)
    timezone = models.CharField(_("time zone"), max_length=60, blank=True)
    place = models.CharField(_("place"), max_length=120, blank=True, db_default="")
    company = models.CharField(_("company"), max_length=200, blank=True, db_default="")
    picture_url = models.URLField(_("picture"), max_length=2000, blank=True)
    page_url = models.URLField(_("last page"), max_length=2000, blank=True, db_default="")
    referrer = models.URLField(_("came from"), max_length=2000, blank=True, db_default="")
    # values of the brand's own fields, by CustomField.key
    custom = models.JSONField(_("own fields"), default=dict, blank=True, db_default={})
    # who set a field last: {"name": {"source": "agent", "at": "2026-…"}}; set by hand beats what a channel says
    marks = models.JSONField(default=dict, editable=False, db_default={})
    merged_into = models.ForeignKey(
        "self", null=True, editable=False, on_delete=models.PROTECT, related_name="merged", db_index=False
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    last_seen_at = models.DateTimeField(_("last seen"), null=True)
    # the person was erased (contacts.privacy): the row only holds times and numbers together
    erased_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        constraints = [
            models.CheckConstraint(
                name="contact_not_merged_into_itself",
                condition=Q(merged_into__isnull=True) | ~Q(merged_into=F("id")),
            ),
        ]
        indexes = [
            models.Index(name="contact_newest_first", fields=["-created_at", "-id"]),
            models.Index(BY_LAST_SEEN.desc(), F("id").desc(), name="contact_seen_last_first"),
            models.Index(BY_NAME.asc(), F("id").asc(), name="contact_by_name"),
            GinIndex(
                name="contact_by_own_fields",
                fields=["custom"],
                opclasses=["jsonb_path_ops"],
                condition=~Q(custom={}),
            ),
            models.Index(
                name="contact_sign_posts", fields=["merged_into"], condition=Q(merged_into__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return self.name or str(_("Unknown visitor"))

    @property
    def first_seen_at(self) -> datetime:
        """When they first were here: a platform may tell late of what they wrote before we knew of them."""
        return min(self.created_at, self.last_seen_at or self.created_at)


class ContactIdentity(TenantModel):
    """One address of a contact: valid inside `scope` (page, provider, site) of one channel."""

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="identities")
    channel = models.CharField(max_length=20)
    scope = models.CharField(max_length=200, blank=True)
    address = models.CharField(max_length=320)
    # another address of the same person on the same channel: what is said here goes on in that one's threads
    stands_for = models.ForeignKey(
        "self", null=True, editable=False, on_delete=models.CASCADE, related_name="aliases"
    )
    display_name = models.CharField(max_length=200, blank=True)
    is_reachable = models.BooleanField(default=True)  # false after an unfollow or a block
    # platform time of the newest follow, block and the like: an older one, told late, changes nothing
    reachability_at = models.DateTimeField(null=True, editable=False)
    profile_asked_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("contact identity")
        verbose_name_plural = _("contact identities")
        constraints = [
            models.UniqueConstraint(name="one_identity_per_address", fields=["channel", "scope", "address"]),
            # what hangs on an identity belongs to its contact, and goes with it when it is given to another
            models.UniqueConstraint(name="identity_with_its_contact", fields=["id", "contact"]),
            CompositeForeignKey(
                name="alias_has_the_same_contact",
                fields=["stands_for", "contact"],
                to="contacts.ContactIdentity",
                to_fields=["id", "contact"],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel}: {self.display_name or self.address}"


class ContactAddress(TenantModel):
    """An e-mail address or phone number that is said to be a contact's.

    Several contacts may claim the same one: a claim is a hint for a suggestion, never a key. What a person writes
    from is a ContactIdentity.
    """

    class Kind(models.TextChoices):
        EMAIL = "email", _("e-mail")
        PHONE = "phone", _("phone")

    class Source(models.TextChoices):
        CHANNEL = "channel", _("from a channel")
        FORM = "form", _("typed by the visitor")
        LOGIN = "login", _("vouched for by the brand's log-in")
        AGENT = "agent", _("entered by the staff")
        IMPORT = "import", _("imported")
        API = "api", _("by the API")

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="addresses", db_index=False)
    kind = models.CharField(_("kind"), max_length=5, choices=Kind.choices)
    value = models.CharField(_("address"), max_length=320)  # e-mail in lower case, phone in E.164
    is_verified = models.BooleanField(_("verified"), default=False)
    source = models.CharField(_("source"), max_length=7, choices=Source.choices)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    last_used_at = models.DateTimeField(_("last used"), null=True)

    class Meta:
        verbose_name = _("address of a contact")
        verbose_name_plural = _("addresses of contacts")
        constraints = [
            models.UniqueConstraint(
                name="one_address_per_contact_and_value", fields=["contact", "kind", "value"]
            ),
            models.CheckConstraint(
                name="contact_address_kind_known", condition=Q(kind__in=["email", "phone"])
            ),
        ]
        indexes = [models.Index(name="contact_address_by_value", fields=["kind", "value"])]

    def __str__(self) -> str:
        return self.value
