"""What somebody wants to write to a customer, and whether it may go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from contacts import consent
from conversations import contents, queries
from conversations.channels import email_heads, registry
from conversations.channels.base import Capabilities
from conversations.channels.cards import Card
from conversations.channels.email_heads import BadHead, MailHead
from conversations.channels.outgoing import PRIVATE, PUBLIC, QuickReply, Template
from conversations.contents import Content, ContentRefused
from conversations.files import uploads
from conversations.files.limits import FileRefused
from conversations.models import Conversation, Message
from conversations.window import ReplyWindow, WindowState, window_of
from tenants.workspace.events import Actor


class ReplyRefused(Exception):
    """The answer was not accepted, and nothing was written; `code` says why.

    Codes: those of contents.ContentRefused, files.limits.FileRefused and email_heads.BadHead (with their `limit`),
    no_mail_head (the channel knows neither subject nor copies), unreachable,
    no_consent (of advertising), inbox_closed, held_elsewhere (another app of the account owns the thread: no machine
    may answer), which_comment (an answer among comments names one), words_only, one_message_only (of answers to
    comments), window_closed, window_used_up (`limit`: how many messages it still takes), human_only (allowed to a
    person who asks for it: outside_window=True), conversation_moved (with `newest`: what was written meanwhile),
    unknown_agent, another_is_open (an answer reopens, and the customer has a newer open one), gone, not_failed.
    """

    def __init__(self, code: str, *, limit: int | None = None, newest: Sequence[queries.Row] = ()) -> None:
        super().__init__(code)
        self.code = code
        self.limit = limit
        self.newest = newest


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """An answer that somebody wants to give. The same `client_id` again gives the same message.

    seen_number: number of the newest message that the writer has seen; None: the writer does not look
    (integrators).
    outside_window: a person chose to answer after the free window, where the platform has a longer one for
    people.
    files: uploads of the writer's. template: may go after the window, with `text` as the customer reads it.
    to: the comment that is answered, as OutgoingMessage.to, which no window closes; until: when the platform stops
    to take that. mail: of e-mail, its subject and who gets a copy; None: the thread's subject, and nobody.
    """

    conversation_id: UUID
    text: str
    by: Actor
    client_id: UUID
    seen_number: int | None
    outside_window: bool = False
    files: Sequence[UUID] = ()
    cards: Sequence[Card] = ()
    quick_replies: Sequence[QuickReply] = ()
    template: Template | None = None
    to: str = ""
    until: datetime | None = None
    mail: MailHead | None = None

    @property
    def needs_window(self) -> bool:
        return self.template is None and not self.to


def accept(wish: Wish, conversation: Conversation, *, now: datetime) -> tuple[list[Content], bool]:
    """The messages that a wish falls into, and whether they go in the time that only people have.

    conversation: locked, with inbox and identity. Where the platform counts, the messages are noted in the window that
    takes them; the caller saves. Raises ReplyRefused.
    """
    capabilities = registry.open(conversation.inbox.channel).capabilities
    parts = _parts(wish, capabilities)
    if wish.mail is not None:
        head = _mail_head(wish.mail, conversation, capabilities)
        parts = [replace(part, mail=head) for part in parts]
    require_way(conversation)
    if wish.template is not None and wish.template.is_marketing:
        _require_consent(conversation)
    if conversation.held_elsewhere_at is not None and wish.by.agent_id is None:
        raise ReplyRefused("held_elsewhere")
    _require_comment(conversation, parts)
    human_only = False
    if wish.needs_window:
        window = take_window(
            conversation, capabilities, len(parts), by=wish.by, outside_window=wish.outside_window, now=now
        )
        human_only = window.state is WindowState.HUMAN_ONLY
        parts = [replace(part, in_brief_window=window.is_brief) for part in parts]
    _require_unmoved(conversation, by=wish.by, seen_number=wish.seen_number)
    return parts, human_only


def require_way(conversation: Conversation) -> None:
    """Refuse what cannot be sent to anybody. Raises ReplyRefused."""
    if not conversation.inbox.is_active:
        raise ReplyRefused("inbox_closed")
    if not conversation.thread and not conversation.identity.is_reachable:
        raise ReplyRefused("unreachable")


def take_window(
    conversation: Conversation,
    capabilities: Capabilities,
    messages: int,
    *,
    by: Actor,
    outside_window: bool,
    now: datetime,
) -> ReplyWindow:
    """The window that takes so many messages. Where the platform counts, they are noted in it; the caller saves, and
    `settling.fail` gives back what the platform did not take. Raises ReplyRefused."""
    window = window_of(capabilities, conversation, now)
    if window.state is WindowState.CLOSED:
        raise ReplyRefused("window_closed")
    if window.left is not None:
        if window.left < messages:
            raise ReplyRefused("window_used_up", limit=window.left)
        counter = "sent_in_brief_window" if window.is_brief else "sent_in_window"
        setattr(conversation, counter, getattr(conversation, counter) + messages)
    if window.state is WindowState.HUMAN_ONLY and (by.agent_id is None or not outside_window):
        raise ReplyRefused("human_only")
    return window


def _parts(wish: Wish, capabilities: Capabilities) -> list[Content]:
    content = Content(
        text=wish.text,
        cards=tuple(wish.cards),
        quick_replies=tuple(wish.quick_replies),
        template=wish.template,
    )
    try:
        if wish.files:
            content = replace(content, files=tuple(uploads.find(wish.files, by=wish.by)))
        parts = contents.parts_of(content, capabilities)
    except (ContentRefused, FileRefused) as refusal:
        raise ReplyRefused(refusal.code, limit=refusal.limit) from None
    return [replace(part, to=wish.to, until=wish.until) for part in parts] if wish.to else parts


def _mail_head(given: MailHead, conversation: Conversation, capabilities: Capabilities) -> MailHead:
    if not capabilities.has_subject:
        raise ReplyRefused("no_mail_head")
    try:
        return email_heads.checked(given, to=conversation.identity.address)
    except BadHead as refusal:
        raise ReplyRefused(refusal.code, limit=refusal.limit) from None


def _require_consent(conversation: Conversation) -> None:
    """Advertising needs a customer who has not forbidden it; that they once allowed it, the platform asks of us."""
    if consent.is_withdrawn(conversation.contact_id, conversation.inbox.channel, consent.Purpose.MARKETING):
        raise ReplyRefused("no_consent")


def _require_comment(conversation: Conversation, parts: Sequence[Content]) -> None:
    """Among comments every answer says which one it answers: in public in words or pictures, in private once."""
    to = parts[0].to
    if bool(to) != (conversation.kind == Conversation.Kind.COMMENTS):
        raise ReplyRefused("which_comment")
    if not to:
        return
    if any(part.cards or part.quick_replies or part.template for part in parts):
        raise ReplyRefused("words_only")
    if to.startswith(PRIVATE) and len(parts) > 1:
        raise ReplyRefused("one_message_only")
    if to.startswith(PUBLIC) and any(kind != "image" for part in parts for kind in part.kinds):
        raise ReplyRefused("file_kind")


def _require_unmoved(conversation: Conversation, *, by: Actor, seen_number: int | None) -> None:
    if seen_number is None or conversation.message_count <= seen_number:
        return
    rows = queries.messages_after(conversation.id, seen_number)
    unseen = [row for row in rows if _is_by_another(row, by)]
    if unseen:
        raise ReplyRefused("conversation_moved", newest=unseen)


def _is_by_another(row: queries.Row, by: Actor) -> bool:
    """Whether the customer or a colleague wrote it. What bots say does not stop a person."""
    if row["author_kind"] == Message.Author.AGENT:
        return bool(row["agent_id"] != by.agent_id)
    return bool(row["author_kind"] != Message.Author.BOT)
