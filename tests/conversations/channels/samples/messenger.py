"""What the contract suite must know of Messenger."""

import hashlib
import hmac
import json

from conversations.channels.base import Account, PlatformResponse
from conversations.channels.errors import ErrorKind

SIGNS = True
ACCOUNT = Account(
    account_id="104857600123456",
    base_url="http://127.0.0.1:9/graph",
    credentials={"access_token": "page-token-1"},
)
ADDRESS = "7012345678901234"
SENT_ID = "m_out3"
ACCEPTED = PlatformResponse(
    status=200, headers={}, body=b'{"recipient_id":"7012345678901234","message_id":"m_out3"}'
)


def signature_headers(body: bytes, secret: str) -> dict[str, str]:
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {"x-hub-signature-256": f"sha256={digest}"}


def wrap(elements: list[object]) -> bytes:
    """A webhook that carries these elements."""
    entry = {"id": ACCOUNT.account_id, "time": 1793584985123, "messaging": elements}
    return json.dumps({"object": "page", "entry": [entry]}).encode()


def message_element(external_id: str, text: str) -> dict[str, object]:
    return {
        "sender": {"id": ADDRESS},
        "recipient": {"id": ACCOUNT.account_id},
        "timestamp": 1793584984500,
        "message": {"mid": external_id, "text": text},
    }


def refusal(status: int, **error: object) -> PlatformResponse:
    return PlatformResponse(status=status, headers={}, body=json.dumps({"error": error}).encode())


ERRORS = [
    (
        refusal(400, code=10, error_subcode=2018278, message="outside of allowed window"),
        ErrorKind.WINDOW_CLOSED,
    ),
    (refusal(400, code=10, error_subcode=2534022), ErrorKind.WINDOW_CLOSED),
    (refusal(400, code=10, error_subcode=2018065), ErrorKind.WINDOW_CLOSED),
    (refusal(400, code=551, error_subcode=1545041), ErrorKind.RECIPIENT_GONE),
    (refusal(400, code=551), ErrorKind.RECIPIENT_GONE),
    (refusal(403, code=200, error_subcode=1545041), ErrorKind.RECIPIENT_GONE),
    (refusal(400, code=10, error_subcode=2018108), ErrorKind.RECIPIENT_GONE),
    (refusal(400, code=100, error_subcode=2018001), ErrorKind.RECIPIENT_GONE),
    (refusal(400, code=100, message="(#100) No matching user found"), ErrorKind.RECIPIENT_GONE),
    (refusal(401, code=190, error_subcode=463), ErrorKind.AUTH_EXPIRED),
    (refusal(400, code=190, error_subcode=460, is_transient=True), ErrorKind.AUTH_EXPIRED),
    (refusal(403, code=10), ErrorKind.PERMISSION),
    (refusal(403, code=200), ErrorKind.PERMISSION),
    (refusal(403, code=299), ErrorKind.PERMISSION),
    (refusal(403, code=230), ErrorKind.PERMISSION),
    (refusal(400, code=10, error_subcode=1893063), ErrorKind.ACCOUNT_RESTRICTED),
    (refusal(400, code=368), ErrorKind.ACCOUNT_RESTRICTED),
    *((refusal(400, code=code), ErrorKind.RATE_LIMITED) for code in (4, 17, 32, 613, 80001, 80002, 80006)),
    (refusal(400, code=4, error_subcode=2018022), ErrorKind.RATE_LIMITED),
    *((refusal(500, code=code), ErrorKind.TEMPORARY) for code in (1, 2, 1200)),
    (refusal(400, code=99999, is_transient=True), ErrorKind.TEMPORARY),
    (refusal(503, code=99999), ErrorKind.TEMPORARY),
    *(
        (refusal(400, code=100, error_subcode=subcode), ErrorKind.MEDIA)
        for subcode in (2018008, 2018047, 2018294, 2018109, 2018074)
    ),
    (refusal(400, code=100), ErrorKind.BAD_REQUEST),
    (refusal(400, code=9000001), ErrorKind.BAD_REQUEST),
    (refusal(200, code=190), ErrorKind.AUTH_EXPIRED),
    (PlatformResponse(status=500, headers={}, body=b"<html>"), ErrorKind.TEMPORARY),
    (PlatformResponse(status=504, headers={}, body=b"<html>"), ErrorKind.UNKNOWN_OUTCOME),
    (PlatformResponse(status=429, headers={}, body=b""), ErrorKind.RATE_LIMITED),
    (PlatformResponse(status=404, headers={}, body=b""), ErrorKind.BAD_REQUEST),
]
