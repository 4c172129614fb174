"""The double of Telegram's Bot API, and its updates.

Source for shapes, limits and rules: Telegram's Bot API reference.
"""

from __future__ import annotations

import hmac
import itertools
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from conversations.channels import wire
from conversations.channels.base import Unparsable
from conversations.simulator import samples, telegram_updates
from conversations.simulator.accounts import SimulatedAccount
from conversations.simulator.platform import Event, Platform, Stage
from conversations.simulator.telegram_forms import Call, chat_number, read, refuse, result, without_marks
from conversations.simulator.web import Request, Response
from conversations.simulator.world import Bubble, Customer, digits

TEXT_LIMIT = 4096
CAPTION_LIMIT = 1024
PAYLOAD_BYTES = 64
FIRST_MESSAGE = (
    1_760_000_000  # Unix time: numbers of messages begin where those of an earlier run did not come
)
_PARTS = {
    "sendPhoto": ("photo", "image"),
    "sendVideo": ("video", "video"),
    "sendAudio": ("audio", "audio"),
    "sendVoice": ("voice", "audio"),
    "sendDocument": ("document", "file"),
}


class FakeTelegram(Platform):
    """api.telegram.org for the simulated bots."""

    kind = "telegram"
    label = "Telegram"
    acts = frozenset(
        {
            "write",
            "sticker",
            "image",
            "audio",
            "file",
            "location",
            "tap",
            "edit",
            "read",
            "follow",
            "unfollow",
        }
    )

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        first = int(stage.began_at) - FIRST_MESSAGE
        self._numbers = itertools.count(first)
        self._updates: defaultdict[str, Iterator[int]] = defaultdict(
            lambda: itertools.count(first + 700_000_000)
        )

    async def answer(self, request: Request, path: str) -> Response:
        """`bot{token}/{method}`, `file/bot{token}/{path}`."""
        is_file = path.startswith("file/")
        token, _slash, rest = path.removeprefix("file/").removeprefix("bot").partition("/")
        account = self._account(token)
        if account is None:
            return refuse("token")
        if is_file:
            return self._file(account, rest)
        try:
            call = read(request)
        except Unparsable:
            return refuse("bad_request")
        if rest == "sendMessage" or rest in _PARTS:
            done = self._send(account, rest, call)
            return self.record(account, rest, request, dict(call.fields), done)
        answers = {
            "getMe": self._me,
            "getWebhookInfo": self._webhook,
            "setWebhook": self._set_webhook,
            "getChat": self._chat,
            "getFile": self._path,
        }
        return answers[rest](account, call) if rest in answers else refuse("not_found")

    def new_customer_id(self) -> str:
        return digits(10)

    def new_bubble_id(self) -> str:
        return str(next(self._numbers))

    def envelope(
        self, account: SimulatedAccount, events: list[Event], *, again: bool
    ) -> tuple[bytes, Mapping[str, str]]:
        """Telegram posts one update at a time, and the same again until it is taken."""
        body = json.dumps(events[0], ensure_ascii=False).encode()
        return body, {
            "Content-Type": "application/json",
            "X-Telegram-Bot-Api-Secret-Token": account.secret,
        }

    def told(
        self, account: SimulatedAccount, customer: Customer, act: str, bubble: Bubble | None
    ) -> Event | None:
        now = self.stage.world.now() // 1000
        if act in {"follow", "unfollow"}:
            part = telegram_updates.membership(account, customer, now)
            return self._update(account, "my_chat_member", part)
        if bubble is None:
            return None  # Telegram tells nobody what was read
        if act == "tap":
            tapped = customer.bubble(bubble.answers)
            return self._update(
                account, "callback_query", telegram_updates.tap(account, customer, bubble, tapped)
            )
        message = telegram_updates.message(customer, bubble)
        if act == "edit":
            return self._update(account, "edited_message", {**message, "edit_date": now})
        return self._update(account, "message", message)

    def _update(self, account: SimulatedAccount, name: str, part: Event) -> Event:
        return {"update_id": next(self._updates[account.account_id]), name: part}

    def _account(self, token: str) -> SimulatedAccount | None:
        bots = [each for each in self.stage.register.accounts() if each.kind == self.kind]
        return next(
            (each for each in bots if token and hmac.compare_digest(each.token.encode(), token.encode())),
            None,
        )

    def _send(self, account: SimulatedAccount, method: str, call: Call) -> Response:
        customer = self.stage.world.customer(account, chat_number(call.fields.get("chat_id")))
        part, file_kind = _PARTS.get(method, ("", ""))
        words = wire.text(call.fields, "caption" if part else "text")
        shown = without_marks(words) if call.fields.get("parse_mode") == "HTML" else words
        refusal = self.stage.faults.refusal() or _objection(call, part, shown) or _stranger(customer)
        if refusal or customer is None:
            return refuse(refusal or "no_chat")
        bubble = Bubble(self.new_bubble_id(), self.stage.world.now(), False, shown or "")
        bubble.choices = [
            {"label": wire.text(each, "text"), "url": wire.text(each, "url")}
            if "url" in each
            else {"label": wire.text(each, "text"), "payload": wire.text(each, "callback_data")}
            for each in _buttons(call)
        ]
        if part:
            bubble.kind = file_kind
            bubble.files.append(_shown_file(call, part, file_kind))
        customer.bubbles.append(bubble)
        self.stage.world.touch(customer)
        return result(telegram_updates.sent(account, customer, bubble))

    def _me(self, account: SimulatedAccount, _call: Call) -> Response:
        return result({**telegram_updates.bot(account), "can_join_groups": True})

    def _webhook(self, account: SimulatedAccount, _call: Call) -> Response:
        updates = ["message", "edited_message", "callback_query", "my_chat_member", "message_reaction"]
        return result(
            {
                "url": self.stage.poster.told_address_of(account),
                "has_custom_certificate": False,
                "pending_update_count": self.stage.poster.waiting,
                "allowed_updates": updates,
            }
        )

    def _set_webhook(self, account: SimulatedAccount, call: Call) -> Response:
        url = wire.text(call.fields, "url")
        if not url.startswith("https://"):
            return refuse("hook")
        secret = wire.text(call.fields, "secret_token")
        self.stage.register.connect_account(replace(account, hook_url=url, secret=secret))
        return result(True)

    def _chat(self, account: SimulatedAccount, call: Call) -> Response:
        customer = self.stage.world.customer(account, chat_number(call.fields.get("chat_id")))
        return result(telegram_updates.chat(customer)) if customer is not None else refuse("no_chat")

    def _path(self, account: SimulatedAccount, call: Call) -> Response:
        file_id = wire.text(call.fields, "file_id")
        bubble = self._bubble_of_file(account, file_id)
        sample = samples.behind(bubble.kind) if bubble is not None else None
        if sample is None:
            return refuse("file_id")
        size = len(sample.content)
        path = f"documents/{file_id}/{sample.name}"
        return result({"file_id": file_id, "file_unique_id": file_id, "file_size": size, "file_path": path})

    def _file(self, account: SimulatedAccount, path: str) -> Response:
        _folder, _slash, rest = path.partition("/")
        bubble = self._bubble_of_file(account, rest.partition("/")[0])
        sample = samples.behind(bubble.kind) if bubble is not None else None
        return Response(200, sample.content, sample.mime) if sample is not None else refuse("not_found")

    def _bubble_of_file(self, account: SimulatedAccount, file_id: str) -> Bubble | None:
        people = self.stage.world.meet(account)
        bubble_id = file_id.removeprefix(telegram_updates.FILE_PREFIX)
        return next((found for each in people if (found := each.bubble(bubble_id)) and found.mine), None)


def _stranger(customer: Customer | None) -> str:
    """Why a chat takes nothing: it is unknown, it never began, or the bot was blocked or put out."""
    if customer is None:
        return "no_chat"
    if not customer.follows:
        return "put_out" if telegram_updates.is_group(customer) else "blocked"
    return "" if customer.bubbles else "window_closed"


def _objection(call: Call, part: str, shown: str | None) -> str:
    if shown is None:
        return "entities"
    if part:
        if len(shown) > CAPTION_LIMIT:
            return "caption_too_long"
        is_given = part in call.files or wire.text(call.fields, part).startswith(("https://", "http://"))
        if not is_given:
            return "file"
    elif not shown.strip():
        return "empty"
    elif len(shown) > TEXT_LIMIT:
        return "too_long"
    return next(filter(None, map(_wrong_button, _buttons(call))), "")


def _wrong_button(button: Mapping[str, Any]) -> str:
    if "url" in button:
        return "" if wire.text(button, "url").startswith(("https://", "http://", "tg://")) else "button_url"
    return "" if 1 <= len(wire.text(button, "callback_data").encode()) <= PAYLOAD_BYTES else "button"


def _buttons(call: Call) -> list[dict[str, Any]]:
    markup = call.part("reply_markup")
    rows = markup.get("inline_keyboard") if isinstance(markup, dict) else None
    return [each for row in rows if isinstance(row, list) for each in row] if isinstance(rows, list) else []


def _shown_file(call: Call, part: str, kind: str) -> dict[str, str]:
    upload = call.files.get(part)
    if upload is None:
        return {"kind": kind, "name": "", "url": wire.text(call.fields, part)}
    sample = samples.Sample(upload.name, upload.mime, upload.content)
    return {"kind": kind, "name": upload.name, "url": sample.data_url if sample.is_small else ""}
