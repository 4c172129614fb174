"""What the contract suite must know of LINE."""

import base64
import hashlib
import hmac
import json

from conversations.channels.base import Account, PlatformResponse
from conversations.channels.errors import ErrorKind

SIGNS = True
ACCOUNT = Account(
    account_id="Ub1c2d3e4f5061728394a5b6c7d8e9f00",
    base_url="http://127.0.0.1:9/line",
    credentials={"access_token": "channel-token-1"},
)
ADDRESS = "U0f1e2d3c4b5a69788796a5b4c3d2e1f0"
SENT_ID = "588000000000000101"
ACCEPTED = PlatformResponse(
    status=200, headers={}, body=b'{"sentMessages":[{"id":"588000000000000101","quoteToken":"q"}]}'
)


def signature_headers(body: bytes, secret: str) -> dict[str, str]:
    digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    return {"x-line-signature": base64.b64encode(digest).decode()}


def wrap(elements: list[object]) -> bytes:
    """A webhook that carries these elements."""
    return json.dumps({"destination": ACCOUNT.account_id, "events": elements}).encode()


def message_element(external_id: str, text: str) -> dict[str, object]:
    return {
        "type": "message",
        "mode": "active",
        "timestamp": 1793584984500,
        "source": {"type": "user", "userId": ADDRESS},
        "webhookEventId": f"event-{external_id}",
        "deliveryContext": {"isRedelivery": False},
        "replyToken": "7f3c9b1e5d2a4c6088aa11bb22cc33dd",
        "message": {"type": "text", "id": external_id, "text": text},
    }


def refusal(status: int, message: str = "", **more: object) -> PlatformResponse:
    return PlatformResponse(status=status, headers={}, body=json.dumps({"message": message, **more}).encode())


ERRORS = [
    (refusal(400, "Failed to send messages"), ErrorKind.RECIPIENT_GONE),
    (refusal(400, "The request body has 1 error(s)"), ErrorKind.BAD_REQUEST),
    (
        refusal(401, "Authentication failed due to the following reason: invalid token"),
        ErrorKind.AUTH_EXPIRED,
    ),
    (refusal(403, "Not available for this plan"), ErrorKind.PERMISSION),
    (refusal(413), ErrorKind.BAD_REQUEST),
    (refusal(429, "The API rate limit has been exceeded. Try again later."), ErrorKind.RATE_LIMITED),
    (refusal(429, "You have reached your monthly limit."), ErrorKind.QUOTA_USED),
    (refusal(500, "Internal server error"), ErrorKind.TEMPORARY),
    (PlatformResponse(status=503, headers={}, body=b""), ErrorKind.TEMPORARY),
    (PlatformResponse(status=404, headers={}, body=b"nothing"), ErrorKind.BAD_REQUEST),
]
