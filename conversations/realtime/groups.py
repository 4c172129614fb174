"""Names of channel-layer groups, made in one place and never from anything that a client sent."""

from __future__ import annotations

from uuid import UUID

from django.utils.crypto import salted_hmac


def tenant_group(tenant_id: UUID) -> str:
    """The group through which the processes share one tenant's presence. Nobody can guess another's name."""
    digest = salted_hmac("conversations.realtime.groups", tenant_id.hex, algorithm="sha256").hexdigest()
    return f"presence.{tenant_id.hex}.{digest[:24]}"
