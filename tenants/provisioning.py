"""A brand's beginning and end: its schema is made by replaying one script, its entry opened and closed.

The script (`schema.sql`, written by `manage.py dump_schema`) holds what a migrated schema holds, one statement a
paragraph: a thirtieth of the time that migrating takes.
"""

from __future__ import annotations

import re
import secrets
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import translation
from django.utils.translation import gettext

from tenants import directory
from tenants.models import Agency, Domain, Membership, Plan, Tenant, User
from tenants.scope import public_scope, tenant_scope
from tenants.workspace.hours import WEEKDAYS, Schedule, ScheduleError
from tenants.workspace.models import Agent, BusinessHours

SCRIPT = Path(__file__).with_name("schema.sql")
TEMPLATE = "kontor_template"
_PREFIX = re.compile(rf"\b{TEMPLATE}(?=\.)")
_HOST = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")
_OFFICE_HOURS: dict[str, Any] = {day: [["09:00", "18:00"]] for day in WEEKDAYS[:5]}


def create(
    *,
    agency: Agency,
    name: str,
    slug: str,
    language: str,
    timezone: str,
    plan: Plan,
    owner: User | None,
    domain: str,
) -> Tenant:
    """Make a brand: schema, address, opening hours and its owner's place, all or nothing.

    language: a code of settings.LANGUAGES. timezone: an IANA name. domain: the host name, without a port.
    Raises ValidationError when one of them cannot be used, or slug or domain is taken.
    """
    tenant = Tenant(
        agency=agency,
        plan=plan,
        schema_name=_new_schema_name(),
        name=name,
        slug=slug,
        language=language,
        timezone=timezone,
    )
    _check(language, timezone)
    with public_scope():
        tenant.full_clean()
        address = Domain(domain=checked_host(domain), tenant=tenant, is_primary=True)
        with transaction.atomic():
            tenant.save()
            address.full_clean(exclude=["tenant"])
            address.save()
            make_schema(tenant.schema_name)
            if owner is not None:
                Membership.objects.create(user=owner, tenant=tenant, role=Membership.Role.OWNER)
            with tenant_scope(tenant):
                _furnish(tenant, owner)
            transaction.on_commit(directory.forget)
    return tenant


def suspend(tenant: Tenant) -> None:
    """Close the doors: nobody enters and nothing is received until `resume`; nothing is lost."""
    _become(tenant, Tenant.Status.SUSPENDED)


def resume(tenant: Tenant) -> None:
    """Open the doors of a suspended brand again, or take back its closing."""
    _become(tenant, Tenant.Status.ACTIVE)


def close(tenant: Tenant) -> None:
    """Begin the end: as suspended, and the schema may be dropped when its grace time is over."""
    _become(tenant, Tenant.Status.CLOSING)


def make_schema(schema_name: str) -> None:
    """Make a schema and replay the script into it. Call it inside a transaction."""
    with connection.cursor() as cursor:
        cursor.execute(f'CREATE SCHEMA "{schema_name}"')
        for statement in script():
            cursor.execute(_PREFIX.sub(f'"{schema_name}"', statement))


@cache
def script() -> tuple[str, ...]:
    """The statements of the script, in order."""
    paragraphs = SCRIPT.read_text(encoding="utf-8").split("\n\n")
    return tuple(part for part in paragraphs if part.strip() and not part.startswith("--"))


def _new_schema_name() -> str:
    return f"t_{secrets.token_hex(8)}"


def checked_host(domain: str) -> str:
    """The host name of a brand as it is stored. Raises ValidationError for what is none, or is the platform's."""
    host = domain.strip().lower()
    if len(host) > 253 or not _HOST.fullmatch(host):
        raise ValidationError({"domain": gettext("“%(domain)s” is not a host name.") % {"domain": domain}})
    if directory.is_public_host(host):
        raise ValidationError({"domain": gettext("“%(domain)s” is the platform's own.") % {"domain": domain}})
    return host


def _check(language: str, timezone: str) -> None:
    if language not in dict(settings.LANGUAGES):
        raise ValidationError(
            {"language": gettext("“%(language)s” is not a language we speak.") % {"language": language}}
        )
    try:
        Schedule.from_json({"zone": timezone, "weekly": _OFFICE_HOURS})
    except ScheduleError as error:
        raise ValidationError({"timezone": gettext(str(error.message)) % error.params}) from error


def _furnish(tenant: Tenant, owner: User | None) -> None:
    with translation.override(tenant.language):
        name = gettext("Office hours")
    BusinessHours.objects.create(name=name, timezone=tenant.timezone, weekly=_OFFICE_HOURS)
    if owner is not None:
        Agent.objects.create(user_id=owner.id, name=owner.name or owner.email)


def _become(tenant: Tenant, status: Tenant.Status) -> None:
    with public_scope():
        tenant.status = status
        tenant.save(update_fields=["status"])
        transaction.on_commit(directory.forget)
