"""The demo's accounts, customers and messages in the form of each platform: made from a seed, so always the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

NAMES = {
    "messenger": "Messenger",
    "line": "LINE",
    "instagram": "Instagram",
    "whatsapp": "WhatsApp",
    "wechat": "WeChat",
    "telegram": "Telegram",
    "sms": "SMS",
    "email": "E-mail",
    "api": "App",
}


@dataclass(frozen=True, slots=True)
class Papers:
    """What connects an account: its id, what signs its hooks, and what the channel's set-up page asks for.

    token: what the simulated platform expects of who calls it. verify_token: as the simulator keeps it.
    """

    account_id: str
    secret: str = ""
    token: str = ""
    credentials: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    verify_token: str = ""


def papers(channel: str, slug: str, seed: UUID) -> Papers:
    """The papers of a brand's account on a platform; of the website chat, which needs none, empty ones."""
    if channel == "widget":
        return Papers("", settings={"allowed_origins": ["http://localhost:*", "http://127.0.0.1:*"]})
    secret, token = f"demo-secret-{seed.hex}", f"demo-token-{seed.hex}"
    number = str(seed.int)
    account = Papers(number[:15], secret, token, {"access_token": token})
    match channel:
        case "telegram":
            token = f"{number[:10]}:{seed.hex}abc"
            return Papers(number[:10], secret, token, {"access_token": token})
        case "whatsapp":
            return replace(account, settings={"waba_id": f"waba-{account.account_id}"})
        case "wechat":
            app = {"app_id": f"wx{seed.hex[:16]}"}
            return Papers(f"gh_{seed.hex[:12]}", f"demo{seed.hex[:20]}", token, {"app_secret": token}, app)
        case "sms":
            sid = f"AC{seed.hex}"
            return replace(
                account,
                account_id=f"+1555{number[:7]}",
                secret=token,
                settings={"account_sid": sid},
                verify_token=sid,
            )
        case "api":
            return replace(account, credentials={"access_token": token, "reply_secret": secret})
        case "email":
            return replace(account, account_id=f"help@{slug}.test")
        case "line":
            return replace(account, account_id=f"U{seed.hex}")
    return account


def customer(channel: str, seed: UUID) -> str:
    """A customer's address in the platform's form."""
    number = str(seed.int)
    forms = {
        "messenger": number[:16],
        "instagram": number[:16],
        "line": f"U{seed.hex}",
        "whatsapp": f"8869{number[:8]}",
        "wechat": f"o{seed.hex[:27]}",
        "telegram": number[:10],
        "sms": f"+8869{number[:8]}",
        "email": f"guest{number[:6]}@post.test",
        "api": f"customer-{number[:6]}",
    }
    return forms.get(channel, str(seed))


def message(channel: str, seed: UUID) -> str:
    """A message's id in the platform's form."""
    number = str(seed.int)
    forms = {
        "messenger": f"m_{seed.hex}",
        "instagram": f"aWdf{seed.hex}",
        "line": number[:18],
        "whatsapp": f"wamid.{seed.hex}",
        "wechat": number[:17],
        "telegram": number[:8],
        "sms": f"SM{seed.hex}",
        "email": f"{seed.hex}@post.test",
    }
    return forms.get(channel, str(seed))
