"""What the contract suite must know of Telegram."""

import json

from conversations.channels.base import SECRET_MARK, Account, PlatformRequest, PlatformResponse
from conversations.channels.errors import ErrorKind

SIGNS = True
SIGNS_BODY = False  # a secret in a header is all there is
ONE_A_CALL = True
NAMES_ACCOUNT = False
TOKEN = "7100000001:AAE-invented-token-of-35-signs-0000"
ACCOUNT = Account(
    account_id="7100000001", base_url="http://127.0.0.1:9/telegram", credentials={"access_token": TOKEN}
)
ADDRESS = "5512345678"
SENT_ID = "5512345678:91"
ACCEPTED = PlatformResponse(
    status=200,
    headers={},
    body=b'{"ok":true,"result":{"message_id":91,"date":1793585800,"chat":{"id":5512345678,"type":"private"}}}',
)


def signature_headers(body: bytes, secret: str) -> dict[str, str]:
    return {"x-telegram-bot-api-secret-token": secret}


def carries_token(request: PlatformRequest) -> bool:
    """The token stands in the address that is called, and a mark in the one that may be shown."""
    is_marked = f"bot{SECRET_MARK}/" in request.url and f"bot{TOKEN}/" in request.address
    return is_marked and "Authorization" not in request.headers


def wrap(elements: list[object]) -> bytes:
    """A webhook that carries these elements: one, or something that no bot is sent."""
    return json.dumps(elements[0] if len(elements) == 1 else elements).encode()


def message_element(external_id: str, text: str) -> dict[str, object]:
    number = sum(external_id.encode()) + 1
    person = {"id": int(ADDRESS), "is_bot": False, "first_name": "Mei"}
    chat = {"id": int(ADDRESS), "type": "private", "first_name": "Mei"}
    message = {"message_id": number, "date": 1793584984, "from": person, "chat": chat, "text": text}
    return {"update_id": 700000000 + number, "message": message}


def refusal(code: int, description: str = "", **parameters: object) -> PlatformResponse:
    body: dict[str, object] = {"ok": False, "error_code": code, "description": description}
    if parameters:
        body["parameters"] = parameters
    return PlatformResponse(status=code, headers={}, body=json.dumps(body).encode())


ERRORS = [
    (refusal(403, "Forbidden: bot was blocked by the user"), ErrorKind.RECIPIENT_GONE),
    (refusal(403, "Forbidden: user is deactivated"), ErrorKind.RECIPIENT_GONE),
    (refusal(403, "Forbidden: bot was kicked from the supergroup chat"), ErrorKind.RECIPIENT_GONE),
    (refusal(403, "Forbidden: bot can't initiate conversation with a user"), ErrorKind.RECIPIENT_GONE),
    (refusal(400, "Bad Request: chat not found"), ErrorKind.RECIPIENT_GONE),
    (refusal(400, "Bad Request: message is too long"), ErrorKind.BAD_REQUEST),
    (refusal(400, "Bad Request: not enough rights to send text messages to the chat"), ErrorKind.BAD_REQUEST),
    (refusal(400, "Bad Request: wrong file identifier/HTTP URL specified"), ErrorKind.MEDIA),
    (refusal(400, "Bad Request: failed to get HTTP URL content"), ErrorKind.MEDIA),
    (refusal(400, "Bad Request: PHOTO_INVALID_DIMENSIONS"), ErrorKind.MEDIA),
    (refusal(413, "Request Entity Too Large"), ErrorKind.MEDIA),
    (refusal(401, "Unauthorized"), ErrorKind.AUTH_EXPIRED),
    (refusal(404, "Not Found"), ErrorKind.AUTH_EXPIRED),
    (refusal(409, "Conflict: terminated by other getUpdates request"), ErrorKind.TEMPORARY),
    (refusal(429, "Too Many Requests: retry after 5", retry_after=5), ErrorKind.RATE_LIMITED),
    (refusal(500, "Internal Server Error"), ErrorKind.TEMPORARY),
    (PlatformResponse(status=502, headers={}, body=b"<html>"), ErrorKind.UNKNOWN_OUTCOME),
    (PlatformResponse(status=504, headers={}, body=b"<html>"), ErrorKind.UNKNOWN_OUTCOME),
    (PlatformResponse(status=200, headers={}, body=b"<html>"), ErrorKind.UNKNOWN_OUTCOME),
    (
        PlatformResponse(status=200, headers={}, body=b'{"ok":false,"error_code":403}'),
        ErrorKind.RECIPIENT_GONE,
    ),
]
