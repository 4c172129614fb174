"""Public comments and mentions on a Facebook Page and on Instagram: the `changes` of a webhook, and what we do.

A Page's comment tells what happened to it (`verb`); Instagram only tells new ones. Neither says when it was
hidden, edited or removed: that is when its entry was sent.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from conversations.channels import wire
from conversations.channels.graph_elements import TOLD_AT, Element
from conversations.channels.items import (
    AccountChange,
    CommentChanged,
    IncomingAttachment,
    Item,
    JsonObject,
)

_CHANGES = {
    "add": "added",
    "edit": "edited",
    "edited": "edited",
    "remove": "removed",
    "delete": "removed",
    "hide": "hidden",
    "unhide": "unhidden",
}
_MEDIA_FACTS = ("media_product_type", "ad_id", "ad_title")


def read(element: Element) -> Item:
    """The item that one change stands for."""
    name = wire.identifier(element.raw, "field") or "change"
    reader = _READERS.get(name) if element.account_id else None
    return (reader(element, element.body("value")) if reader else None) or element.unknown(name)


def _page_comment(element: Element, value: JsonObject) -> CommentChanged | None:
    """A comment on a post of the Page. Other items of its feed (posts, likes, …) are none."""
    if wire.text(value, "item") != "comment":
        return None
    return _page_change(element, value, wire.identifier(value, "comment_id"))


def _page_mention(element: Element, value: JsonObject) -> CommentChanged | None:
    """The Page is named in somebody's post or comment. A post stands for itself."""
    named = wire.identifier(value, "comment_id") or wire.identifier(value, "post_id")
    return _page_change(element, value, named, is_mention=True)


def _page_change(
    element: Element, value: JsonObject, comment_id: str, *, is_mention: bool = False
) -> CommentChanged | None:
    change = _CHANGES.get(wire.text(value, "verb"))
    if change is None or not comment_id:
        return None
    author = wire.mapping(value, "from")
    address = wire.identifier(author, "id") or wire.identifier(value, "sender_id")
    post_id, parent_id = wire.identifier(value, "post_id"), wire.identifier(value, "parent_id")
    return CommentChanged(
        **_common(element, value, change, comment_id, is_mention=is_mention),
        address=address,
        post_id=post_id,
        parent_id="" if parent_id == post_id else parent_id,
        text=wire.text(value, "message"),
        sender_name=wire.text(author, "name") or wire.text(value, "sender_name"),
        by_account=bool(address) and address == element.account_id,
        attachments=_media(value),
        post=_post(value),
    )


def _instagram_comment(element: Element, value: JsonObject) -> CommentChanged | None:
    comment_id = wire.identifier(value, "id") or wire.identifier(value, "comment_id")
    if not comment_id:
        return None
    author, media = wire.mapping(value, "from"), wire.mapping(value, "media")
    address = wire.identifier(author, "id")
    facts = {name: wire.text(media, name) for name in _MEDIA_FACTS}
    is_live = {"is_live": True} if element.raw.get("field") == "live_comments" else {}
    return CommentChanged(
        **_common(element, value, "added", comment_id),
        address=address,
        post_id=wire.identifier(media, "id"),
        parent_id=wire.identifier(value, "parent_id"),
        text=wire.text(value, "text"),
        sender_name=wire.text(author, "username"),
        by_account=bool(address) and address == element.account_id,
        post={**{name: fact for name, fact in facts.items() if fact}, **is_live},
    )


def _instagram_mention(element: Element, value: JsonObject) -> CommentChanged | None:
    """Somebody named the account below or in their own post; who and how has to be asked for."""
    media_id = wire.identifier(value, "media_id")
    named = wire.identifier(value, "comment_id") or media_id
    if not named:
        return None
    common = _common(element, value, "added", named, is_mention=True)
    return CommentChanged(**common, address="", post_id=media_id)


def _template(element: Element, value: JsonObject) -> AccountChange:
    """A utility template of the Page was approved or refused."""
    event_id = element.made_id("message_template_status_update")
    return AccountChange(**element.common(event_id), change="template", details=value)


def _common(
    element: Element, value: JsonObject, change: str, comment_id: str, *, is_mention: bool = False
) -> dict[str, Any]:
    written_at, told_at = value.get("created_time"), element.raw.get(TOLD_AT)
    kind = "mention" if is_mention else "comment"
    if change == "added":
        event_id, happened_at = wire.stable_id(kind, comment_id), wire.moment(written_at, told_at)
    else:
        # The same comment may be hidden twice, in the same words: only the time of telling differs.
        event_id, happened_at = element.made_id(f"{kind}:{change}"), wire.moment(told_at, written_at)
    return {
        **element.common(event_id),
        "happened_at": happened_at,
        "change": change,
        "comment_id": comment_id,
        "is_mention": is_mention,
    }


def _media(value: JsonObject) -> tuple[IncomingAttachment, ...]:
    found = ((kind, wire.text(value, field)) for kind, field in (("image", "photo"), ("video", "video")))
    return tuple(IncomingAttachment(kind=kind, url=url) for kind, url in found if url)


def _post(value: JsonObject) -> dict[str, Any]:
    post = wire.mapping(value, "post")
    told = {
        "text": wire.text(post, "message"),
        "picture_url": wire.text(post, "picture"),
        "url": wire.text(post, "permalink_url") or wire.text(value, "permalink_url"),
    }
    return {name: fact for name, fact in told.items() if fact}


_READERS: dict[str, Callable[[Element, JsonObject], Item | None]] = {
    "feed": _page_comment,
    "mention": _page_mention,
    "comments": _instagram_comment,
    "live_comments": _instagram_comment,
    "mentions": _instagram_mention,
    "message_template_status_update": _template,
}
