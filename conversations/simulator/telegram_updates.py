"""What Telegram tells a bot: the parts of its updates, and the messages it gives back."""

from __future__ import annotations

from typing import Any

from conversations.simulator import samples
from conversations.simulator.accounts import SimulatedAccount
from conversations.simulator.world import Bubble, Customer

FILE_PREFIX = "file-"

Part = dict[str, Any]


def is_group(customer: Customer) -> bool:
    """Ids of groups are below zero; a group is played like one person."""
    return customer.id.startswith("-")


def bot(account: SimulatedAccount) -> Part:
    """The bot as a user."""
    user_id = account.account_id
    return {
        "id": int(user_id) if user_id.isdigit() else 1,
        "is_bot": True,
        "first_name": account.name,
        "username": f"kontor_{user_id}_bot",
    }


def person(customer: Customer) -> Part:
    """The customer as a user; in a group its one member."""
    language = {"language_code": customer.language} if customer.language else {}
    return {"id": abs(int(customer.id)), "is_bot": False, "first_name": customer.name, **language}


def chat(customer: Customer) -> Part:
    """The customer's chat."""
    if is_group(customer):
        return {"id": int(customer.id), "type": "group", "title": customer.name}
    return {"id": int(customer.id), "type": "private", "first_name": customer.name}


def message(customer: Customer, bubble: Bubble) -> Part:
    """What the customer wrote or sent."""
    common = {
        "message_id": int(bubble.id),
        "date": bubble.at // 1000,
        "from": person(customer),
        "chat": chat(customer),
    }
    return {**common, **_content(bubble)}


def sent(account: SimulatedAccount, customer: Customer, bubble: Bubble) -> Part:
    """What the bot sent, as a call of it is answered and a tap names it."""
    common = {
        "message_id": int(bubble.id),
        "date": bubble.at // 1000,
        "from": bot(account),
        "chat": chat(customer),
    }
    words = {"caption" if bubble.files else "text": bubble.text} if bubble.text else {}
    keyboard = [
        [
            {
                "text": each["label"],
                **({"url": each["url"]} if "url" in each else {"callback_data": each["payload"]}),
            }
        ]
        for each in bubble.choices
    ]
    return {**common, **words, **({"reply_markup": {"inline_keyboard": keyboard}} if keyboard else {})}


def tap(account: SimulatedAccount, customer: Customer, bubble: Bubble, tapped: Bubble | None) -> Part:
    """A tapped button."""
    shown = {"message": sent(account, customer, tapped)} if tapped is not None else {}
    return {
        "id": f"tap{bubble.id}",
        "from": person(customer),
        "chat_instance": customer.id,
        "data": bubble.payload,
        **shown,
    }


def membership(account: SimulatedAccount, customer: Customer, at: int) -> Part:
    """The bot was blocked or unblocked, or taken into a group or put out. at: Unix time."""
    here = {"user": bot(account), "status": "member"}
    away = {
        "user": bot(account),
        **({"status": "left"} if is_group(customer) else {"status": "kicked", "until_date": 0}),
    }
    old, new = (away, here) if customer.follows else (here, away)
    return {
        "chat": chat(customer),
        "from": person(customer),
        "date": at,
        "old_chat_member": old,
        "new_chat_member": new,
    }


def _content(bubble: Bubble) -> Part:
    file = {"file_id": f"{FILE_PREFIX}{bubble.id}", "file_unique_id": f"u{bubble.id}"}
    sample = samples.behind(bubble.kind)
    size = len(sample.content) if sample is not None else 0
    if bubble.kind == "sticker":
        looks = {"width": 512, "height": 512, "is_animated": False, "is_video": False, "type": "regular"}
        return {"sticker": {**file, **looks, "emoji": "👍", "set_name": "HotCherry", "file_size": size}}
    if bubble.kind == "image":
        small = {**file, "file_unique_id": f"s{bubble.id}", "width": 90, "height": 90, "file_size": size // 4}
        return {"photo": [small, {**file, "width": 160, "height": 160, "file_size": size}]}
    if bubble.kind == "location":
        where = {name: samples.PLACE[name] for name in ("latitude", "longitude")}
        venue = {"location": where, "title": samples.PLACE["title"], "address": samples.PLACE["address"]}
        return {"location": where, "venue": venue}
    if sample is None:
        return {"text": bubble.text}
    given = {**file, "file_name": sample.name, "mime_type": sample.mime, "file_size": size}
    return {"audio": {**given, "duration": 1}} if bubble.kind == "audio" else {"document": given}
