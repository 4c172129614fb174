"""What the contract suite must know of Instagram."""

import json

from conversations.channels.base import Account, PlatformResponse
from conversations.channels.errors import ErrorKind
from tests.conversations.channels.samples import messenger
from tests.conversations.channels.samples.messenger import refusal, signature_headers

__all__ = ["signature_headers"]

SIGNS = True
ACCOUNT = Account(
    account_id="17841405512345678",
    base_url="http://127.0.0.1:9/instagram",
    credentials={"access_token": "instagram-token-1"},
)
ADDRESS = "6633221100998877"
SENT_ID = "aWdfb3V0MQ"
ACCEPTED = PlatformResponse(
    status=200, headers={}, body=b'{"recipient_id":"6633221100998877","message_id":"aWdfb3V0MQ"}'
)
ERRORS = [
    *messenger.ERRORS,
    (refusal(400, code=100, error_subcode=2534014), ErrorKind.BAD_REQUEST),
    (refusal(400, code=100, error_subcode=2534037), ErrorKind.BAD_REQUEST),
]


def wrap(elements: list[object]) -> bytes:
    """A webhook that carries these elements."""
    entry = {"id": ACCOUNT.account_id, "time": 1793585200123, "messaging": elements}
    return json.dumps({"object": "instagram", "entry": [entry]}).encode()


def message_element(external_id: str, text: str) -> dict[str, object]:
    return {
        "sender": {"id": ADDRESS},
        "recipient": {"id": ACCOUNT.account_id},
        "timestamp": 1793585199800,
        "message": {"mid": external_id, "text": text},
    }
