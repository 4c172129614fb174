"""What simulated customers of WhatsApp are and send, as a webhook tells it."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from conversations.simulator import samples
from conversations.simulator.samples import Sample
from conversations.simulator.web import Response, not_found
from conversations.simulator.world import Bubble, Customer

STICKER = "sticker"
FIRST_DIGITS = {"image": "1", "audio": "2", "file": "3", STICKER: "4"}
"""What the id of a customer's file begins with: the id alone tells which file it is."""
_SHAPES = {"file": "document"}


def user_id(customer: Customer) -> str:
    """The customer's business-scoped user id: the same each time."""
    return f"TW.{int.from_bytes(hashlib.sha256(customer.id.encode()).digest()[:6], 'big')}"


def sample_of(kind: str) -> Sample | None:
    """The file that stands for a kind of message; None for what is no file."""
    return samples.of("image" if kind == STICKER else kind)


def kind_of(media_id: str) -> str:
    """The kind of file that an id of a customer's file stands for, "" for none."""
    known = (kind for kind, first in FIRST_DIGITS.items() if media_id.startswith(first))
    return next(known, "") if len(media_id) == 15 else ""


def written(customer: Customer, bubble: Bubble) -> tuple[str, Any, dict[str, Any]]:
    """Type, content and further parts of what the customer wrote."""
    if bubble.kind == "tap":
        tapped = customer.bubble(bubble.answers)
        context = {"context": {"id": bubble.answers}}
        if tapped is not None and tapped.kind != "card":  # a template's quick reply
            return "button", {"text": bubble.text, "payload": bubble.payload}, context
        reply = {"id": bubble.payload, "title": bubble.text}
        return "interactive", {"type": "button_reply", "button_reply": reply}, context
    if bubble.kind == "location":
        place = samples.PLACE
        where = {"latitude": place["latitude"], "longitude": place["longitude"], "address": place["address"]}
        return "location", {**where, "name": place["title"]}, {}
    sample = sample_of(bubble.kind)
    if sample is not None:
        media: dict[str, Any] = {
            "id": f"{FIRST_DIGITS[bubble.kind]}{str(bubble.at).zfill(14)[-14:]}",
            "mime_type": sample.mime,
            "sha256": digest(sample.content),
        }
        if bubble.kind == "file":
            media["filename"] = sample.name
        return _SHAPES.get(bubble.kind, bubble.kind), media, {}
    return "text", {"body": bubble.text}, {}


def digest(content: bytes) -> str:
    """As WhatsApp tells it of a file."""
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


def file_of(kind: str) -> Response:
    """The bytes of what customers send."""
    sample = sample_of(kind)
    return Response(200, sample.content, sample.mime) if sample else not_found()
