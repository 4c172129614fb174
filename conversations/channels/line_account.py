"""What LINE says of a connected Official Account."""

from __future__ import annotations

from conversations.channels import line_calls, wire
from conversations.channels.base import Account, AccountCheck, Transport, gettext_noop
from conversations.channels.items import JsonObject

_QUOTA_ALARM_PERCENT = 80

_ALMOST_USED = gettext_noop(
    "Four fifths of this month's messages are used up. Answers within a minute stay free."
)
_USED_UP = gettext_noop("This month's messages are used up: only answers within a minute go out.")
_OTHER_ACCOUNT = gettext_noop("The access token belongs to another account than the one entered here.")
_HOOK_OFF = gettext_noop("Webhooks are switched off in LINE's console: no messages come in.")
_HOOK_ELSEWHERE = gettext_noop("The platform sends this account's messages to another address.")


def check(account: Account, transport: Transport) -> AccountCheck:
    """Whose token it is, where webhooks go, and how much of the month's quota of pushes is used."""
    info = line_calls.asked(account, transport, "info")
    warnings = []
    if wire.text(info, "userId") not in {"", account.account_id}:
        warnings.append(_OTHER_ACCOUNT)
    warnings += _hook_warnings(
        account, line_calls.asked(account, transport, "channel", "webhook", "endpoint")
    )
    figures = _quota(account, transport)
    if "quota" in figures:
        used = figures["quota_used"] * 100
        if used >= figures["quota"] * 100:
            warnings.append(_USED_UP)
        elif used >= figures["quota"] * _QUOTA_ALARM_PERCENT:
            warnings.append(_ALMOST_USED)
    name = " ".join(filter(None, [wire.text(info, "displayName"), wire.text(info, "basicId")]))
    return AccountCheck(name=name, warnings=tuple(warnings), figures=figures)


def _quota(account: Account, transport: Transport) -> dict[str, int]:
    """How many pushes the month allows, where it is limited, and how many are used."""
    quota = line_calls.asked(account, transport, "message", "quota")
    consumption = line_calls.asked(account, transport, "message", "quota", "consumption")
    used = wire.whole_number(consumption, "totalUsage") or 0
    limit = wire.whole_number(quota, "value") if wire.text(quota, "type") == "limited" else None
    return {"quota_used": used} if limit is None else {"quota": limit, "quota_used": used}


def _hook_warnings(account: Account, endpoint: JsonObject) -> list[str]:
    if endpoint.get("active") is False or not wire.text(endpoint, "endpoint"):
        return [_HOOK_OFF]
    elsewhere = account.hook_url and wire.text(endpoint, "endpoint") != account.hook_url
    return [_HOOK_ELSEWHERE] if elsewhere else []
