"""What the contract suite must know of an Official Account of WeChat."""

import hashlib
import json
import re
from typing import Any
from xml.sax.saxutils import escape

from conversations.channels.base import Account, Hook, PlatformRequest, PlatformResponse
from conversations.channels.errors import ErrorKind

SIGNS = True
SIGNS_BODY = False  # in plain mode; the safe mode has tests of its own
ONE_A_CALL = True
ACCOUNT = Account(
    account_id="gh_7c1b2a3d4e5f",
    base_url="http://127.0.0.1:9/wechat",
    credentials={"access_token": "borrowed-token-1", "app_secret": "app-secret-1"},
    settings={"app_id": "wx1234567890abcdef"},
)
ADDRESS = "oQ1aB2cD3eF4gH5iJ6kL7mN8oP9"
SENT_ID = ""  # WeChat names no customer service message
ACCEPTED = PlatformResponse(status=200, headers={}, body=b'{"errcode":0,"errmsg":"ok"}')


def hook(body: bytes, secret: str, timestamp: str = "1793584984", nonce: str = "839201") -> Hook:
    signed = hashlib.sha1(
        "".join(sorted([secret, timestamp, nonce])).encode(), usedforsecurity=False
    ).hexdigest()
    query = {"signature": signed, "timestamp": timestamp, "nonce": nonce, "openid": ADDRESS}
    return Hook(body=body, query=query)


def write(content: Any) -> bytes:
    """The XML of a message; what no XML can say is left out."""
    told = (
        "".join(_element(name, value) for name, value in content.items()) if isinstance(content, dict) else ""
    )
    return f"<xml>{told}</xml>".encode("utf-8", "surrogatepass")


def _element(name: str, value: Any) -> str:
    if not re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", name):
        return ""
    if isinstance(value, list):
        return "".join(_element(name, each) for each in value)
    if isinstance(value, dict):
        return f"<{name}>{''.join(_element(key, each) for key, each in value.items())}</{name}>"
    if isinstance(value, str) and "]]>" not in value:
        return f"<{name}><![CDATA[{value}]]></{name}>"
    return f"<{name}>{escape(str(value))}</{name}>"


def wrap(elements: list[object]) -> bytes:
    return write(elements[0] if elements else {})


def message_element(external_id: str, text: str) -> dict[str, object]:
    return {
        "ToUserName": ACCOUNT.account_id,
        "FromUserName": ADDRESS,
        "CreateTime": 1793585700,
        "MsgType": "text",
        "Content": text,
        "MsgId": external_id,
    }


def carries_token(request: PlatformRequest) -> bool:
    token = ACCOUNT.credentials["access_token"]
    return request.address.partition("?")[2].split("&")[0] == f"access_token={token}"


def refusal(code: int, words: str = "refused", status: int = 200) -> PlatformResponse:
    body = json.dumps({"errcode": code, "errmsg": words}).encode()
    return PlatformResponse(status=status, headers={}, body=body)


ERRORS = [
    (refusal(45015, "response out of time limit or subscription is canceled"), ErrorKind.WINDOW_CLOSED),
    (refusal(45047, "out of response count limit"), ErrorKind.QUOTA_USED),
    *((refusal(code), ErrorKind.AUTH_EXPIRED) for code in (40001, 40013, 40014, 40125, 41001, 42001, 42007)),
    *((refusal(code), ErrorKind.RECIPIENT_GONE) for code in (43004, 43101, 48002)),
    *((refusal(code), ErrorKind.PERMISSION) for code in (48001, 50001, 40164)),
    *((refusal(code), ErrorKind.ACCOUNT_RESTRICTED) for code in (48004, 50002)),
    *((refusal(code), ErrorKind.RATE_LIMITED) for code in (45009, 45011)),
    *((refusal(code), ErrorKind.MEDIA) for code in (40004, 40005, 40006, 40007, 40009, 45001)),
    *((refusal(code), ErrorKind.BAD_REQUEST) for code in (40003, 45002, 99999)),
    (refusal(-1, "system error"), ErrorKind.TEMPORARY),
    (PlatformResponse(status=500, headers={}, body=b"<html>"), ErrorKind.TEMPORARY),
    (PlatformResponse(status=502, headers={}, body=b""), ErrorKind.UNKNOWN_OUTCOME),
    (PlatformResponse(status=504, headers={}, body=b""), ErrorKind.UNKNOWN_OUTCOME),
    (PlatformResponse(status=200, headers={}, body=b"<html>"), ErrorKind.UNKNOWN_OUTCOME),
    (PlatformResponse(status=200, headers={}, body=b'{"hello":1}'), ErrorKind.UNKNOWN_OUTCOME),
    (PlatformResponse(status=429, headers={}, body=b""), ErrorKind.RATE_LIMITED),
    (PlatformResponse(status=404, headers={}, body=b""), ErrorKind.BAD_REQUEST),
]
