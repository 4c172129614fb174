"""LINE's error bodies."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from conversations.simulator.web import Response, answer

_REFUSALS: dict[str, tuple[int, str, dict[str, str]]] = {
    "token": (401, "Authentication failed due to the following reason: invalid token.", {}),
    "permission": (403, "Not authorized to use this API. Please contact LINE.", {}),
    "rate_limit": (429, "The API rate limit has been exceeded. Try again later.", {"retry-after": "2"}),
    "quota": (429, "You have reached your monthly limit.", {}),
    "temporary": (500, "The error occurred on the server.", {}),
    "blocked": (400, "Failed to send messages", {}),
    "bad_request": (400, "The request body has 1 error(s)", {}),
    "window_closed": (400, "Invalid reply token", {}),
    "reply_token": (400, "Invalid reply token", {}),
    "no_such_user": (400, "Failed to send messages", {}),
    "retry_key": (400, "The X-Line-Retry-Key header is invalid.", {}),
    "not_found": (404, "Not found", {}),
    "gone": (410, "The message has been unsent.", {}),
}  # fmt: skip


def refuse(name: str, *details: Mapping[str, str]) -> Response:
    """LINE's error body."""
    status, text, headers = _REFUSALS[name]
    content: dict[str, Any] = {"message": text}
    if name == "bad_request":
        content["details"] = list(details) or [
            {"message": "Size must be between 1 and 5", "property": "messages"}
        ]
    return answer(content, status=status, headers={**headers, "x-line-request-id": str(uuid.uuid4())})
