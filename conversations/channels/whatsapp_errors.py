"""What WhatsApp's error numbers mean, whether they come as an answer or later in a status.

Source: Meta's list of Cloud API error codes. Texts and titles change, the numbers stay.
"""

from __future__ import annotations

from conversations.channels import graph, wire
from conversations.channels.base import PlatformResponse
from conversations.channels.errors import DeliveryError, ErrorKind
from conversations.channels.items import JsonObject

DETAIL_LENGTH = 500

_BY_CODE = {
    131047: ErrorKind.WINDOW_CLOSED,
    131042: ErrorKind.QUOTA_USED,
    **dict.fromkeys((0, 190), ErrorKind.AUTH_EXPIRED),
    **dict.fromkeys((3, 10, *range(200, 300), 131005), ErrorKind.PERMISSION),
    **dict.fromkeys((4, 80007, 130429, 131048, 131056, 131064, 133016), ErrorKind.RATE_LIMITED),
    **dict.fromkeys((368, 130497, 131031, 131037, 131045), ErrorKind.ACCOUNT_RESTRICTED),
    **dict.fromkeys((131021, 131026, 131030), ErrorKind.RECIPIENT_GONE),
    131050: ErrorKind.NO_CONSENT,
    # The customer is there, and takes answers: only this message, of this kind, was not wanted now.
    **dict.fromkeys((130472, 131049), ErrorKind.BAD_REQUEST),
    **dict.fromkeys((1, 2, 131000, 131016, 131057, 133004, 135000), ErrorKind.TEMPORARY),
    **dict.fromkeys((100, 131008, 131009, 131051, 131062, 137000), ErrorKind.BAD_REQUEST),
    **dict.fromkeys((131052, 131053), ErrorKind.MEDIA),
    **dict.fromkeys(range(132000, 132100), ErrorKind.BAD_REQUEST),  # templates
}


def of_answer(response: PlatformResponse) -> DeliveryError:
    """What a refused call means."""
    told = graph.delivery_error(response)
    error = wire.mapping(wire.answer(response), "error")
    code = wire.whole_number(error, "code")
    return DeliveryError(
        told.kind if code is None else _BY_CODE.get(code, told.kind),
        code=told.code,
        detail=_detail(error) or told.detail,
        retry_after=told.retry_after,
    )


def of_report(error: JsonObject) -> DeliveryError:
    """Why a message that was accepted failed later: one element of `statuses[].errors`."""
    code = wire.whole_number(error, "code")
    kind = ErrorKind.BAD_REQUEST if code is None else _BY_CODE.get(code, ErrorKind.BAD_REQUEST)
    return DeliveryError(kind, code="" if code is None else str(code), detail=_detail(error))


def _detail(error: JsonObject) -> str:
    """The platform's own words, the most telling ones it gives."""
    details = wire.text(wire.mapping(error, "error_data"), "details")
    return (details or wire.text(error, "message") or wire.text(error, "title"))[:DETAIL_LENGTH]
