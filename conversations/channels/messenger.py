"""Facebook Messenger: the inbox of a page, and the public comments below its posts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from conversations.channels import (
    graph,
    graph_accounts,
    graph_attachments,
    graph_events,
    graph_personas,
    graph_sending,
    wire,
)
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
    RetryProtection,
    Sent,
    Transport,
    gettext_noop,
)
from conversations.channels.cards import CardKind
from conversations.channels.errors import DeliveryError, ErrorKind
from conversations.channels.items import IncomingAttachment, Item, JsonObject
from conversations.channels.names import full_name
from conversations.channels.outgoing import OutgoingMessage

_PROFILE_FIELDS = "first_name,last_name,name,profile_pic"
_NO_PROFILE = frozenset({"100/2018218", "100/2018247", "230"})  # none, no permission, no consent

_MEDIA = 25_000_000  # bytes; Meta says 25 MB, and 8 MB of a picture

_NEEDED = frozenset({"messages", "messaging_postbacks"})
_USEFUL = frozenset(
    {"message_deliveries", "message_reads", "message_echoes", "message_reactions", "message_edits"}
)
_COMMENTS = frozenset({"feed"})
_WARNINGS = {
    _NEEDED: gettext_noop(
        "The Page is not subscribed to messages and messaging_postbacks: what customers write does not arrive."
    ),
    _USEFUL: gettext_noop(
        "The Page is not subscribed to all of message_deliveries, message_reads, message_echoes, "
        "message_reactions and message_edits: some of what happens in the threads does not arrive."
    ),
    _COMMENTS: gettext_noop("The Page is not subscribed to feed: comments below its posts do not arrive."),
}
_OTHER_PAGE = gettext_noop("The access token belongs to another Page.")


class Messenger(Channel):
    """A page's Messenger inbox through Meta's Graph API."""

    kind = "messenger"
    label = "Messenger"
    default_base_url = graph.DEFAULT_BASE_URL
    capabilities = Capabilities(
        text_limit=2000,
        reply_window=timedelta(hours=24),
        human_window=timedelta(days=7),
        reports_delivered=True,
        reports_read=True,
        customer_can_edit=True,
        customer_can_unsend=True,
        retry_protection=RetryProtection.ECHO,
        has_profiles=True,
        file_limits={
            "image": FileLimit(8_000_000),
            "video": FileLimit(_MEDIA),
            "audio": FileLimit(_MEDIA),
            "file": FileLimit(_MEDIA),
        },
        native_cards=frozenset(CardKind),
        cards_per_message=10,
        quick_replies=graph_sending.MOST_QUICK_REPLIES,
        has_comments=True,
        takes_threads=True,
    )
    account_label = gettext_noop("Page id")
    secret_label = gettext_noop("App secret")
    credentials = (
        Credential(
            name="access_token",
            label=gettext_noop("Page access token"),
            help_text=gettext_noop("With the permissions pages_messaging and pages_manage_metadata."),
        ),
        *graph_personas.SETTINGS,
        *graph_accounts.SETTINGS,
    )

    def challenge(self, query: Mapping[str, str], verify_token: str) -> str | None:
        return graph.challenge(query, verify_token)

    def verify(self, hook: Hook, secrets: Sequence[str]) -> bool:
        return graph.verify(hook, secrets)

    def parse(self, body: bytes) -> list[Item]:
        return graph_events.parse(body, {"page"})

    def parse_element(self, account_id: str, raw: JsonObject) -> list[Item]:
        return [graph_events.read(account_id, raw)]

    def send(self, message: OutgoingMessage, account: Account, transport: Transport) -> Sent:
        """POST /{page}/messages, or /{comment}/comments. A person outside the window uses the tag HUMAN_AGENT."""
        wire.require_sendable(message, self.capabilities)
        comment_id = graph_sending.comment_answered(message)
        if comment_id:
            return _answer_comment(message, comment_id, account, transport)
        content = graph_sending.body(message, self.capabilities, draws_receipts=True)
        content["message"]["metadata"] = message.correlation
        is_late = message.outside_window and not graph_sending.is_private_answer(message)
        why = graph_sending.HUMAN_AGENT if is_late else {"messaging_type": "RESPONSE"}
        content = {**content, **why}
        if graph_sending.is_private_answer(message):
            return graph_sending.post(message, account, account.account_id, content, transport)
        return _post_in_a_name(message, account, content, transport)

    def take_thread(self, address: str, account: Account, transport: Transport) -> None:
        graph_sending.take_thread(account, account.account_id, address, transport)

    def fetch_profile(self, address: str, account: Account, transport: Transport) -> Profile:
        """GET /{PSID}. A customer without a profile, or without consent to read it, is an empty one."""
        try:
            answer = graph_accounts.read(account, address, fields=_PROFILE_FIELDS, transport=transport)
        except DeliveryError as error:
            if error.code in _NO_PROFILE or error.kind is ErrorKind.RECIPIENT_GONE:
                return Profile()
            raise
        first, last = wire.text(answer, "first_name"), wire.text(answer, "last_name")
        return Profile(
            name=full_name(first, last) or wire.text(answer, "name"),
            picture_url=wire.text(answer, "profile_pic"),
        )

    def file_request(
        self, attachment: IncomingAttachment, account: Account, transport: Transport
    ) -> PlatformRequest | None:
        return graph_attachments.file_request(attachment, account)

    def check(self, account: Account, transport: Transport) -> AccountCheck:
        """GET /me and /{page}/subscribed_apps: Meta drops a subscription without a word."""
        page = graph_accounts.read(account, "me", fields="id,name", transport=transport)
        name = wire.text(page, "name")
        if wire.identifier(page, "id") != account.account_id:
            return AccountCheck(name=name, warnings=(_OTHER_PAGE,))
        fields = graph_accounts.subscribed_fields(account, account.account_id, transport)
        missing = tuple(text for wanted, text in _WARNINGS.items() if not wanted <= fields)
        return AccountCheck(name=name, warnings=missing)

    def fetch_post(self, post_id: str, account: Account, transport: Transport) -> PostFacts:
        """GET /{post}."""
        names = {
            "text": "message",
            "picture_url": "full_picture",
            "url": "permalink_url",
            "at": "created_time",
        }
        return graph_accounts.post_facts(account, post_id, names, transport)

    def hide_comment(self, comment_id: str, hidden: bool, account: Account, transport: Transport) -> None:
        """POST /{comment}?is_hidden."""
        graph_sending.change_comment(account, comment_id, {"is_hidden": str(hidden).lower()}, transport)


def _post_in_a_name(
    message: OutgoingMessage, account: Account, content: dict[str, Any], transport: Transport
) -> Sent:
    """As the agent's persona; in the Page's own name where Meta does not know it any more."""
    persona = graph_personas.persona_of(message.sender_name, account, transport)
    if persona:
        try:
            named = {**content, "persona_id": persona}
            return graph_sending.post(message, account, account.account_id, named, transport)
        except DeliveryError as error:
            if error.kind is not ErrorKind.BAD_REQUEST or "persona" not in error.detail.lower():
                raise
            graph_personas.forget(message.sender_name, account)
    return graph_sending.post(message, account, account.account_id, content, transport)


def _answer_comment(
    message: OutgoingMessage, comment_id: str, account: Account, transport: Transport
) -> Sent:
    graph_sending.require_words_only(message)
    return graph_sending.answer_comment(
        account,
        comment_id,
        "comments",
        text=wire.in_words(message, Messenger.capabilities),
        picture_url=message.files[0].url if message.files else "",
        transport=transport,
    )
