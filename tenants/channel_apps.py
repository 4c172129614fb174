"""The applications that sign platforms' hooks: their secrets, sealed and bound to their rows."""

from __future__ import annotations

import logging
import secrets
from datetime import datetime, timedelta
from functools import lru_cache
from uuid import UUID

from django.conf import settings

from tenants import sealing
from tenants.directory import AppRef
from tenants.ids import new_id
from tenants.models import ChannelApp

MOST_OPENED = 4096
OLD_SECRET_LIFE = timedelta(days=1)
KEY_BYTES = 32

logger = logging.getLogger(__name__)

_BOUND_AS = {
    "sealed_secret": "secret",
    "sealed_previous_secret": "secret",  # it is what the field above held
    "sealed_verify_token": "verify_token",
}


def create(
    kind: str, name: str, *, tenant_id: UUID | None, secret: str = "", verify_token: str = ""
) -> ChannelApp:
    """A new application with its own hook address. tenant_id: None for one that serves several brands."""
    app = ChannelApp(
        id=new_id(), kind=kind, key=secrets.token_urlsafe(KEY_BYTES), name=name, tenant_id=tenant_id
    )
    app.sealed_secret = _sealed(app.id, "secret", secret)
    app.sealed_verify_token = _sealed(app.id, "verify_token", verify_token)
    app.save(force_insert=True)
    return app


def rotate_secret(app: ChannelApp, secret: str, *, at: datetime) -> None:
    """Sign with `secret` from now on; what the old one signed is believed for another day."""
    app.sealed_previous_secret = app.sealed_secret
    app.previous_secret_until = at + OLD_SECRET_LIFE
    app.sealed_secret = _sealed(app.id, "secret", secret)
    app.save(update_fields=["sealed_previous_secret", "previous_secret_until", "sealed_secret"])


def set_verify_token(app: ChannelApp, verify_token: str) -> None:
    """Set the text that the platform shows in its handshake; an empty one refuses every handshake."""
    app.sealed_verify_token = _sealed(app.id, "verify_token", verify_token)
    app.save(update_fields=["sealed_verify_token"])


def opened_secrets(app: AppRef, *, at: float) -> list[str]:
    """The signing secrets that are good at Unix time `at`, newest first. One that does not open is logged and
    left out: it then verifies nothing."""
    sealed = [app.sealed_secret]
    if app.previous_secret_until is not None and at < app.previous_secret_until:
        sealed.append(app.sealed_previous_secret)
    opened = (_opened(app.id, "secret", text) for text in sealed)
    return [secret for secret in opened if secret]


def opened_verify_token(app: AppRef) -> str:
    """The text that the platform must show in its handshake; "" when there is none, or it does not open."""
    return _opened(app.id, "verify_token", app.sealed_verify_token)


def binding(app_id: UUID, field: str) -> str:
    """What ties an application's sealed `field` (secret, verify_token) to its row."""
    return f"channel_app:{app_id}:{field}"


def reseal_all() -> int:
    """Bring the secrets of every application under the newest key. Returns how many rows changed."""
    return sum(_reseal(app) for app in ChannelApp.objects.all())


def _reseal(app: ChannelApp) -> bool:
    old = {column: getattr(app, column) for column in _BOUND_AS}
    new = {
        column: sealing.reseal(sealed, bound_to=binding(app.id, _BOUND_AS[column]))
        for column, sealed in old.items()
        if sealed and not sealing.is_newest(sealed)
    }
    if not new:
        return False
    # Only what was read is replaced: a secret that was rotated meanwhile is newest already.
    unchanged = {column: old[column] for column in new}
    return ChannelApp.objects.filter(id=app.id, **unchanged).update(**new) == 1


def _opened(app_id: UUID, field: str, sealed: str) -> str:
    if not sealed:
        return ""
    try:
        return _unsealed(app_id, field, sealed, tuple(settings.SEAL_KEYS))
    except sealing.Unsealable as error:
        logger.error("the %s of the application %s does not open: %s", field, app_id, error)
        return ""


@lru_cache(maxsize=MOST_OPENED)
def _unsealed(app_id: UUID, field: str, sealed: str, keys: tuple[str, ...]) -> str:
    """Every hook asks for it: opened once. keys: those in force now, so that one taken away opens nothing."""
    return sealing.unseal(sealed, bound_to=binding(app_id, field))


def _sealed(app_id: UUID, field: str, text: str) -> str:
    return sealing.seal(text, bound_to=binding(app_id, field)) if text else ""
