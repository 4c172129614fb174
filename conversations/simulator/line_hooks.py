"""What LINE tells of a message: the parts of its webhook events."""

from __future__ import annotations

import secrets
from typing import Any

from conversations.simulator import samples
from conversations.simulator.world import Bubble, Customer

GROUP = "C"  # how the ids of groups begin; a group is played like one person
_ULID = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def member_id(customer: Customer) -> str:
    """Who speaks: the customer, or in a group its one member."""
    return f"U{customer.id[1:]}"


def message(bubble: Bubble) -> dict[str, Any]:
    """The `message` of an event, for what the customer wrote or sent."""
    common = {"id": bubble.id, "quoteToken": f"qt-{bubble.id}"}
    if bubble.kind == "sticker":
        sticker = {
            "packageId": "446",
            "stickerId": "1988",
            "stickerResourceType": "ANIMATION",
            "keywords": ["Hi"],
        }
        return {"type": "sticker", **common, **sticker}
    if bubble.kind == "image":
        return {"type": "image", **common, "contentProvider": {"type": "line"}}
    if bubble.kind == "audio":
        return {"type": "audio", **common, "duration": 500, "contentProvider": {"type": "line"}}
    if bubble.kind == "location":
        return {"type": "location", **common, **samples.PLACE}
    sample = samples.of(bubble.kind)
    if sample is not None:
        return {"type": "file", **common, "fileName": sample.name, "fileSize": len(sample.content)}
    return {"type": "text", **common, "text": bubble.text}


def ulid(milliseconds: int) -> str:
    """26 signs: 48 bits of time, 80 random ones (github.com/ulid/spec)."""
    value = milliseconds << 80 | secrets.randbits(80)
    return "".join(_ULID[value >> shift & 31] for shift in range(125, -1, -5))
