"""SMTP replies and bounces in our words. Sources: RFC 5321 (reply codes), RFC 3463 (enhanced status codes)."""

from __future__ import annotations

import re

from conversations.channels.errors import DeliveryError, ErrorKind

_ENHANCED = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_NOBODY = re.compile(
    r"user unknown|unknown user|no such (?:user|recipient|mailbox)|does not exist|doesn't exist|invalid recipient"
    r"|recipient (?:not found|rejected|unknown)|mailbox (?:not found|unavailable|disabled)|unrouteable address",
    re.IGNORECASE,
)
_TOO_LARGE = re.compile(r"too (?:large|big)|size (?:limit|exceed)|exceeds", re.IGNORECASE)

COPY = "copy"
"""The stage at which somebody is named who gets a copy: what is refused there says nothing of the customer."""

_AUTH_CODES = frozenset({530, 534, 535, 538})
_OWN_STAGES = frozenset({"connect", "hello", "login", "sender"})
"""Before the recipient is named: what is refused there concerns the whole account."""

# The enhanced code without its class: subject and detail.
_BY_DETAIL: dict[tuple[int, int], ErrorKind] = {
    (1, 1): ErrorKind.RECIPIENT_GONE,
    (1, 2): ErrorKind.RECIPIENT_GONE,
    (1, 3): ErrorKind.RECIPIENT_GONE,
    (1, 6): ErrorKind.RECIPIENT_GONE,
    (1, 10): ErrorKind.RECIPIENT_GONE,  # the domain takes no mail (RFC 7505)
    (2, 1): ErrorKind.RECIPIENT_GONE,
    (2, 3): ErrorKind.MEDIA,
    (3, 4): ErrorKind.MEDIA,
}


def refusal(code: int, text: str, *, stage: str = "") -> DeliveryError:
    """What a server's reply means. stage: connect, hello, login, sender, recipient, copy, data; "" where not
    known."""
    return DeliveryError(kind_of(code, text, stage=stage), code=str(code), detail=text[:500])


def kind_of(code: int, text: str, *, stage: str = "") -> ErrorKind:
    """The meaning of a reply code with its text, or of a bounce's status with its diagnosis (code 0)."""
    kind = _kind_of(code, text, stage)
    return ErrorKind.BAD_REQUEST if stage == COPY and kind is ErrorKind.RECIPIENT_GONE else kind


def _kind_of(code: int, text: str, stage: str) -> ErrorKind:
    enhanced = _ENHANCED.search(text)
    grade = int(enhanced[1]) if enhanced and not 400 <= code < 600 else code // 100
    subject, detail = (int(enhanced[2]), int(enhanced[3])) if enhanced else (0, 0)
    if grade == 4:
        return ErrorKind.RATE_LIMITED if code == 421 or subject == 7 else ErrorKind.TEMPORARY
    if code in _AUTH_CODES:
        return ErrorKind.AUTH_EXPIRED
    if (subject, detail) in _BY_DETAIL:
        return _BY_DETAIL[subject, detail]
    if stage in _OWN_STAGES:  # 5.7.x at a recipient is one message's trouble, here it is everybody's
        return ErrorKind.PERMISSION
    if code == 552 or _TOO_LARGE.search(text):
        return ErrorKind.MEDIA if subject != 2 else ErrorKind.BAD_REQUEST
    if code in {0, 550, 551, 553} and not subject and _NOBODY.search(text):
        return ErrorKind.RECIPIENT_GONE
    return ErrorKind.BAD_REQUEST
