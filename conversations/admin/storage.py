"""What the brand's files take, on the first page of its settings."""

from __future__ import annotations

from django.utils.translation import gettext

from conversations.files import quota, sizes
from tenants.workspace.admin import brand_site


def told() -> tuple[str, str]:
    """The room for files: what is used, and what the plan allows."""
    room = quota.use()
    used = {"used": sizes.shown(room.used), "limit": sizes.shown(room.limit)}
    return gettext("Room for files"), gettext("%(used)s of %(limit)s used") % used


brand_site.show(told)
