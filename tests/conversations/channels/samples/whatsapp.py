"""What the contract suite must know of WhatsApp."""

import hashlib
import hmac
import json

from conversations.channels.base import Account, PlatformResponse
from conversations.channels.errors import ErrorKind

SIGNS = True
NAMES_ACCOUNT = None  # news of templates and of the whole business account name no number
ACCOUNT = Account(
    account_id="109988776655443",
    base_url="http://127.0.0.1:9/graph",
    credentials={"access_token": "system-user-token-1"},
    settings={"waba_id": "102290129340398"},
)
ADDRESS = "886912345678"
USER_ID = "TW.4471188220033661"
SENT_ID = "wamid.OUT1"
ACCEPTED = PlatformResponse(
    status=200,
    headers={},
    body=b'{"messaging_product":"whatsapp","contacts":[{"input":"+886912345678","wa_id":"886912345678"}],'
    b'"messages":[{"id":"wamid.OUT1","message_status":"accepted"}]}',
)


def signature_headers(body: bytes, secret: str) -> dict[str, str]:
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {"x-hub-signature-256": f"sha256={digest}"}


def change(value: dict[str, object], field: str = "messages") -> bytes:
    """A webhook with one change of this number."""
    metadata = {"display_phone_number": "88622345678", "phone_number_id": ACCOUNT.account_id}
    whole = {"messaging_product": "whatsapp", "metadata": metadata, **value}
    entry = {"id": "102290129340398", "changes": [{"field": field, "value": whole}]}
    return json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()


def wrap(elements: list[object]) -> bytes:
    """A webhook that carries these elements."""
    return change({"messages": elements})


def message_element(external_id: str, text: str) -> dict[str, object]:
    return {
        "from": ADDRESS,
        "id": external_id,
        "timestamp": "1793585400",
        "type": "text",
        "text": {"body": text},
    }


def refusal(status: int, **error: object) -> PlatformResponse:
    return PlatformResponse(status=status, headers={}, body=json.dumps({"error": error}).encode())


def _refusals(kind: ErrorKind, *codes: int) -> list[tuple[PlatformResponse, ErrorKind]]:
    return [(refusal(400, code=code, message=f"(#{code}) refused"), kind) for code in codes]


ERRORS = [
    *_refusals(ErrorKind.WINDOW_CLOSED, 131047),
    *_refusals(ErrorKind.QUOTA_USED, 131042),
    *_refusals(ErrorKind.AUTH_EXPIRED, 190, 0),
    *_refusals(ErrorKind.PERMISSION, 3, 10, 200, 299, 131005),
    *_refusals(ErrorKind.RATE_LIMITED, 4, 80007, 130429, 131048, 131056, 131064, 133016),
    *_refusals(ErrorKind.RECIPIENT_GONE, 131026, 131030, 131021),
    *_refusals(ErrorKind.NO_CONSENT, 131050),
    *_refusals(ErrorKind.BAD_REQUEST, 131049, 130472),
    *_refusals(ErrorKind.TEMPORARY, 1, 2, 131000, 131016, 131057, 133004, 135000),
    *_refusals(ErrorKind.ACCOUNT_RESTRICTED, 368, 131031, 130497, 131045, 131037),
    *_refusals(ErrorKind.BAD_REQUEST, 100, 131008, 131009, 131051, 131062, 137000),
    *_refusals(ErrorKind.MEDIA, 131052, 131053),
    *_refusals(ErrorKind.BAD_REQUEST, 132000, 132001, 132005, 132007, 132008, 132012, 132015, 132016, 132068),
    (refusal(503, code=99999), ErrorKind.TEMPORARY),
    (refusal(400, code=99999), ErrorKind.BAD_REQUEST),
    (refusal(200, code=190), ErrorKind.AUTH_EXPIRED),
    (PlatformResponse(status=500, headers={}, body=b"<html>"), ErrorKind.TEMPORARY),
    (PlatformResponse(status=504, headers={}, body=b"<html>"), ErrorKind.UNKNOWN_OUTCOME),
    (PlatformResponse(status=429, headers={}, body=b""), ErrorKind.RATE_LIMITED),
]
