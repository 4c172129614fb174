"""What the contract suite must know of text messages through Twilio."""

import base64
import json
from typing import Any
from urllib.parse import quote_from_bytes

from twilio.request_validator import RequestValidator

from conversations.channels.base import Account, Hook, PlatformRequest, PlatformResponse
from conversations.channels.errors import ErrorKind

SIGNS = True
ONE_A_CALL = True
NAMES_ACCOUNT = False  # the address that was called does
ACCOUNT_SID = "AC00000000000000000000000000000001"
ACCOUNT = Account(
    account_id="+15005550006",
    base_url="http://127.0.0.1:9/twilio",
    credentials={"access_token": "twilio-auth-token-1"},
    settings={"account_sid": ACCOUNT_SID},
)
ADDRESS = "+886912345678"
SENT_ID = "SM00000000000000000000000000000101"
ACCEPTED = PlatformResponse(
    status=201,
    headers={},
    body=b'{"sid":"SM00000000000000000000000000000101","status":"queued","num_segments":"1","error_code":null}',
)
URL = "https://crm.example/hooks/sms/acme?v=1"


def hook(body: bytes, secret: str, url: str = URL) -> Hook:
    """A call signed by the judge. The body must be a form in UTF-8, or nothing that is a form at all."""
    pairs = [part.partition(b"=")[::2] for part in body.split(b"&") if part]
    params = {_plain(name): _plain(value) for name, value in pairs}
    signature = RequestValidator(secret).compute_signature(url, params)
    return Hook(body=body, headers={"x-twilio-signature": signature}, url=url)


def _plain(part: bytes) -> str:
    from_form = part.replace(b"+", b" ").split(b"%")
    raw = from_form[0] + b"".join(bytes.fromhex(each[:2].decode()) + each[2:] for each in from_form[1:])
    return raw.decode()


def write(content: Any) -> bytes:
    """The form of a message; what no form can say is written as text."""
    pairs = content.items() if isinstance(content, dict) else ()
    return "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in pairs).encode()


def _quoted(value: Any) -> str:
    return quote_from_bytes(str(value).encode("utf-8", "surrogatepass"))


def wrap(elements: list[object]) -> bytes:
    return write(elements[0] if elements else {})


def message_element(external_id: str, text: str) -> dict[str, object]:
    return {
        "MessageSid": external_id,
        "AccountSid": ACCOUNT_SID,
        "From": ADDRESS,
        "To": ACCOUNT.account_id,
        "Body": text,
        "NumMedia": "0",
    }


def carries_token(request: PlatformRequest) -> bool:
    pair = f"{ACCOUNT_SID}:{ACCOUNT.credentials['access_token']}".encode()
    return request.headers.get("Authorization") == f"Basic {base64.b64encode(pair).decode()}"


def refusal(status: int, code: int, words: str = "refused") -> PlatformResponse:
    content = {"code": code, "message": words, "more_info": f"https://www.twilio.com/docs/errors/{code}"}
    return PlatformResponse(
        status=status, headers={}, body=json.dumps({**content, "status": status}).encode()
    )


ERRORS = [
    (refusal(401, 20003, "Authenticate"), ErrorKind.AUTH_EXPIRED),
    (refusal(403, 20005), ErrorKind.ACCOUNT_RESTRICTED),
    (refusal(400, 90010), ErrorKind.ACCOUNT_RESTRICTED),
    *((refusal(403, code), ErrorKind.PERMISSION) for code in (21408, 21606)),
    *(
        (refusal(400, code), ErrorKind.RECIPIENT_GONE)
        for code in (21610, 21612, 21614, 30003, 30004, 30005, 30006)
    ),
    *((refusal(429, code), ErrorKind.RATE_LIMITED) for code in (20429, 14107, 63018)),
    (refusal(400, 21611), ErrorKind.RATE_LIMITED),
    *((refusal(400, code), ErrorKind.MEDIA) for code in (11200, 12300, 21620, 21623, 30019)),
    *((refusal(400, code), ErrorKind.BAD_REQUEST) for code in (21211, 21617, 30007, 99999)),
    (refusal(404, 20404), ErrorKind.BAD_REQUEST),
    (refusal(400, 63016), ErrorKind.WINDOW_CLOSED),
    (refusal(400, 30008), ErrorKind.TEMPORARY),
    (PlatformResponse(status=500, headers={}, body=b"<html>"), ErrorKind.TEMPORARY),
    (PlatformResponse(status=502, headers={}, body=b""), ErrorKind.UNKNOWN_OUTCOME),
    (PlatformResponse(status=504, headers={}, body=b""), ErrorKind.UNKNOWN_OUTCOME),
    (PlatformResponse(status=401, headers={}, body=b""), ErrorKind.AUTH_EXPIRED),
    (PlatformResponse(status=403, headers={}, body=b""), ErrorKind.PERMISSION),
    (PlatformResponse(status=429, headers={}, body=b""), ErrorKind.RATE_LIMITED),
    (PlatformResponse(status=400, headers={}, body=b""), ErrorKind.BAD_REQUEST),
]
