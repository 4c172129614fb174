"""Messages, conversations and contacts that a wish is met by: newest first, in pages, and only what may be seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import F, Q

from contacts.models import Contact
from contacts.queries import Position
from contacts.search import finding, marking, rows
from contacts.search.finding import Sought
from contacts.search.marking import Excerpt
from conversations import gates, queries
from conversations.models import Attachment, Conversation, Message
from conversations.queries import Row
from conversations.search.models import MessageTerms
from conversations.search.rows import inbox_term
from conversations.search.wish import Wish
from tenants.workspace.access import Acting

MOST_PEOPLE = 500  # whose conversations are listed, of those with the words: the newest
MOST_INBOXES_NAMED = 20
LINES_SHOWN = 2
_HIT_FIELDS = {
    "id": "id",
    "conversation_id": "conversation_id",
    "number": "number",
    "direction": "direction",
    "text": "text",
    "subject": "details__subject",
    "author_kind": "author_kind",
    "agent_name": "agent__name",
    "sent_at": "sent_at",
    "conversation_status": "conversation__status",
    "contact_id": "conversation__contact_id",
    "contact_name": "conversation__contact__name",
    "inbox_id": "inbox_id",
    "inbox_name": "inbox__name",
    "channel": "inbox__channel",
}


@dataclass(frozen=True, slots=True)
class Page:
    """rows: newest first. next: where the next page begins, None at the end."""

    rows: list[Row]
    next: Position | None


def messages(wish: Wish, *, after: Position | None = None, limit: int) -> Page:
    """What was said with all the words. At most eight queries; none without a word."""
    if not wish.box.needles or wish.inbox_ids == frozenset():
        return Page([], None)
    walked = MessageTerms.objects.all()
    if after is not None:
        walked = walked.filter(after.beyond("sent_at", "message_id"))
    if wish.since is not None:
        walked = walked.filter(sent_at__gte=wish.since)
    if wish.until is not None:
        walked = walked.filter(sent_at__lt=wish.until)
    found = finding.newest(
        walked, _sought(wish), only=_only(wish), order=("sent_at", "message_id"), limit=limit + 1
    )
    page = found[:limit]
    last = Position(*page[-1]) if len(found) > limit else None
    return Page(_hits([message_id for _at, message_id in page], wish), last)


def conversations(wish: Wish, *, member: Acting, after: Position | None = None, limit: int) -> Page:
    """The conversations that the operators mean; with words, those of customers who have them. At most five queries."""
    if wish.box.is_empty or wish.inbox_ids == frozenset():
        return Page([], None)
    condition = wish.conversations & wish.active
    if wish.box.needles:
        seen = gates.visible_contacts(member) & wish.contact
        people = finding.contacts(Sought(wish.box.needles), only=seen, limit=MOST_PEOPLE)
        condition &= Q(contact_id__in=people)
    found = queries.conversations(condition, inbox_ids=wish.inbox_ids, after=after, limit=limit + 1)
    page = found[:limit]
    last = Position(page[-1]["last_activity_at"], page[-1]["id"]) if len(found) > limit else None
    return Page(page, last)


def contacts(wish: Wish, *, member: Acting, after: UUID | None = None, limit: int) -> Page:
    """The contacts that have the words and whom the operators mean. At most eleven queries."""
    if wish.box.is_empty or wish.inbox_ids == frozenset():
        return Page([], None)
    only = gates.visible_contacts(member) & wish.contact
    if wish.narrows_conversations or wish.box.values("channel"):
        talks = Conversation.objects.filter(wish.conversations, wish.active)
        only &= Q(id__in=talks.values("contact_id"))
    found = finding.contacts(Sought(wish.box.needles), only=only, after=after, limit=limit + 1)
    page = _people(found[:limit], wish)
    last = Position(page[-1]["created_at"], page[-1]["id"]) if len(found) > limit and page else None
    return Page(page, last)


def _sought(wish: Wish) -> Sought:
    ids = wish.inbox_ids
    named = () if ids is None or len(ids) > MOST_INBOXES_NAMED else tuple(map(inbox_term, sorted(ids)))
    return Sought(wish.box.needles, within=named)


def _only(wish: Wish) -> Q:
    condition = Q()
    if wish.inbox_ids is not None:
        condition &= Q(inbox_id__in=wish.inbox_ids)
    if wish.contact or wish.conversation:
        condition &= Q(conversation__in=Conversation.objects.filter(wish.conversations))
    return condition


def _hits(message_ids: Sequence[UUID], wish: Wish) -> list[Row]:
    """The rows of the hits; what was taken back a moment ago is left out. Two queries."""
    fields = {alias: F(path) for alias, path in _HIT_FIELDS.items() if alias != path}
    same = [alias for alias, path in _HIT_FIELDS.items() if alias == path]
    found = Message.objects.filter(id__in=message_ids, unsent_at__isnull=True).values(*same, **fields)
    by_id = {row["id"]: dict(row) for row in found}
    names = Attachment.objects.filter(message_id__in=by_id).exclude(name="").order_by("position")
    for message_id, name in names.values_list("message_id", "name"):
        by_id[message_id].setdefault("file_names", []).append(name)
    for row in by_id.values():
        _show(row, wish)
    return [by_id[message_id] for message_id in message_ids if message_id in by_id]


def _show(row: Row, wish: Wish) -> None:
    """Put the part of what was said into a row that shows why it was found."""
    subject = row.pop("subject") or ""
    said = [row.pop("text"), subject, *row.pop("file_names", ())]
    speaking = [words for words in said if words and marking.holds(words, wish.box.needles)]
    shown = marking.excerpt(" · ".join(speaking or filter(None, said)), wish.box.needles)
    row |= {"excerpt": shown.text, "marks": shown.marks, "pieces": list(shown.pieces())}


def _people(contact_ids: Sequence[UUID], wish: Wish) -> list[Row]:
    """The rows of contacts, with the lines that show why they were found. Six queries."""
    fields = ("id", "name", "honorific", "company", "picture_url", "language", "created_at", "last_seen_at")
    by_id = {row["id"]: dict(row) for row in Contact.objects.filter(id__in=contact_ids).values(*fields)}
    for contact_id, (_name, *lines) in rows.known_of(by_id).items():
        telling = [line for line in lines if line and marking.holds(line, wish.box.needles)]
        shown = [marking.excerpt(line, wish.box.needles) for line in dict.fromkeys(telling)][:LINES_SHOWN]
        by_id[contact_id]["lines"] = [_line(one) for one in shown]
    for row in by_id.values():
        row.setdefault("lines", [])
        row["name_pieces"] = list(marking.excerpt(row["name"], wish.box.needles).pieces())
    return [by_id[contact_id] for contact_id in contact_ids if contact_id in by_id]


def _line(shown: Excerpt) -> dict[str, Any]:
    return {"excerpt": shown.text, "marks": shown.marks, "pieces": list(shown.pieces())}
