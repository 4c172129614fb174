"""The contract that every channel kind keeps.

A channel kind is a pure translator: bytes of a platform in, normalised items out; one of our messages in, the
platform's request out. No database, no settings, no clock, no network of its own: what it needs is passed in,
so that a kind can be read, tested and replaced by itself.
"""

from __future__ import annotations

import enum
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

JsonObject = Mapping[str, Any]

UNKNOWN_TIME = datetime(2100, 1, 1, tzinfo=UTC)
"""Stands for a time that the platform did not give, or gave as nonsense. It lies in the future, where
readers of `Item.happened_at` fall back on the arrival anyway: `min(item.happened_at, received_at)`."""


def gettext_noop(msgid: str) -> str:
    """Marks an English text for the catalogs. Channels know no Django: whoever shows it translates."""
    return msgid


class Unparsable(ValueError):
    """The body carries a good signature but is not what the platform documents."""


# --- what comes in -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingAttachment:
    """One file, sticker, place or link of a message, as the platform names it. The URL is untrusted."""

    kind: str  # image | video | audio | file | sticker | location | link | card
    url: str = ""
    media_id: str = ""
    name: str = ""
    mime: str = ""
    size: int | None = None
    details: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing that a platform told us.

    account_id: the receiving account (page, destination, site), by which the tenant is found.
    event_id: the platform's own id of this event, "" where it gives none.
    happened_at: platform time, aware UTC; UNKNOWN_TIME where the platform gave none.
    raw: the platform's element, kept for replay and dispute.
    """

    account_id: str
    event_id: str
    happened_at: datetime
    raw: JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingMessage(Item):
    """A customer wrote. `address` is the customer's id inside the account's scope."""

    address: str
    external_id: str
    text: str = ""
    kind: str = "text"  # text | attachment | sticker | location | postback | referral | unsupported
    attachments: tuple[IncomingAttachment, ...] = ()
    reply_to: str = ""
    thread: str = ""  # group or room id; "" for a one-to-one chat
    postback: str = ""
    referral: JsonObject = field(default_factory=dict)
    reply_handle: str = ""  # LINE: the reply token
    sender_name: str = ""
    sender_language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageEcho(Item):
    """Something was sent as the account: by us (correlation set), or by somebody in the platform's inbox."""

    address: str
    external_id: str
    text: str = ""
    kind: str = "text"
    attachments: tuple[IncomingAttachment, ...] = ()
    correlation: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageEdited(Item):
    """The customer changed a message."""

    address: str
    external_id: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageUnsent(Item):
    """The customer took a message back: its content must go, a tombstone stays."""

    address: str
    external_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageReaction(Item):
    """The customer reacted to a message; an empty emoji takes the reaction back."""

    address: str
    external_id: str
    emoji: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryReport(Item):
    """How far our messages came: by their ids, or all sent up to `watermark`."""

    address: str
    status: str  # sent | delivered | read | failed
    external_ids: tuple[str, ...] = ()
    watermark: datetime | None = None
    error: DeliveryError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AudienceChange(Item):
    """The customer followed, blocked, opted in or out."""

    address: str
    change: str  # followed | unfollowed | opted_in | opted_out
    reply_handle: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownItem(Item):
    """An element of a kind we do not read yet: stored, never an error. `address` is "" where none is told."""

    name: str
    address: str = ""


# --- what goes out -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingMessage:
    """One message for the platform.

    correlation: our message id; comes back in echoes where the platform carries it.
    retry_key: a UUID that is the same on every try of this message.
    reply_handle: a reply token that was still usable when the attempt began, else "".
    outside_window: the free reply window is closed and a person chose to send all the same.
    """

    address: str
    text: str
    correlation: str
    retry_key: str
    reply_handle: str = ""
    outside_window: bool = False
    sender_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What a kind needs to know of the connected account to talk to its platform."""

    account_id: str
    base_url: str
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)
    settings: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformRequest:
    """One HTTP call to a platform."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    params: Mapping[str, str] = field(default_factory=dict, repr=False)
    json: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformResponse:
    """The platform's answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes


Transport = Callable[[PlatformRequest], PlatformResponse]
"""Makes the call. Raises DeliveryError: TEMPORARY when nothing was sent, UNKNOWN_OUTCOME when it may be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """The platform accepted the message under `external_id` ("" where it gives no id)."""

    external_id: str
    way: str = ""  # how it went where a platform knows several ways: "reply" | "push"


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What the platform tells about a customer; any part may be missing."""

    name: str = ""
    picture_url: str = ""
    language: str = ""


class ErrorKind(enum.StrEnum):
    """Why a message could not be delivered, the same words for every platform."""

    WINDOW_CLOSED = "window_closed"
    QUOTA_USED = "quota_used"
    RATE_LIMITED = "rate_limited"
    AUTH_EXPIRED = "auth_expired"
    PERMISSION = "permission"
    ACCOUNT_RESTRICTED = "account_restricted"
    RECIPIENT_GONE = "recipient_gone"
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

    @property
    def permanent(self) -> bool:
        return self.kind not in TRANSIENT_KINDS and self.kind is not ErrorKind.UNKNOWN_OUTCOME


class RetryProtection(enum.StrEnum):
    """What keeps a second try of an uncertain send from doubling the message."""

    KEY = "key"  # the platform refuses the second one by our key
    ECHO = "echo"  # the platform shows us what was sent, with our correlation
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a platform can do: a table instead of `if channel ==` in the rest of the house."""

    text_limit: int
    text_unit: str = "characters"  # characters | utf16 | bytes
    reply_window: timedelta | None = None  # free answers after the customer's last message; None = no limit
    human_window: timedelta | None = None  # longer, for a person typing
    reply_handle_life: timedelta | None = None
    reports_delivered: bool = False
    reports_read: bool = False
    customer_can_edit: bool = False
    customer_can_unsend: bool = False
    retry_protection: RetryProtection = RetryProtection.NONE
    has_profiles: bool = False


# --- the contract ------------------------------------------------------------------------------------------


class Channel(ABC):
    """One kind of platform. `label` is its name for people."""

    kind: ClassVar[str]
    label: ClassVar[StrOrPromise]
    default_base_url: ClassVar[str]
    capabilities: ClassVar[Capabilities]

    def challenge(self, query: Mapping[str, str], verify_token: str) -> str | None:
        """Answer the platform's GET handshake: the text to return, or None to refuse with 403."""
        return None

    @abstractmethod
    def verify(self, body: bytes, headers: Mapping[str, str], secrets: Sequence[str]) -> bool:
        """Whether one of `secrets` signed exactly these bytes. Lower-case header names. No secret: False."""

    @abstractmethod
    def parse(self, body: bytes) -> list[Item]:
        """Normalise one webhook. Unknown elements become UnknownItem. Raises Unparsable."""

    @abstractmethod
    def parse_element(self, account_id: str, raw: JsonObject) -> list[Item]:
        """Normalise one stored element (`Item.raw`) again, for a retry or a replay."""

    @abstractmethod
    def send(self, message: OutgoingMessage, account: Account, transport: Transport) -> Sent:
        """Hand the message to the platform. Raises DeliveryError."""

    def fetch_profile(self, address: str, account: Account, transport: Transport) -> Profile:
        """Ask the platform who the customer is. Raises DeliveryError; an empty profile is a valid answer."""
        return Profile()


def text_length(text: str, unit: str) -> int:
    """Length of `text` in a platform's unit: characters (code points), utf16 code units, or UTF-8 bytes."""
    if unit == "bytes":
        return len(text.encode())
    if unit == "utf16":
        return len(text.encode("utf-16-le")) // 2
    return len(text)
