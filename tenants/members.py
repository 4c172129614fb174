"""Who belongs to a brand: invite, join, change the role, close the door. Every act is in the audit.

Nobody gives or touches a role above their own, and a brand keeps its last owner. What is closed here ends sessions,
tokens and sockets at their next act, because each of those asks for the membership again.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.validators import validate_email
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from tenants import directory
from tenants.accounts import digest
from tenants.directory import TenantRef
from tenants.links import address
from tenants.models import Invitation, Membership, Tenant, User
from tenants.scope import scoped_tenant, tenant_scope
from tenants.workspace import audit
from tenants.workspace.access import Member
from tenants.workspace.models import Agent

INVITATION_LIFE = timedelta(hours=72)
TOKEN_BYTES = 32

RANKS = {
    Membership.Role.VIEWER: 0,
    Membership.Role.AGENT: 1,
    Membership.Role.SUPERVISOR: 2,
    Membership.Role.ADMIN: 3,
    Membership.Role.OWNER: 4,
}


class CannotChange(Exception):
    """The change is not allowed; `message` tells a person why. Codes: above_own_role, last_owner, already_member,
    bad_address, unknown_role, plan_full, spent."""

    MESSAGES = {
        "above_own_role": _("You cannot give or change a role above your own."),
        "last_owner": _("A brand keeps at least one owner."),
        "already_member": _("This person belongs to the brand already."),
        "bad_address": _("This is not an e-mail address."),
        "unknown_role": _("There is no such role."),
        "plan_full": _("The plan has no place for another person."),
        "spent": _("This invitation is used up, was taken back or is too old."),
    }

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
        self.message = self.MESSAGES[code]


@dataclass(frozen=True, slots=True)
class By:
    """Who changes something here: a member of the brand, and from which network address."""

    member: Member
    address: str | None = None


def invite(email: str, role: str, *, by: By) -> Invitation:
    """Ask somebody by mail to join the scope's brand. Their older invitations here are taken back.

    Raises CannotChange.
    """
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError:
        raise CannotChange("bad_address") from None
    require_rank(role, by=by)
    tenant = _tenant()
    if Membership.objects.filter(tenant_id=tenant.id, user__email=email, is_active=True).exists():
        raise CannotChange("already_member")
    token, now = secrets.token_urlsafe(TOKEN_BYTES), timezone.now()
    with transaction.atomic():
        if not _free_places(tenant):
            raise CannotChange("plan_full")
        _pending(tenant).filter(email=email).update(revoked_at=now)
        row = Invitation.objects.create(
            tenant_id=tenant.id,
            email=email,
            role=role,
            digest=digest(token),
            invited_by_id=by.member.user_id,
            expires_at=now + INVITATION_LIFE,
        )
        _audit("member.invited", "invitation", row.id, email, by=by, changes={"role": role})
    _send(row, token, tenant)
    return row


def revoke(invitation: Invitation, *, by: By) -> None:
    """Take an invitation back; its link is dead from now on. Raises CannotChange."""
    require_rank(invitation.role, by=by)
    with transaction.atomic():
        if _pending(_tenant()).filter(id=invitation.id).update(revoked_at=timezone.now()):
            _audit("member.uninvited", "invitation", invitation.id, invitation.email, by=by)


def invitation_of(token: str) -> Invitation | None:
    """The invitation to the scope's brand that `token` still opens, or None."""
    found: Invitation | None = _pending(_tenant()).filter(digest=digest(token)).first()
    return found


def join(token: str, user: User) -> Membership:
    """Make the invited person a member with the role that stands in the invitation, and use the invitation up.

    user: the account whose address was invited. Raises CannotChange: spent, plan_full.
    """
    tenant = _tenant()
    with transaction.atomic():
        free = _free_places(tenant)
        row = _pending(tenant).select_for_update().filter(digest=digest(token), email=user.email).first()
        if row is None:
            raise CannotChange("spent")
        places = Membership.objects.filter(tenant_id=tenant.id, is_active=True)
        if not free and not places.filter(user=user).exists():
            raise CannotChange("plan_full")
        row.accepted_at = timezone.now()
        row.save(update_fields=["accepted_at"])
        membership, _made = Membership.objects.update_or_create(
            user=user, tenant_id=tenant.id, defaults={"role": row.role, "is_active": True}
        )
        Agent.objects.update_or_create(
            user_id=user.id,
            defaults={"is_active": True},
            create_defaults={"is_active": True, "name": user.name or user.email},
        )
        audit.note(
            "member.joined",
            "membership",
            membership.id,
            user.email,
            user_id=user.id,
            user_name=str(user),
            changes={"role": row.role},
        )
    return membership


def change_role(membership: Membership, role: str, *, by: By) -> None:
    """Give a member of the scope's brand another role. Raises CannotChange."""
    require_rank(role, by=by)
    with transaction.atomic():
        row = _locked(membership)
        require_rank(row.role, by=by)
        if row.role == role:
            return
        if row.role == Membership.Role.OWNER:
            _require_another_owner(row)
        previous, row.role = row.role, role
        row.save(update_fields=["role"])
        _audit(
            "member.role_changed",
            "membership",
            row.id,
            row.user.email,
            by=by,
            changes={"from": previous, "to": role},
        )


def deactivate(membership: Membership, *, by: By) -> None:
    """Close the brand to a member. What they did stays under their name. Raises CannotChange."""
    with transaction.atomic():
        row = _locked(membership)
        require_rank(row.role, by=by)
        if not row.is_active:
            return
        if row.role == Membership.Role.OWNER:
            _require_another_owner(row)
        row.is_active = False
        row.save(update_fields=["is_active"])
        Agent.objects.filter(user_id=row.user_id).update(is_active=False)
        _audit("member.deactivated", "membership", row.id, row.user.email, by=by)


def reactivate(membership: Membership, *, by: By) -> None:
    """Open the brand again to somebody who was a member. Raises CannotChange."""
    with transaction.atomic():
        free = _free_places(_tenant())
        row = _locked(membership)
        require_rank(row.role, by=by)
        if row.is_active:
            return
        if not free:
            raise CannotChange("plan_full")
        row.is_active = True
        row.save(update_fields=["is_active"])
        Agent.objects.filter(user_id=row.user_id).update(is_active=True)
        _audit("member.reactivated", "membership", row.id, row.user.email, by=by)


def require_rank(role: str, *, by: By) -> None:
    """Refuse when `role` stands above the one of whoever acts, or does not exist. Raises CannotChange."""
    if role not in Membership.Role.values:
        raise CannotChange("unknown_role")
    if RANKS[Membership.Role(role)] > RANKS[Membership.Role(by.member.role)]:
        raise CannotChange("above_own_role")


def _require_another_owner(row: Membership) -> None:
    # Locked in one order, so that two owners who leave at once do not both see the other stay.
    owners = Membership.objects.select_for_update().filter(
        tenant_id=row.tenant_id, role=Membership.Role.OWNER, is_active=True
    )
    if not [owner for owner in owners.order_by("id") if owner.id != row.id]:
        raise CannotChange("last_owner")


def _free_places(tenant: TenantRef) -> int:
    # Locked before every other row, so that two who come at once do not both take the last place.
    rows = Tenant.objects.select_for_update(of=("self",), no_key=True).select_related("plan")
    places: int = rows.get(id=tenant.id).plan.agents
    return max(0, places - Membership.objects.filter(tenant_id=tenant.id, is_active=True).count())


def _locked(membership: Membership) -> Membership:
    rows = Membership.objects.select_for_update(of=("self",)).select_related("user")
    return rows.get(pk=membership.pk, tenant_id=scoped_tenant().id)


def _pending(tenant: TenantRef) -> Any:
    return Invitation.objects.filter(
        tenant_id=tenant.id, accepted_at=None, revoked_at=None, expires_at__gt=timezone.now()
    )


def _tenant() -> TenantRef:
    tenant = directory.tenant_by_id(scoped_tenant().id)
    if tenant is None:
        raise LookupError("the scope's tenant is gone")
    return tenant


def _send(row: Invitation, token: str, tenant: TenantRef) -> None:
    context = {
        "brand": tenant.name,
        "role": row.get_role_display(),
        "address": address(tenant, reverse("join", kwargs={"token": token})),
        "hours": int(INVITATION_LIFE.total_seconds() // 3600),
    }
    with tenant_scope(tenant), translation.override(tenant.language):
        context["role"] = row.get_role_display()
        subject = " ".join(render_to_string("tenants/mail/invitation_subject.txt", context).split())
        body = render_to_string("tenants/mail/invitation_message.txt", context)
    transaction.on_commit(EmailMessage(subject, body, to=[row.email]).send)


def _audit(
    act: str,
    target_type: str,
    target_id: object,
    target_name: str,
    *,
    by: By,
    changes: Mapping[str, Any] | None = None,
) -> None:
    audit.note(
        act,
        target_type,
        target_id,
        target_name,
        user_id=by.member.user_id,
        user_name=by.member.agent.name,
        changes=changes,
        address=by.address,
    )
