"""What the contract suite must know of the website chat: no platform: nothing signs, nothing refuses."""

import hashlib
import hmac
import json
import uuid

from conversations.channels.base import Account, PlatformResponse
from conversations.channels.errors import ErrorKind

SIGNS = False
ACCOUNT = Account(account_id="site_7f3c9b", base_url="", credentials={"access_token": "unused"})
ADDRESS = "visitor_1"
SENT_ID = ""
ACCEPTED = PlatformResponse(status=200, headers={}, body=b"{}")
ERRORS: list[tuple[PlatformResponse, ErrorKind]] = []


def signature_headers(body: bytes, secret: str) -> dict[str, str]:
    return {"x-hub-signature-256": hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}


def wrap(elements: list[object]) -> bytes:
    """A list of messages as parse() reads it."""
    return json.dumps({"site": ACCOUNT.account_id, "messages": elements}).encode()


def message_element(external_id: str, text: str) -> dict[str, object]:
    return {
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, external_id)),
        "visitor": ADDRESS,
        "text": text,
        "at": 1793584984500,
        "page": {"url": "https://shop.example/"},
    }
