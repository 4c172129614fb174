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
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import quote

from conversations.channels.errors import DeliveryError, ErrorKind
from conversations.channels.items import IncomingAttachment, Item, JsonObject
from conversations.channels.outgoing import OutgoingMessage
from conversations.channels.templates import PlatformTemplate

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


def gettext_noop(msgid: str) -> str:
    """Marks an English text for the catalogs. Channels know no Django: whoever shows it translates."""
    return msgid


class Unparsable(ValueError):
    """The body carries a good signature but is not what the platform documents."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """One call of a webhook as it arrived. headers: lower-case names. url: the public address that was called,
    with its query; query: the same, read. arrived_at: Unix time, 0 where nobody looked."""

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    url: str = field(default="", repr=False)
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    arrived_at: float = 0.0


# --- what goes out -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What a kind needs to know of the connected account to talk to its platform."""

    account_id: str
    base_url: str
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)
    settings: JsonObject = field(default_factory=dict)
    hook_url: str = field(
        default="", repr=False
    )  # where its hooks are to go; told to `check`, and to who wants it
    hook_secret: str = field(default="", repr=False)  # what signs them; told to `check` only


@dataclass(frozen=True, slots=True)
class FormFile:
    """A file of a multipart form."""

    part: str
    name: str
    mime: str
    content: bytes = field(repr=False)


SECRET_MARK = "{secret}"  # noqa: S105 -- what stands in its place


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformRequest:
    """One call to a platform; its body is one of json, form (with files: multipart) and content.

    url: may be logged and shown, so a platform that wants its token in the address has SECRET_MARK there, and
    the token in `secret`; `address` is what is called.
    For e-mail the method is SEND (or LOGIN, to try the log-in alone), the url smtp://host:port or
    smtps://host:port, the content the whole mail, and the params its envelope and log-in: sender, recipients
    (with commas), username, password or access_token. The answer's status is the server's reply code, its body the
    reply, and its header "stage" says at what it was given: connect, hello, login, sender, recipient, data.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    params: Mapping[str, str] = field(default_factory=dict, repr=False)
    json: Any = None
    form: Mapping[str, str] | None = field(default=None, repr=False)
    files: tuple[FormFile, ...] = ()
    content: bytes | None = field(default=None, repr=False)
    secret: str = field(default="", repr=False)

    @property
    def address(self) -> str:
        """The url with the secret in its place: for the call alone, never for a log."""
        return self.url.replace(SECRET_MARK, quote(self.secret, safe=":")) if self.secret else self.url


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
    address: str = ""  # whom it reached, where only the platform knew: a private answer to a comment


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What the platform tells about a customer; any part may be missing."""

    name: str = ""
    picture_url: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostFacts:
    """What the platform tells about a post that people comment on; any part may be missing."""

    text: str = ""
    picture_url: str = ""
    url: str = ""
    published_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class FileLimit:
    """What a platform takes of one kind of file. mimes: empty for any."""

    most_bytes: int
    mimes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """One thing that the set-up page asks for. Held sealed in the account's credentials; what is no secret
    (`is_secret` False) stands in its settings.

    choices: values with their labels, the first of them what holds when nothing is chosen; none: any text.
    pattern: what a text has to match as a whole; "" for anything.
    """

    name: str
    label: str
    help_text: str = ""
    is_secret: bool = True
    is_required: bool = True
    choices: tuple[tuple[str, str], ...] = ()
    pattern: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountCheck:
    """What the platform says of the connected account. name: as people know it; warnings: texts for people,
    each marked with gettext_noop; figures: numbers to keep (quota, quota_used, …)."""

    name: str = ""
    warnings: tuple[str, ...] = ()
    figures: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A token that a platform lends for a while."""

    value: str = field(repr=False)
    seconds: int


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
    counts_segments: bool = False  # a text costs by its parts: sms_segments
    reply_window: timedelta | None = None  # free answers after the customer's last message; None = no limit
    human_window: timedelta | None = None  # longer, for a person typing
    reply_handle_life: timedelta | None = None
    reports_delivered: bool = False
    reports_read: bool = False
    customer_can_edit: bool = False
    customer_can_unsend: bool = False
    retry_protection: RetryProtection = RetryProtection.NONE
    has_profiles: bool = False
    window_messages: int | None = None  # how many of our messages one window takes; None = any number
    brief_window: timedelta | None = None  # free answers after a follow, a scanned code, a tapped menu
    brief_window_messages: int | None = None  # how many of our messages that one takes
    file_limits: Mapping[str, FileLimit] = field(default_factory=dict)  # image | video | audio | file
    files_per_message: int = 1
    text_with_files: bool = False  # a text may stand in the same message as a file
    native_cards: frozenset[str] = frozenset()  # kinds of cards that are drawn; the others go out as text
    cards_per_message: int = 1
    quick_replies: int = 0  # most of one message
    takes_templates: bool = False  # may be sent outside of the window
    has_subject: bool = False
    has_comments: bool = False  # public comments come in, and are answered and hidden
    takes_threads: bool = False  # a thread that another app of the account owns can be taken over


# --- the contract ------------------------------------------------------------------------------------------


class Channel(ABC):
    """One kind of platform. `label` is its name for people."""

    kind: ClassVar[str]
    label: ClassVar[StrOrPromise]
    default_base_url: ClassVar[str]
    capabilities: ClassVar[Capabilities]
    credentials: ClassVar[tuple[Credential, ...]] = ()  # what the set-up page asks for
    account_label: ClassVar[str] = ""  # what the account's id is called there; "" when it is made by us
    secret_label: ClassVar[str] = ""  # what the signing secret is called there; "" when there is none
    wants_hook_address: ClassVar[bool] = (
        False  # what is sent names the address for its reports: `Account.hook_url`
    )
    handshake_by_secret: ClassVar[bool] = (
        False  # `challenge` is given the signing secret: there is no other text
    )
    most_bytes: ClassVar[int] = (
        0  # largest body of a webhook, where it is not the usual one (`wire.MAX_BYTES`)
    )
    encloses_files: ClassVar[bool] = False  # files come inside the webhook's own body: `enclosed_file`
    acknowledgement: ClassVar[tuple[bytes, bytes]] = (b"{}", b"application/json")
    """Body and content type of the answer to a webhook that was taken."""

    def challenge(self, query: Mapping[str, str], verify_token: str) -> str | None:
        """Answer the platform's GET handshake: the text to return, or None to refuse with 403."""
        return None

    @abstractmethod
    def verify(self, hook: Hook, secrets: Sequence[str]) -> bool:
        """Whether one of `secrets` signed exactly this call. No secret: False."""

    def unwrap(self, hook: Hook, secrets: Sequence[str]) -> bytes:
        """The body as `parse` reads it: where a platform encrypts, opened with one of `secrets`. Raises
        Unparsable."""
        return hook.body

    def acknowledge(self, body: bytes) -> tuple[bytes, bytes]:
        """Body and content type of the answer to this very webhook, read by `unwrap` and stored by now."""
        return self.acknowledgement

    @abstractmethod
    def parse(self, body: bytes) -> list[Item]:
        """Normalise one webhook. Unknown elements become UnknownItem. Raises Unparsable."""

    @abstractmethod
    def parse_element(self, account_id: str, raw: JsonObject) -> list[Item]:
        """Normalise one stored element (`Item.raw`) again, for a retry or a replay."""

    @abstractmethod
    def send(self, message: OutgoingMessage, account: Account, transport: Transport) -> Sent:
        """Hand the message to the platform. Raises DeliveryError."""

    def borrows_token(self, account: Account) -> bool:
        """Whether the account talks to its platform with a token from `lend_token`."""
        return type(self).lend_token is not Channel.lend_token

    def lend_token(self, account: Account, transport: Transport, *, refused: str = "") -> AccessToken | None:
        """Ask for an access token of limited life, where the platform takes no other. None: the credentials are
        good as they are. refused: the token that the platform has just called dead. Raises DeliveryError."""
        return None

    def fetch_profile(self, address: str, account: Account, transport: Transport) -> Profile:
        """Ask the platform who the customer is. Raises DeliveryError; an empty profile is a valid answer."""
        return Profile()

    def fetch_member(self, group: str, member: str, account: Account, transport: Transport) -> Profile:
        """Ask the platform who a member of a group is, where messages name members by their id alone. Raises
        DeliveryError; an empty profile is a valid answer."""
        return Profile()

    def file_request(
        self, attachment: IncomingAttachment, account: Account, transport: Transport
    ) -> PlatformRequest | None:
        """The call that gives the bytes of what came with a message; None when there is nothing to fetch.

        transport: for platforms that tell the address only when asked. Raises DeliveryError.
        """
        return PlatformRequest(method="GET", url=attachment.url) if attachment.url else None

    def enclosed_file(self, attachment: IncomingAttachment, body: bytes) -> FormFile | None:
        """The file that came inside the stored body of its webhook (e-mail). None: ask `file_request`."""
        return None

    def takes_secret(self, secret: str) -> bool:
        """Whether the platform, or its signatures, can work with this signing secret."""
        return True

    def check(self, account: Account, transport: Transport) -> AccountCheck:
        """Ask the platform whether the account works as connected. Raises DeliveryError."""
        return AccountCheck()

    def fetch_templates(self, account: Account, transport: Transport) -> list[PlatformTemplate] | None:
        """The account's templates as the platform lists them; None where it has none, or cannot be asked. Raises
        DeliveryError."""
        return None

    def fetch_post(self, post_id: str, account: Account, transport: Transport) -> PostFacts:
        """Ask the platform what stands in a post. Raises DeliveryError; nothing told is a valid answer."""
        return PostFacts()

    def hide_comment(self, comment_id: str, hidden: bool, account: Account, transport: Transport) -> None:
        """Hide a public comment from everybody but its author, or show it again. Raises DeliveryError."""
        raise DeliveryError(ErrorKind.BAD_REQUEST, code="no_comments", detail="there are no comments here")

    def take_thread(self, address: str, account: Account, transport: Transport) -> None:
        """Take the thread with a customer over from the app of the account that owns it. Raises DeliveryError."""
        raise DeliveryError(ErrorKind.BAD_REQUEST, code="no_owners", detail="threads have no owner here")


def text_length(text: str, unit: str) -> int:
    """Length of `text` in a platform's unit: characters (code points), utf16 code units, or UTF-8 bytes."""
    if unit == "bytes":
        return len(text.encode())
    if unit == "utf16":
        return len(text.encode("utf-16-le")) // 2
    return len(text)
