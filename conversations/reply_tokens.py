"""The token in an e-mail inbox's reply addresses: which conversation an answer belongs to, signed by us.

26 signs for the conversation, 16 for the signature (80 bits), bound to the brand and the inbox: a token of
another brand, or one that was made up, means nothing here.
"""

from __future__ import annotations

import base64
import hmac
from uuid import UUID

from django.conf import settings

from conversations.channels.email_addresses import TOKEN_LENGTH
from tenants.scope import scoped_tenant

_ID_LENGTH = 26
_MARK_BYTES = 10


def make(conversation_id: UUID, inbox_id: UUID) -> str:
    """The token of a conversation of the scope's brand."""
    return _written(conversation_id.bytes) + _mark(conversation_id, inbox_id, settings.SECRET_KEY)


def read(token: str, inbox_id: UUID) -> UUID | None:
    """The conversation that a token was made for; None when it was not made by us, for this brand and inbox."""
    if len(token) != TOKEN_LENGTH:
        return None
    try:
        conversation_id = UUID(bytes=base64.b32decode(token[:_ID_LENGTH].upper() + "======"))
    except ValueError:
        return None
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    marks = [_mark(conversation_id, inbox_id, str(key)) for key in keys]
    given = token[_ID_LENGTH:].encode("utf-8", "replace")
    is_ours = sum(hmac.compare_digest(mark.encode(), given) for mark in marks) > 0
    return conversation_id if is_ours else None


def _mark(conversation_id: UUID, inbox_id: UUID, key: str) -> str:
    content = f"reply address:{scoped_tenant().id}:{inbox_id}:{conversation_id}"
    return _written(hmac.digest(key.encode(), content.encode(), "sha256")[:_MARK_BYTES])


def _written(content: bytes) -> str:
    return base64.b32encode(content).decode().rstrip("=").lower()
