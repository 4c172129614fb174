"""An Official Account of WeChat for tests: connected, with a platform that lends a token and takes everything."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from conversations import inboxes
from conversations.channels import wechat_sealing
from conversations.models import Inbox
from tenants.workspace.events import SYSTEM
from tests.conversations.double import Answer, Double

ACCOUNT, OPENID, TOKEN = "gh_7c1b2a3d4e5f", "oQ1aB2cD3eF4gH5iJ6kL7mN8oP9", "wx-token-1"
TAKEN = Answer(body={"errcode": 0, "errmsg": "ok"})


def lends(token: str = "lent-1", seconds: int = 7200) -> Answer:
    return Answer(body={"access_token": token, "expires_in": seconds})


def refuses(code: int) -> Answer:
    return Answer(body={"errcode": code, "errmsg": "refused"})


def an_official_account(base_url: str = "", **given: Any) -> Inbox:
    """A connected account."""
    return inboxes.connect(
        "wechat",
        given.pop("account_id", ACCOUNT),
        "山海",
        by=SYSTEM,
        credentials={"app_secret": "app-secret-1"},
        settings={"app_id": "wx1234567890abcdef"},
        secret=TOKEN,
        base_url=base_url,
        **given,
    )


def element(number: int, at: int, **content: Any) -> dict[str, Any]:
    """What WeChat tells at Unix time `at`: a text, unless `content` says something else."""
    said = content or {
        "MsgType": "text",
        "Content": f"message {number}",
        "MsgId": str(25270000000000000 + number),
    }
    return {"ToUserName": ACCOUNT, "FromUserName": OPENID, "CreateTime": str(at), **said}


def event(name: str, at: int, **content: Any) -> dict[str, Any]:
    return element(0, at, MsgType="event", Event=name, **content)


def signed(timestamp: int, nonce: str = "839201") -> str:
    """The query of a call."""
    digest = wechat_sealing.signature(TOKEN, str(timestamp), nonce)
    return urlencode({"signature": digest, "timestamp": timestamp, "nonce": nonce, "openid": OPENID})


def calls(double: Double) -> list[str]:
    """The paths that were asked, without their query."""
    return [asked.path.partition("?")[0].removeprefix("/cgi-bin/") for asked in double.asked]
