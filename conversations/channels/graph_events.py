"""One element of a webhook of Messenger or Instagram, read into one item.

An element that does not fit the account it was delivered for becomes an UnknownItem of that account, so that no
entry can speak for another one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from conversations.channels import graph_attachments, graph_comments, wire
from conversations.channels.graph_elements import STANDBY, TOLD_AT, Element, elements
from conversations.channels.items import (
    UNKNOWN_TIME,
    AccountChange,
    AudienceChange,
    DeliveryReport,
    IncomingMessage,
    Item,
    JsonObject,
    MessageEcho,
    MessageEdited,
    MessageReaction,
    MessageUnsent,
)

_EMOJIS = {
    "smile": "😆",
    "angry": "😠",
    "sad": "😢",
    "wow": "😮",
    "love": "❤️",
    "like": "👍",
    "dislike": "👎",
    "other": "❓",
}
_ENVELOPE = frozenset({"sender", "recipient", "timestamp", "id", "value", STANDBY, TOLD_AT})
_CONTROL = {
    "pass_thread_control": "passed",
    "take_thread_control": "taken",
    "request_thread_control": "requested",
    "release_thread_control": "released",
    "app_roles": "roles",
}


def parse(body: bytes, objects: Collection[str]) -> list[Item]:
    """The items of a webhook about one of `objects`. Raises Unparsable."""
    return [_read(element) for element in elements(body, objects)]


def read(account_id: str, raw: JsonObject) -> Item:
    """The item that one stored element of `messaging`, `standby` or `changes` stands for."""
    return _read(Element(account_id, raw))


def _read(element: Element) -> Item:
    raw = element.raw
    for name, reader in _READERS.items():
        if isinstance(raw.get(name), dict):
            return reader(element) or element.unknown(name)
    if "field" in raw:
        return graph_comments.read(element)
    return element.unknown(next((wire.bounded_id(name) for name in raw if name not in _ENVELOPE), "unknown"))


# --- messages ----------------------------------------------------------------------------------------------


def _message(element: Element) -> Item | None:
    message = element.body("message")
    if message.get("is_echo") is True:
        return _echo(element, message)
    if not element.from_customer:
        return None
    given_id = wire.identifier(message, "mid")
    if message.get("is_deleted") is True:
        return _unsent(element, given_id)
    external_id = given_id or element.made_id("message")
    words, attachments = wire.text(message, "text"), graph_attachments.read(message)
    unsupported = message.get("is_unsupported") is True
    return IncomingMessage(
        **element.common(external_id),
        address=element.sender,
        external_id=external_id,
        text=words,
        kind="unsupported" if unsupported else graph_attachments.kind_of_message(words, attachments),
        attachments=attachments,
        reply_to=wire.identifier(wire.mapping(message, "reply_to"), "mid"),
        postback=wire.text(wire.mapping(message, "quick_reply"), "payload"),
        referral=wire.mapping(message, "referral"),
        details=_ownership(element),
    )


def _ownership(element: Element) -> dict[str, Any]:
    """Says so where another app owns the thread: a machine must not answer, a person ought to know."""
    return {STANDBY: True} if element.is_standby else {}


def _unsent(element: Element, external_id: str) -> MessageUnsent | None:
    if not external_id:
        return None
    event_id = wire.stable_id("unsend", external_id)
    return MessageUnsent(**element.common(event_id), address=element.sender, external_id=external_id)


def _echo(element: Element, message: JsonObject) -> MessageEcho | None:
    external_id = wire.identifier(message, "mid")
    if not element.from_account or not external_id or message.get("is_deleted") is True:
        return None
    words, attachments = wire.text(message, "text"), graph_attachments.read(message)
    return MessageEcho(
        **element.common(external_id),
        address=element.recipient,
        external_id=external_id,
        text=words,
        kind=graph_attachments.kind_of_message(words, attachments),
        attachments=attachments,
        correlation=wire.text(message, "metadata"),
        is_standby=element.is_standby,
    )


# --- everything else a customer does -----------------------------------------------------------------------


def _postback(element: Element) -> IncomingMessage | None:
    if not element.from_customer:
        return None
    postback = element.body("postback")
    external_id = wire.identifier(postback, "mid") or element.made_id("postback")
    return IncomingMessage(
        **element.common(external_id),
        address=element.sender,
        external_id=external_id,
        text=wire.text(postback, "title"),
        kind="postback",
        postback=wire.text(postback, "payload"),
        referral=wire.mapping(postback, "referral"),
        details=_ownership(element),
    )


def _referral(element: Element) -> IncomingMessage | None:
    if not element.from_customer:
        return None
    event_id = element.made_id("referral")
    return IncomingMessage(
        **element.common(event_id),
        address=element.sender,
        external_id=event_id,
        kind="referral",
        referral=element.body("referral"),
    )


def _edit(element: Element) -> MessageEdited | None:
    edit = element.body("message_edit")
    external_id = wire.identifier(edit, "mid")
    if not element.from_customer or not external_id:
        return None
    number, timestamp = wire.text(edit, "num_edit"), wire.text(element.raw, "timestamp")
    return MessageEdited(
        **element.common(wire.stable_id("edit", external_id, number, timestamp)),
        address=element.sender,
        external_id=external_id,
        text=wire.text(edit, "text"),
    )


def _reaction(element: Element) -> MessageReaction | None:
    reaction = element.body("reaction")
    external_id, action = wire.identifier(reaction, "mid"), wire.text(reaction, "action")
    if not element.from_customer or not external_id or action not in {"react", "unreact"}:
        return None
    timestamp = wire.text(element.raw, "timestamp")
    emoji = wire.text(reaction, "emoji") or _EMOJIS.get(wire.text(reaction, "reaction"), _EMOJIS["other"])
    return MessageReaction(
        **element.common(wire.stable_id("reaction", external_id, element.sender, action, timestamp)),
        address=element.sender,
        external_id=external_id,
        emoji=emoji if action == "react" else "",
    )


def _delivery(element: Element) -> DeliveryReport | None:
    return _report(element, "delivery", "delivered")


def _seen(element: Element) -> DeliveryReport | None:
    return _report(element, "read", "read")


def _report(element: Element, name: str, status: str) -> DeliveryReport | None:
    """Reports carry no id of their own: telling one twice changes nothing. Instagram names the one message that
    was seen, Messenger up to when all were."""
    if not element.from_customer:
        return None
    body = element.body(name)
    watermark = wire.moment(body.get("watermark"))
    mids = body.get("mids")
    told = [*(mids if isinstance(mids, list) else ()), body.get("mid")]
    external_ids = tuple(filter(None, (wire.identifier({"mid": mid}, "mid") for mid in told)))
    known = watermark if watermark < UNKNOWN_TIME else None
    if known is None and not external_ids:
        return None
    return DeliveryReport(
        account_id=element.account_id,
        event_id="",
        happened_at=wire.moment(element.raw.get("timestamp"), body.get("watermark")),
        raw=element.raw,
        address=element.sender,
        status=status,
        external_ids=external_ids,
        watermark=known,
    )


def _optin(element: Element) -> AudienceChange | None:
    stopped = wire.text(element.body("optin"), "notification_messages_status") == "STOP_NOTIFICATIONS"
    return _audience(element, "optin", "opted_out" if stopped else "opted_in")


def _optout(element: Element) -> AudienceChange | None:
    return _audience(element, "optout", "opted_out")


def _audience(element: Element, name: str, change: str) -> AudienceChange | None:
    if not element.from_customer:
        return None
    return AudienceChange(**element.common(element.made_id(name)), address=element.sender, change=change)


# --- news of the account -----------------------------------------------------------------------------------


def _thread_control(name: str) -> Callable[[Element], AccountChange | None]:
    """Another app of the page took, gave or wants the thread. Ours is not named, so who owns it now is told by
    where the customer's next message comes: in `messaging` we do, in `standby` another app does."""

    def read(element: Element) -> AccountChange | None:
        body = element.body(name)
        apps = {
            "previous_app_id": wire.identifier(body, "previous_owner_app_id"),
            "new_app_id": wire.identifier(body, "new_owner_app_id"),
            "requested_app_id": wire.identifier(body, "requested_owner_app_id"),
            "metadata": wire.text(body, "metadata"),
        }
        told = {key: value for key, value in apps.items() if value}
        return _account_change(element, name, "thread_control", {"action": _CONTROL[name], **told})

    return read


def _policy(element: Element) -> AccountChange | None:
    """Meta warns the account, blocks it, or lets it go again."""
    body = element.body("policy_enforcement")
    told = {"action": wire.text(body, "action"), "reason": wire.text(body, "reason")}
    return _account_change(element, "policy_enforcement", "quality", told)


def _account_change(
    element: Element, name: str, change: str, details: dict[str, Any]
) -> AccountChange | None:
    if not element.account_id or element.recipient != element.account_id:
        return None
    return AccountChange(
        **element.common(element.made_id(name)),
        change=change,
        details={**details, **_ownership(element)},
        address=element.customer,
    )


_READERS: dict[str, Callable[[Element], Item | None]] = {
    "message": _message,
    "postback": _postback,
    "reaction": _reaction,
    "read": _seen,
    "delivery": _delivery,
    "message_edit": _edit,
    "referral": _referral,
    "optin": _optin,
    "optout": _optout,
    **{name: _thread_control(name) for name in _CONTROL},
    "policy_enforcement": _policy,
}
