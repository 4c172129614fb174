"""The only ways from an id to a conversation, a message or an inbox: what a member may not see does not exist."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import Http404

from conversations.models import Attachment, Conversation, Inbox, Message
from tenants.statements import Given, OneOf, Question
from tenants.workspace.access import Acting, Permission

_ALONE = Question(lambda: Conversation.objects.filter(id=Given("id")))
_INBOXES = Question(
    lambda: Conversation.objects.filter(OneOf("id", "ids", "uuid")).values_list("id", "inbox_id")
)
_WITH_ALL = Question(
    lambda: Conversation.objects.select_related("inbox", "contact", "identity", "assignee", "team").filter(
        id=Given("id")
    )
)


def visible_inboxes(member: Acting) -> QuerySet[Inbox]:
    """The inboxes a member sees: those for everybody, those of their teams, or all for supervisors and above."""
    if member.may(Permission.SEE_EVERY_INBOX):
        return Inbox.objects.all()
    for_all = Q(teams__isnull=True)
    own = for_all if member.agent is None else for_all | Q(teams__agents=member.agent)
    return Inbox.objects.filter(own).distinct()


def visible_inbox_ids(member: Acting) -> frozenset[UUID] | None:
    """The same as ids, for filters and sockets. None: every inbox."""
    if member.may(Permission.SEE_EVERY_INBOX):
        return None
    return frozenset(visible_inboxes(member).values_list("id", flat=True))


def visible_contacts(member: Acting) -> Q:
    """The contacts who are in a conversation that the member sees; every contact for supervisors and above."""
    visible = visible_inbox_ids(member)
    if visible is None:
        return Q()
    return Q(id__in=Conversation.objects.filter(inbox_id__in=visible).values("contact_id"))


def access_conversation(member: Acting, conversation_id: UUID, *, alone: bool = False) -> Conversation:
    """The conversation, with inbox, contact, identity, assignee and team. Raises Http404, also for a hidden one.

    alone: without them, for who only has to know that the member sees it, which costs a fraction.
    """
    row = (_ALONE if alone else _WITH_ALL).first(id=conversation_id)
    if row is None or not _sees(member, row.inbox_id):
        raise Http404
    return row


def see_conversations(asked: Sequence[tuple[Acting, UUID]]) -> list[bool]:
    """Whether each member sees that conversation: what access_conversation tells of one. One query, and one more for
    each member who does not see every inbox."""
    inbox_of = dict(_INBOXES.all(ids=list({conversation_id for _member, conversation_id in asked})))
    visible = {id(member): visible_inbox_ids(member) for member, _conversation_id in asked}
    return [
        conversation_id in inbox_of
        and ((of_member := visible[id(member)]) is None or inbox_of[conversation_id] in of_member)
        for member, conversation_id in asked
    ]


def access_message(member: Acting, message_id: UUID) -> Message:
    """The message, with its conversation. Raises Http404, also for a hidden one."""
    row = Message.objects.select_related("conversation", "inbox").filter(id=message_id).first()
    if row is None or not _sees(member, row.inbox_id):
        raise Http404
    return row


def access_attachment(member: Acting, attachment_id: UUID) -> Attachment:
    """The attachment of a message that the member sees, with its file. Raises Http404."""
    rows = Attachment.objects.select_related("file", "message__conversation")
    row = rows.filter(id=attachment_id).first()
    if row is None or not _sees(member, row.message.inbox_id):
        raise Http404
    return row


def access_inbox(member: Acting, inbox_id: UUID) -> Inbox:
    """The inbox. Raises Http404, also for a hidden one."""
    row = Inbox.objects.filter(id=inbox_id).first()
    if row is None or not _sees(member, row.id):
        raise Http404
    return row


def _sees(member: Acting, inbox_id: UUID) -> bool:
    visible = visible_inbox_ids(member)
    return visible is None or inbox_id in visible
