"""What the contract suite must know of e-mail: here by the relay, which is HTTP; SMTP has tests of its own."""

import hashlib
import hmac
import json

from conversations.channels.base import Account, PlatformResponse
from conversations.channels.errors import ErrorKind

SIGNS = True
NAMES_ACCOUNT = False
ACCOUNT = Account(
    account_id="support@shop.example",
    base_url="http://127.0.0.1:9/relay",
    credentials={"access_token": "relay-token-1"},
    settings={"from_name": "Shanhai"},
)
ADDRESS = "mei@customer.example"
SENT_ID = "kontor.message-1@shop.example"
ACCEPTED = PlatformResponse(status=202, headers={}, body=b"{}")


def signature_headers(body: bytes, secret: str) -> dict[str, str]:
    return {"x-kontor-signature": f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"}


def wrap(elements: list[object]) -> bytes:
    """A webhook that carries these elements."""
    return json.dumps({"mails": elements}).encode()


def message_element(external_id: str, text: str) -> dict[str, object]:
    mail = (
        f"Message-ID: <{external_id}@customer.example>\nFrom: Mei <{ADDRESS}>\nTo: support@shop.example\n"
        "Date: Mon, 02 Nov 2026 10:03:04 +0800\nSubject: Order\nContent-Type: text/plain; charset=utf-8\n\n"
    )
    return {"mime": mail + text, "recipient": "support@shop.example"}


def refusal(reply: str) -> PlatformResponse:
    return PlatformResponse(status=422, headers={}, body=json.dumps({"smtp": reply}).encode())


ERRORS = [
    (refusal("550 5.1.1 <mei@customer.example>: user unknown"), ErrorKind.RECIPIENT_GONE),
    (refusal("550 No such user here"), ErrorKind.RECIPIENT_GONE),
    (refusal("550 5.7.1 message refused by policy"), ErrorKind.BAD_REQUEST),
    (refusal("552 5.3.4 message too large"), ErrorKind.MEDIA),
    (refusal("535 5.7.8 authentication failed"), ErrorKind.AUTH_EXPIRED),
    (refusal("451 4.3.0 try again later"), ErrorKind.TEMPORARY),
    (refusal("450 4.7.1 greylisted"), ErrorKind.RATE_LIMITED),
    (PlatformResponse(status=401, headers={}, body=b"{}"), ErrorKind.AUTH_EXPIRED),
    (PlatformResponse(status=413, headers={}, body=b""), ErrorKind.MEDIA),
    (PlatformResponse(status=429, headers={"Retry-After": "3"}, body=b"{}"), ErrorKind.RATE_LIMITED),
    (PlatformResponse(status=503, headers={}, body=b"oops"), ErrorKind.TEMPORARY),
    (PlatformResponse(status=404, headers={}, body=b"nothing"), ErrorKind.BAD_REQUEST),
]
