"""Public schema: who may enter, and where. No customer's data lives here."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _
from django_tenants.models import DomainMixin, TenantMixin

from tenants.ids import new_id

SCHEMA_NAME_FORM = r"^t_[a-z0-9]{16}$"


class Agency(models.Model):  # type: ignore[django-manager-missing]  # Tenant has an untyped base
    """A firm that serves brands."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(_("name"), max_length=120, unique=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("agency")
        verbose_name_plural = _("agencies")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Plan(models.Model):  # type: ignore[django-manager-missing]
    """Limits that hold for each tenant on this plan, so that one brand's storm never slows another."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(_("name"), max_length=60, unique=True)
    api_calls_per_minute = models.PositiveIntegerField(_("API calls per minute"), default=600)
    inbound_per_second = models.PositiveIntegerField(_("inbound items per second"), default=200)
    sockets = models.PositiveIntegerField(_("open desk connections"), default=500)
    agents = models.PositiveIntegerField(_("agents"), default=100)
    storage_bytes = models.PositiveBigIntegerField(_("room for files, in bytes"), default=20_000_000_000)

    class Meta:
        verbose_name = _("plan")
        verbose_name_plural = _("plans")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Tenant(TenantMixin):
    """One brand's space. The schema name is generated and never user text."""

    class Status(models.TextChoices):
        ACTIVE = "active", _("active")
        SUSPENDED = "suspended", _("suspended")  # nobody enters, nothing is received, nothing is lost
        CLOSING = "closing", _("closing")  # waits out its grace time before the schema is dropped

    auto_create_schema = False
    auto_drop_schema = False

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    agency = models.ForeignKey(
        Agency, on_delete=models.PROTECT, related_name="tenants", verbose_name=_("agency")
    )
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="tenants", verbose_name=_("plan"))
    schema_name = models.CharField(
        max_length=18, unique=True, editable=False, validators=[RegexValidator(SCHEMA_NAME_FORM)]
    )
    name = models.CharField(_("name"), max_length=120)
    slug = models.SlugField(_("address name"), max_length=40, unique=True)
    language = models.CharField(_("language"), max_length=12, default="en")
    timezone = models.CharField(_("time zone"), max_length=60, default="Asia/Taipei")
    status = models.CharField(_("status"), max_length=12, choices=Status.choices, default=Status.ACTIVE)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("tenant")
        verbose_name_plural = _("tenants")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                name="tenant_schema_name_form", condition=models.Q(schema_name__regex=SCHEMA_NAME_FORM)
            ),
            models.CheckConstraint(
                name="tenant_status_known", condition=models.Q(status__in=["active", "suspended", "closing"])
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Domain(DomainMixin):
    """A host name under which one tenant is served. `domain` carries no port and is lower case."""

    class Meta:
        verbose_name = _("domain")
        verbose_name_plural = _("domains")
        constraints = [
            models.CheckConstraint(name="domain_lower_case", condition=models.Q(domain=Lower("domain"))),
        ]


class UserManager(BaseUserManager["User"]):
    """Users are found by their e-mail address, whatever its case."""

    use_in_migrations = True

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """A user with this address; without a password they cannot sign in until they set one."""
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """A user of the platform's own admin. It gives no entry into any tenant."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=(username or "").lower())


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in. What they may do in a brand stands in their Membership."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    email = models.EmailField(_("e-mail address"), unique=True)
    name = models.CharField(_("name"), max_length=120)
    language = models.CharField(_("language"), max_length=12, blank=True)
    timezone = models.CharField(_("time zone"), max_length=60, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    is_staff = models.BooleanField(_("platform staff"), default=False)
    date_joined = models.DateTimeField(_("joined"), auto_now_add=True)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    objects = UserManager()

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = [
            models.CheckConstraint(name="user_email_lower_case", condition=models.Q(email=Lower("email"))),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    def get_short_name(self) -> str:
        """How the administration greets the user."""
        return self.name or self.email


class Membership(models.Model):
    """A user's place in one tenant. Authentication is not membership: every request checks this row."""

    class Role(models.TextChoices):
        OWNER = "owner", _("owner")
        ADMIN = "admin", _("administrator")
        SUPERVISOR = "supervisor", _("supervisor")
        AGENT = "agent", _("agent")
        VIEWER = "viewer", _("viewer")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="memberships", verbose_name=_("user")
    )
    tenant = models.ForeignKey(
        Tenant, on_delete=models.CASCADE, related_name="memberships", verbose_name=_("tenant")
    )
    role = models.CharField(_("role"), max_length=12, choices=Role.choices, default=Role.AGENT)
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [
            models.UniqueConstraint(name="one_membership_per_user_and_tenant", fields=["user", "tenant"]),
            models.CheckConstraint(
                name="membership_role_known",
                condition=models.Q(role__in=["owner", "admin", "supervisor", "agent", "viewer"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.tenant} · {self.get_role_display()}"


class Invitation(models.Model):
    """Asks a person to join one tenant. The link in the mail is good once, for three days; only its digest is kept."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(
        Tenant, on_delete=models.CASCADE, related_name="invitations", verbose_name=_("tenant")
    )
    email = models.EmailField(_("e-mail address"))
    role = models.CharField(
        _("role"), max_length=12, choices=Membership.Role.choices, default=Membership.Role.AGENT
    )
    digest = models.CharField(max_length=64, unique=True, editable=False)
    invited_by = models.ForeignKey(
        User,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        editable=False,
        verbose_name=_("invited by"),
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    expires_at = models.DateTimeField(_("expires"), editable=False)
    accepted_at = models.DateTimeField(_("accepted"), null=True, editable=False)
    revoked_at = models.DateTimeField(_("revoked"), null=True, editable=False)

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                name="invitation_email_lower_case", condition=models.Q(email=Lower("email"))
            ),
            models.CheckConstraint(
                name="invitation_role_known",
                condition=models.Q(role__in=["owner", "admin", "supervisor", "agent", "viewer"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.email} · {self.get_role_display()}"


class HandOffTicket(models.Model):
    """Carries a signed-in person from one host to another: once, within 30 seconds, for one tenant only."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    digest = models.CharField(max_length=64, unique=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)


class ChannelApp(models.Model):
    """The platform-side application that signs our hooks; its key is the secret-free part of the hook's address.

    `tenant` is set when the application belongs to one brand (a LINE channel), empty when an agency's
    application serves the pages of several. Secrets are sealed (tenants.sealing) and bound to this row.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(_("channel"), max_length=20)
    key = models.CharField(_("address key"), max_length=43, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=120)
    tenant = models.ForeignKey(
        Tenant,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="channel_apps",
        verbose_name=_("tenant"),
    )
    sealed_secret = models.TextField(blank=True)
    sealed_previous_secret = models.TextField(blank=True)
    previous_secret_until = models.DateTimeField(null=True, blank=True)
    sealed_verify_token = models.TextField(blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("channel application")
        verbose_name_plural = _("channel applications")

    def __str__(self) -> str:
        return f"{self.name} ({self.kind})"


class ChannelRoute(models.Model):
    """Receiving account -> tenant and inbox. Only hooks signed by `app` may use the route."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    app = models.ForeignKey(ChannelApp, on_delete=models.CASCADE, related_name="routes")
    kind = models.CharField(max_length=20)
    account_id = models.CharField(max_length=200)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="channel_routes")
    inbox_id = models.UUIDField()  # a row of the tenant's schema: no foreign key across schemas

    class Meta:
        constraints = [
            models.UniqueConstraint(name="one_route_per_account", fields=["kind", "account_id"]),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.account_id}"


class UnknownAccount(models.Model):
    """A signed hook named an account that nobody has connected: counted here, dropped, shown to the operator."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    app = models.ForeignKey(
        ChannelApp,
        on_delete=models.CASCADE,
        related_name="unknown_accounts",
        verbose_name=_("channel application"),
    )
    account_id = models.CharField(_("account"), max_length=200)
    items = models.PositiveBigIntegerField(_("items"), default=0)
    first_seen_at = models.DateTimeField(_("first seen"))
    last_seen_at = models.DateTimeField(_("last seen"))

    class Meta:
        verbose_name = _("unknown account")
        verbose_name_plural = _("unknown accounts")
        constraints = [
            models.UniqueConstraint(name="one_count_per_unknown_account", fields=["app", "account_id"]),
        ]


class UnparsedHook(models.Model):
    """A signed body of a shared application that could not be read, so no tenant is known: kept for replay."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    app = models.ForeignKey(
        ChannelApp,
        on_delete=models.CASCADE,
        related_name="unparsed_hooks",
        verbose_name=_("channel application"),
    )
    body = models.BinaryField()
    headers = models.JSONField(_("headers"), default=dict)
    error = models.CharField(_("error"), max_length=300)
    received_at = models.DateTimeField(_("received"), auto_now_add=True)
    replayed_at = models.DateTimeField(_("replayed"), null=True, blank=True)

    class Meta:
        verbose_name = _("unread hook")
        verbose_name_plural = _("unread hooks")
        ordering = ["-received_at"]


class TenantMigration(models.Model):
    """How far one schema came in a migration over all of them, so that an interrupted run resumes."""

    class State(models.TextChoices):
        PENDING = "pending"
        DONE = "done"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    target = models.CharField(max_length=64)  # digest of the plan's target state
    state = models.CharField(max_length=8, choices=State.choices, default=State.PENDING)
    error = models.TextField(blank=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="one_migration_row_per_tenant_and_target", fields=["tenant", "target"]
            ),
        ]
