"""Why a message could not be handed over: the same words for every platform."""

from __future__ import annotations

import enum


class ErrorKind(enum.StrEnum):
    """Why a message could not be delivered, the same words for every platform."""

    WINDOW_CLOSED = "window_closed"
    QUOTA_USED = "quota_used"
    RATE_LIMITED = "rate_limited"
    AUTH_EXPIRED = "auth_expired"
    PERMISSION = "permission"
    ACCOUNT_RESTRICTED = "account_restricted"
    RECIPIENT_GONE = "recipient_gone"
    NO_CONSENT = "no_consent"
    BAD_REQUEST = "bad_request"
    MEDIA = "media"
    TEMPORARY = "temporary"
    UNKNOWN_OUTCOME = "unknown_outcome"


TRANSIENT_KINDS = frozenset({ErrorKind.RATE_LIMITED, ErrorKind.TEMPORARY})
ACCOUNT_KINDS = frozenset({ErrorKind.AUTH_EXPIRED, ErrorKind.PERMISSION, ErrorKind.ACCOUNT_RESTRICTED})
"""Trouble of the whole account: sending stops until somebody mends it."""


class DeliveryError(Exception):
    """The platform did not take the message.

    permanent: trying again cannot help. retry_after: seconds the platform asked us to wait.
    key_used: this very try carried our retry key, so the same message may be sent again without doubling it
    even when the outcome is unknown. A kind with RetryProtection.KEY may still know ways that carry no key.
    """

    def __init__(
        self,
        kind: ErrorKind,
        *,
        code: str = "",
        detail: str = "",
        retry_after: float | None = None,
        key_used: bool = False,
    ) -> None:
        super().__init__(f"{kind}: {code} {detail}".strip())
        self.kind = kind
        self.code = code
        self.detail = detail
        self.retry_after = retry_after
        self.key_used = key_used

    def __eq__(self, other: object) -> bool:
        """The same trouble: a report of it that is read twice is one report."""
        return isinstance(other, DeliveryError) and self._told == other._told

    def __hash__(self) -> int:
        return hash(self._told)

    @property
    def _told(self) -> tuple[object, ...]:
        return (self.kind, self.code, self.detail, self.retry_after, self.key_used)

    @property
    def permanent(self) -> bool:
        return self.kind not in TRANSIENT_KINDS and self.kind is not ErrorKind.UNKNOWN_OUTCOME
