"""Sessions that are good on one host only: settings.SESSION_ENGINE.

A session notes the brand (or the platform) inside whose scope it was made. Read anywhere else it is empty, for
requests and sockets alike: a cookie that was carried to another brand's host opens nothing there.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends import db
from django.core.cache import cache

from tenants.accounts import digest
from tenants.backend.current import current_tenant
from tenants.models import Membership
from tenants.workspace import audit

KEY = "tenant_id"
PLATFORM = "platform"
RECORDED_EVERY_SECONDS = 3600

_KEY_FORM = re.compile(r"[a-z0-9]{32}")

logger = logging.getLogger(__name__)


class SessionStore(db.SessionStore):
    """The database's sessions, bound to the scope that they were made in."""

    def _validate_session_key(self, key: str | None) -> bool:
        """Only what Django itself makes: a quoted cookie can spell NUL, which the database takes for an error."""
        return key is not None and _KEY_FORM.fullmatch(key) is not None

    def load(self) -> dict[str, Any]:
        data: dict[str, Any] = super().load()
        if not data or data.get(KEY) == here():
            return data
        logger.warning("a session of %s was shown at %s", data.get(KEY), here())
        _put_on_record(str(self._session_key), data)
        self._session_key = None
        return {}

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        return super().create_model_instance({**data, KEY: here()})

    async def aload(self) -> dict[str, Any]:
        raise NotImplementedError("sessions are read inside a tenant's scope, in a thread")

    async def acreate_model_instance(self, data: dict[str, Any]) -> Any:
        raise NotImplementedError("sessions are written inside a tenant's scope, in a thread")


def _put_on_record(session_key: str, data: Mapping[str, Any]) -> None:
    """Tell the brand whose host was tried, once an hour for each session. People of other brands stay nameless."""
    tenant = current_tenant.get()
    mark = digest(session_key)[:16]
    if tenant is None or not cache.add(f"foreign-session:{mark}", True, RECORDED_EVERY_SECONDS):
        return
    members = Membership.objects.filter(tenant_id=tenant.id).select_related("user")
    known = members.filter(user_id=data[SESSION_KEY]).first() if SESSION_KEY in data else None
    audit.note(
        "session.refused",
        "session",
        mark,
        "",
        user_id=None if known is None else known.user_id,
        user_name="" if known is None else str(known.user),
        changes={"why": "made on another host"},
    )


def here() -> str:
    """What a session made now is bound to: the scope's tenant, else the platform."""
    tenant = current_tenant.get()
    return PLATFORM if tenant is None else str(tenant.id)
