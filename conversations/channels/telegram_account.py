"""What Telegram says of a bot, where its updates go, and how a tapped button is answered."""

from __future__ import annotations

import json
from typing import Any

from conversations.channels import telegram_calls, wire
from conversations.channels.base import Account, AccountCheck, Transport, Unparsable, gettext_noop
from conversations.channels.errors import DeliveryError, ErrorKind

UPDATES = ("message", "edited_message", "callback_query", "my_chat_member", "message_reaction")
"""What we want to be told. Without a list Telegram leaves out reactions."""

_OTHER_BOT = gettext_noop("The token belongs to another bot than the one entered here.")
_NO_HOOK = gettext_noop("The bot has no webhook: no messages come in.")
_HOOK_ELSEWHERE = gettext_noop("The platform sends this account's messages to another address.")
_NOT_DELIVERED = gettext_noop("Telegram could not hand over updates lately, and some are waiting.")


def check(account: Account, transport: Transport) -> AccountCheck:
    """Which bot it is and where its updates go. One without a webhook gets ours; one that has ours is told it
    again, so that a new secret and a longer list of updates reach Telegram within a day."""
    try:
        bot = _mapping(telegram_calls.ask(account, transport, "getMe"))
        hook = _mapping(telegram_calls.ask(account, transport, "getWebhookInfo"))
        is_this_bot = wire.text(bot, "id") == account.account_id
        if is_this_bot and _is_ours_to_set(account, hook):
            _set_hook(account, transport)
            hook = {**hook, "url": account.hook_url}
    except telegram_calls.Migrated as error:
        raise DeliveryError(
            ErrorKind.TEMPORARY, code="migrated", detail="an answer of another call"
        ) from error
    waiting = wire.whole_number(hook, "pending_update_count") or 0
    warnings = []
    if not is_this_bot:
        warnings.append(_OTHER_BOT)
    if not wire.text(hook, "url"):
        warnings.append(_NO_HOOK)
    elif account.hook_url and wire.text(hook, "url") != account.hook_url:
        warnings.append(_HOOK_ELSEWHERE)
    elif waiting and wire.text(hook, "last_error_message"):
        warnings.append(_NOT_DELIVERED)
    username = wire.text(bot, "username")
    name = " ".join(filter(None, [wire.text(bot, "first_name"), username and f"@{username}"]))
    return AccountCheck(name=name, warnings=tuple(warnings), figures={"updates_waiting": waiting})


def acknowledgement(body: bytes) -> tuple[bytes, bytes] | None:
    """The answer that ends the waiting of a tapped button; None for every other update."""
    if b'"callback_query"' not in body:
        return None
    try:
        query_id = wire.identifier(wire.mapping(wire.load(body), "callback_query"), "id")
    except Unparsable:
        return None
    if not query_id:
        return None
    content = {"method": "answerCallbackQuery", "callback_query_id": query_id}
    return json.dumps(content).encode(), b"application/json"


def _is_ours_to_set(account: Account, hook: dict[str, Any]) -> bool:
    """Whether the bot has no webhook or ours. That of another program is never taken away."""
    if not account.hook_url.startswith("https://") or not account.hook_secret:
        return False
    return wire.text(hook, "url") in {"", account.hook_url}


def _set_hook(account: Account, transport: Transport) -> None:
    wanted = {"url": account.hook_url, "secret_token": account.hook_secret, "allowed_updates": list(UPDATES)}
    telegram_calls.call(account, transport, "setWebhook", wanted)


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
