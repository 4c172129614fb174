"""How WhatsApp's Cloud API says no: the documented error bodies, by our names of the faults."""

from __future__ import annotations

import secrets
from typing import Any

from conversations.simulator.web import Response, answer

# Our name of the fault: HTTP status, code, text, details.
_REFUSALS: dict[str, tuple[int, int, str, str]] = {
    "window_closed": (400, 131047, "Re-engagement message", "More than 24 hours have passed since they last replied."),
    "token": (401, 190, "Access token has expired", ""),
    "no_token": (401, 190, "Invalid OAuth access token - Cannot parse access token", ""),
    "permission": (403, 10, "Application does not have permission for this action", ""),
    "rate_limit": (429, 130429, "Rate limit hit", "Cloud API message throughput has been reached."),
    "quota": (400, 131042, "Business eligibility payment issue", "Payment account is not attached."),
    "temporary": (500, 131016, "Service unavailable", "A service is temporarily unavailable."),
    "blocked": (400, 131026, "Message undeliverable", "Unable to deliver the message to the recipient."),
    "bad_request": (400, 131009, "Parameter value is not valid", "One or more parameter values are invalid."),
    "missing": (400, 131008, "Required parameter is missing", "messaging_product is required."),
    "no_such_user": (400, 131026, "Message undeliverable", "The recipient is not a WhatsApp number."),
    "no_object": (400, 100, "Unsupported get request. Object does not exist.", ""),
    "no_media": (400, 131053, "Media upload error", "Unable to find the media."),
    "no_template": (404, 132001, "Template does not exist", "The template does not exist in this language."),
    "values": (400, 132000, "Number of parameters does not match", "The number of values differs from the gaps."),
}  # fmt: skip


def refuse(name: str) -> Response:
    """Graph's error body for one of our names of the faults."""
    status, code, text, details = _REFUSALS[name]
    error: dict[str, Any] = {
        "message": f"(#{code}) {text}",
        "type": "OAuthException",
        "code": code,
        "fbtrace_id": secrets.token_urlsafe(8),
    }
    if details:
        error["error_data"] = {"messaging_product": "whatsapp", "details": details}
    return answer({"error": error}, status=status, headers={"retry-after": "2"} if status == 429 else {})


def reported(name: str) -> dict[str, Any]:
    """The same as it stands in a status of a message that was accepted before."""
    _status, code, text, details = _REFUSALS[name]
    return {"code": code, "title": text, "message": text, "error_data": {"details": details}}
