"""How Meta's Graph API says no: the documented error bodies, by our names of the faults."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from conversations.simulator.web import Response, answer

# Our name of the fault: HTTP status, code, subcode, text, further headers.
_REFUSALS: dict[str, tuple[int, int, int, str, dict[str, str]]] = {
    "window_closed": (400, 10, 2018278, "(#10) This message is sent outside of allowed window.", {}),
    "token": (401, 190, 463, "Error validating access token: Session has expired.", {}),
    "permission": (403, 200, 0, "(#200) Requires pages_messaging permission.", {}),
    "rate_limit": (429, 613, 0, "(#613) Calls to this API have exceeded the rate limit.", {"retry-after": "2"}),
    "quota": (400, 4, 2018022, "(#4) Application request limit reached", {}),
    "temporary": (500, 1200, 0, "(#1200) Temporary send message failure. Please try again later.", {}),
    "blocked": (400, 551, 1545041, "(#551) This person isn't available right now.", {}),
    "bad_request": (400, 100, 0, "(#100) Invalid parameter", {}),
    "no_persona": (400, 100, 0, "(#100) Invalid persona_id", {}),
    "no_such_user": (400, 100, 2018001, "(#100) No matching user found", {}),
    "no_object": (400, 100, 33, "Unsupported get request. Object does not exist.", {}),
    "no_token": (401, 190, 0, "Invalid OAuth access token - Cannot parse access token", {}),
    "replied": (400, 10900, 0, "(#10900) Activity already replied to", {}),
}  # fmt: skip


def refuse(name: str, subcodes: Mapping[str, int]) -> Response:
    """Graph's error body. subcodes: where a platform has others than Messenger."""
    status, code, subcode, text, headers = _REFUSALS[name]
    subcode = subcodes.get(name, subcode)
    error = {
        "message": text,
        "type": "OAuthException",
        "code": code,
        **({"error_subcode": subcode} if subcode else {}),
        "is_transient": name == "temporary",
        "fbtrace_id": secrets.token_urlsafe(8),
    }
    return answer({"error": error}, status=status, headers=headers)
