"""Instagram: direct messages to a professional account, answers to its stories, and comments below its posts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit

from conversations.channels import graph, graph_accounts, graph_attachments, graph_events, graph_sending, wire
from conversations.channels.base import (
    Account,
    AccountCheck,
    Capabilities,
    Channel,
    Credential,
    FileLimit,
    Hook,
    PlatformRequest,
    PostFacts,
    Profile,
    Sent,
    Transport,
    gettext_noop,
)
from conversations.channels.cards import CardKind
from conversations.channels.errors import DeliveryError, ErrorKind
from conversations.channels.items import IncomingAttachment, Item, JsonObject
from conversations.channels.outgoing import OutgoingMessage

_PROFILE_FIELDS = "name,username,profile_pic"
_NO_PROFILE = frozenset({"100/2018218", "100/2018247", "230", "9010"})  # the last: Meta's own reviewers
_MEDIA = 25_000_000  # bytes; Meta says 25 MB, and 8 MB of a picture

_FACEBOOK = "facebook"
_NEEDED = frozenset({"messages"})
_COMMENTS = frozenset({"comments"})
_WARNINGS = {
    _NEEDED: gettext_noop("The account is not subscribed to messages: what customers write does not arrive."),
    _COMMENTS: gettext_noop("The account is not subscribed to comments: they do not arrive."),
}
_NO_SUBSCRIPTION = gettext_noop(
    "The linked Page is subscribed to nothing: what customers write does not arrive."
)


class Instagram(Channel):
    """A professional account through Meta's Graph API, by either log-in.

    With Instagram Login (the default) the token is the account's own and the host graph.instagram.com; with
    Facebook Login (setting `login`: "facebook") the token is the linked Page's and the host graph.facebook.com.
    """

    kind = "instagram"
    label = "Instagram"
    default_base_url = "https://graph.instagram.com"
    capabilities = Capabilities(
        text_limit=1000,
        text_unit="bytes",
        reply_window=timedelta(hours=24),
        human_window=timedelta(days=7),
        reports_read=True,
        customer_can_edit=True,
        customer_can_unsend=True,
        has_profiles=True,
        file_limits={
            "image": FileLimit(8_000_000, frozenset({"image/png", "image/jpeg", "image/gif"})),
            "audio": FileLimit(
                _MEDIA,
                frozenset({"audio/aac", "audio/mp4", "audio/m4a", "audio/x-m4a", "audio/wav", "audio/x-wav"}),
            ),
            "video": FileLimit(
                _MEDIA,
                frozenset({"video/mp4", "video/ogg", "video/x-msvideo", "video/quicktime", "video/webm"}),
            ),
            "file": FileLimit(_MEDIA, frozenset({"application/pdf"})),
        },
        native_cards=frozenset(CardKind) - {CardKind.RECEIPT},
        cards_per_message=10,
        quick_replies=graph_sending.MOST_QUICK_REPLIES,
        has_comments=True,
        takes_threads=True,
    )
    account_label = gettext_noop("Id of the Instagram account")
    secret_label = gettext_noop("App secret")
    credentials = (
        Credential(
            name="access_token",
            label=gettext_noop("Access token"),
            help_text=gettext_noop(
                "Of the Instagram account (Instagram Login), or of the linked Page (Facebook Login)."
            ),
        ),
        Credential(
            name="login",
            label=gettext_noop("Log-in"),
            is_secret=False,
            is_required=False,
            choices=(
                ("", gettext_noop("Instagram Login")),
                (_FACEBOOK, gettext_noop("Facebook Login: the token is a Page's")),
            ),
        ),
        *graph_accounts.SETTINGS,
    )

    def challenge(self, query: Mapping[str, str], verify_token: str) -> str | None:
        return graph.challenge(query, verify_token)

    def verify(self, hook: Hook, secrets: Sequence[str]) -> bool:
        return graph.verify(hook, secrets)

    def parse(self, body: bytes) -> list[Item]:
        """Some pages of Meta's documents call the object the linked Page's: its entries say whose they are."""
        return graph_events.parse(body, {"instagram", "page"})

    def parse_element(self, account_id: str, raw: JsonObject) -> list[Item]:
        return [graph_events.read(account_id, raw)]

    def send(self, message: OutgoingMessage, account: Account, transport: Transport) -> Sent:
        """POST /me/messages, or /{comment}/replies. A person outside the window uses the tag HUMAN_AGENT."""
        wire.require_sendable(message, self.capabilities)
        account = _hosted(account)
        comment_id = graph_sending.comment_answered(message)
        if comment_id:
            return _answer_comment(message, comment_id, account, transport)
        _require_address_of_files(message)
        content = graph_sending.body(message, self.capabilities, draws_receipts=False)
        is_late = message.outside_window and not graph_sending.is_private_answer(message)
        why = graph_sending.HUMAN_AGENT if is_late else {}
        return graph_sending.post(message, account, "me", {**content, **why}, transport)

    def take_thread(self, address: str, account: Account, transport: Transport) -> None:
        graph_sending.take_thread(_hosted(account), "me", address, transport)

    def fetch_profile(self, address: str, account: Account, transport: Transport) -> Profile:
        """GET /{IGSID}. A customer who gave no consent by writing first has an empty profile."""
        try:
            answer = graph_accounts.read(
                _hosted(account), address, fields=_PROFILE_FIELDS, transport=transport
            )
        except DeliveryError as error:
            if error.code in _NO_PROFILE or error.kind is ErrorKind.RECIPIENT_GONE:
                return Profile()
            raise
        return Profile(
            name=wire.text(answer, "name") or wire.text(answer, "username"),
            picture_url=wire.text(answer, "profile_pic"),
        )

    def file_request(
        self, attachment: IncomingAttachment, account: Account, transport: Transport
    ) -> PlatformRequest | None:
        return graph_attachments.file_request(attachment, account)

    def check(self, account: Account, transport: Transport) -> AccountCheck:
        """GET the account and /me/subscribed_apps. With Facebook Login the subscription is the linked Page's, to
        any field; which of Instagram's fields come is set for the whole app."""
        account = _hosted(account)
        found = graph_accounts.read(
            account, account.account_id, fields="id,username,name", transport=transport
        )
        name = wire.text(found, "username") or wire.text(found, "name")
        fields = graph_accounts.subscribed_fields(account, "me", transport)
        if _by_facebook(account):
            return AccountCheck(name=name, warnings=() if fields else (_NO_SUBSCRIPTION,))
        missing = tuple(text for wanted, text in _WARNINGS.items() if not wanted <= fields)
        return AccountCheck(name=name, warnings=missing)

    def fetch_post(self, post_id: str, account: Account, transport: Transport) -> PostFacts:
        """GET /{media}. Of a film, `media_url` is the film itself: its still is asked for too."""
        names = {"text": "caption", "picture_url": "media_url", "url": "permalink", "at": "timestamp"}
        return graph_accounts.post_facts(_hosted(account), post_id, names, transport, still="thumbnail_url")

    def hide_comment(self, comment_id: str, hidden: bool, account: Account, transport: Transport) -> None:
        """POST /{comment}?hide."""
        hide = {"hide": str(hidden).lower()}
        graph_sending.change_comment(_hosted(account), comment_id, hide, transport)


def _hosted(account: Account) -> Account:
    """The account with the host of its log-in."""
    if account.base_url:
        return account
    host = graph.DEFAULT_BASE_URL if _by_facebook(account) else Instagram.default_base_url
    return replace(account, base_url=host)


def _by_facebook(account: Account) -> bool:
    if account.settings.get("login") == _FACEBOOK:
        return True
    return urlsplit(account.base_url).hostname == urlsplit(graph.DEFAULT_BASE_URL).hostname


def _answer_comment(
    message: OutgoingMessage, comment_id: str, account: Account, transport: Transport
) -> Sent:
    graph_sending.require_words_only(message)
    if message.files:
        raise DeliveryError(ErrorKind.MEDIA, code="file_kind", detail="an answer below a comment is a text")
    return graph_sending.answer_comment(
        account,
        comment_id,
        "replies",
        text=wire.in_words(message, Instagram.capabilities),
        picture_url="",
        transport=transport,
    )


def _require_address_of_files(message: OutgoingMessage) -> None:
    """Instagram fetches files by itself, and takes none with the call."""
    if any(not file.url for file in message.files):
        raise DeliveryError(ErrorKind.MEDIA, code="no_address", detail="the file has no public address")
