"""What the contract suite must know of an integrator's own channel."""

import hashlib
import hmac
import json

from conversations.channels.base import Account, PlatformResponse
from conversations.channels.errors import ErrorKind

SIGNS = True
NAMES_ACCOUNT = None  # as the integrator likes
ACCOUNT = Account(
    account_id="api_7f3c9b",
    base_url="http://127.0.0.1:9/kontor",
    credentials={"access_token": "their-token-1", "reply_secret": "reply-secret-1"},
)
ADDRESS = "customer-4711"
SENT_ID = "their-1"
ACCEPTED = PlatformResponse(status=200, headers={}, body=b'{"id":"their-1"}')
SIGNED_AT = 1793585400


def signature_headers(body: bytes, secret: str, at: int = SIGNED_AT) -> dict[str, str]:
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return {"x-kontor-signature": f"t={at},v1={digest}"}


def wrap(elements: list[object]) -> bytes:
    """A call that carries these events."""
    return json.dumps({"account": ACCOUNT.account_id, "events": elements}).encode()


def message_element(external_id: str, text: str) -> dict[str, object]:
    return {
        "id": f"event-{external_id}",
        "type": "message",
        "at": 1793584984.5,
        "customer": {"id": ADDRESS, "name": "陳美玲", "language": "zh-TW"},
        "message": {"id": external_id, "text": text},
    }


def refusal(status: int, code: str = "", **headers: str) -> PlatformResponse:
    body = json.dumps({"code": code, "detail": "no"}).encode() if code else b""
    return PlatformResponse(status=status, headers=headers, body=body)


ERRORS = [
    (refusal(400), ErrorKind.BAD_REQUEST),
    (refusal(400, "window_closed"), ErrorKind.WINDOW_CLOSED),
    (refusal(422, "recipient_gone"), ErrorKind.RECIPIENT_GONE),
    (refusal(402, "quota_used"), ErrorKind.QUOTA_USED),
    (refusal(415, "media"), ErrorKind.MEDIA),
    (refusal(400, "something of their own"), ErrorKind.BAD_REQUEST),
    (refusal(401), ErrorKind.AUTH_EXPIRED),
    (refusal(403), ErrorKind.PERMISSION),
    (refusal(404), ErrorKind.BAD_REQUEST),
    (refusal(410), ErrorKind.RECIPIENT_GONE),
    (refusal(302), ErrorKind.BAD_REQUEST),
    (refusal(408), ErrorKind.TEMPORARY),
    (refusal(429), ErrorKind.RATE_LIMITED),
    (refusal(500), ErrorKind.TEMPORARY),
    (refusal(504), ErrorKind.TEMPORARY),
]
