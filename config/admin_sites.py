"""Both admins, with everything that the apps put into them."""

from __future__ import annotations

import contacts.admin  # noqa: F401 -- registers what it shows
import conversations.admin
import conversations.comments.admin  # noqa: F401
import tenants.people_admin  # noqa: F401
from tenants.admin import platform_site
from tenants.workspace.admin import brand_site

__all__ = ["brand_site", "platform_site"]
