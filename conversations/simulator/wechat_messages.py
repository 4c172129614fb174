"""Messages of WeChat's customer service as the double reads them, and its refusals."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from conversations.channels import wire
from conversations.channels.base import text_length
from conversations.simulator.platform import Event
from conversations.simulator.samples import PLACE, Sample
from conversations.simulator.telegram_forms import Upload
from conversations.simulator.web import Response, answer
from conversations.simulator.world import Bubble

TEXT_LIMIT = 2048  # bytes
SENT_BY_CUSTOMER = "customer-"

TEMPLATES = (
    {
        "template_id": "tpl-1",
        "title": "订单发货提醒",
        "primary_industry": "消费品",
        "deputy_industry": "消费品",
        "content": "商品：{{thing1.DATA}}\n单号：{{character_string2.DATA}}\n",
        "example": "商品：阿里山金萱\n单号：4711\n",
    },
)

_MEDIA = {"image": "image", "voice": "audio", "video": "video"}
_UPLOADS = {
    "image": (10_000_000, {"image/png", "image/jpeg", "image/gif"}),
    "voice": (2_000_000, {"audio/amr", "audio/mpeg"}),
    "video": (10_000_000, {"video/mp4"}),
}

# Our name of the fault: errcode, errmsg.
_REFUSALS: dict[str, tuple[int, str]] = {
    "window_closed": (45015, "response out of time limit or subscription is canceled"),
    "token": (40001, "invalid credential, access_token is invalid or not latest"),
    "token_ended": (42001, "access_token expired"),
    "secret": (40125, "invalid appsecret"),
    "permission": (48001, "api unauthorized"),
    "rate_limit": (45009, "reach max api daily quota limit"),
    "quota": (45047, "out of response count limit"),
    "temporary": (-1, "system error"),
    "blocked": (43004, "require subscribe"),
    "not_subscribed": (43004, "require subscribe"),
    "bad_request": (47001, "data format error"),
    "no_such_user": (40003, "invalid openid"),
    "too_long": (45002, "content size out of limit"),
    "empty": (44004, "empty content"),
    "media": (40007, "invalid media_id"),
    "media_type": (40004, "invalid media type"),
    "file_type": (40005, "invalid file type"),
    "file_size": (45001, "media size out of limit"),
    "file_missing": (41005, "media data missing"),
    "articles": (45008, "article size out of limit"),
    "message_type": (40008, "invalid message type"),
    "template": (40037, "invalid template_id"),
    "no_such_call": (40066, "invalid url"),
}


def refuse(name: str) -> Response:
    """WeChat's error body: HTTP 200 whatever happened."""
    code, words = _REFUSALS[name]
    return answer({"errcode": code, "errmsg": f"{words} rid: {secrets.token_hex(4)}"})


def told(bubble: Bubble) -> Event:
    """The part of a webhook that says what the customer sent."""
    media_id = f"{SENT_BY_CUSTOMER}{bubble.kind}-{bubble.id}"
    if bubble.kind == "image":
        return {"MsgType": "image", "PicUrl": "http://mmbiz.qpic.cn/mmbiz_png/0", "MediaId": media_id}
    if bubble.kind == "audio":
        return {"MsgType": "voice", "MediaId": media_id, "Format": "wav"}
    if bubble.kind == "location":
        return {
            "MsgType": "location",
            "Location_X": str(PLACE["latitude"]),
            "Location_Y": str(PLACE["longitude"]),
            "Scale": "16",
            "Label": str(PLACE["address"]),
        }
    text: Event = {"MsgType": "text", "Content": bubble.text}
    return {**text, "bizmsgmenuid": bubble.payload} if bubble.kind == "tap" else text


def objection(content: Mapping[str, Any], uploads: Mapping[str, object]) -> str:
    """Why WeChat refuses a message for what it says, "" when it does not."""
    kind = wire.text(content, "msgtype")
    body = wire.mapping(content, kind)
    if kind == "text":
        return _text_objection(wire.text(body, "content"))
    if kind in _MEDIA:
        return "" if wire.text(body, "media_id") in uploads else "media"
    if kind == "news":
        articles = wire.objects(body, "articles")
        return "" if len(articles) == 1 and wire.text(articles[0], "url") else "articles"
    if kind == "msgmenu":
        entries = wire.objects(body, "list")
        is_whole = entries and all(wire.text(each, "id") and wire.text(each, "content") for each in entries)
        return _text_objection(wire.text(body, "head_content")) if is_whole else "bad_request"
    return "message_type"


def put_on_phone(content: Mapping[str, Any], bubble: Bubble, uploads: Mapping[str, dict[str, str]]) -> None:
    """What the customer sees of a message that was taken."""
    kind = wire.text(content, "msgtype")
    body = wire.mapping(content, kind)
    bubble.sender = wire.text(wire.mapping(content, "customservice"), "kf_account")
    if kind in _MEDIA:
        bubble.kind = _MEDIA[kind]
        bubble.files.append(uploads[wire.text(body, "media_id")])
    elif kind == "news":
        bubble.cards = [_card(article) for article in wire.objects(body, "articles")]
    elif kind == "msgmenu":
        bubble.text = "\n".join(
            filter(None, [wire.text(body, "head_content"), wire.text(body, "tail_content")])
        )
        bubble.choices = [
            {"label": wire.text(each, "content"), "payload": wire.text(each, "id")}
            for each in wire.objects(body, "list")
        ]
    else:
        bubble.text = wire.text(body, "content")


def upload_objection(kind: str, file: Upload | None) -> str:
    """Why WeChat refuses a file, "" when it does not."""
    if kind not in _UPLOADS:
        return "media_type"
    most_bytes, mimes = _UPLOADS[kind]
    if file is None or not file.content:
        return "file_missing"
    if file.mime not in mimes:
        return "file_type"
    return "file_size" if len(file.content) > most_bytes else ""


def shown_file(kind: str, file: Upload) -> dict[str, str]:
    """An uploaded file as it will stand on the phone."""
    sample = Sample(file.name, file.mime, file.content)
    return {"kind": _MEDIA[kind], "name": file.name, "url": sample.data_url if sample.is_small else ""}


def _text_objection(text: str) -> str:
    if not text:
        return "empty"
    return "too_long" if text_length(text, "bytes") > TEXT_LIMIT else ""


def _card(article: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "title": wire.text(article, "title"),
        "text": wire.text(article, "description"),
        "picture": wire.text(article, "picurl"),
        "rows": [],
        "buttons": [{"label": wire.text(article, "title"), "url": wire.text(article, "url")}],
    }
