"""Search: the desk's box for integrators."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.utils import translation
from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.models import AccessEntry
from contacts.privacy import access_log
from contacts.queries import Position
from conversations.api import rows
from conversations.channels import registry
from conversations.models import Conversation, Message
from conversations.search import box, finding, wish, words
from conversations.search.box import LONGEST, Refused
from conversations.search.finding import Page
from conversations.search.wish import Wish
from tenants.workspace.access import Permission
from tenants.workspace.problems import invalid
from tenants.workspace.rest import BrandView, PageQuery, limit_of

KINDS = ("messages", "conversations", "contacts")
_FOR_TEMPLATES = frozenset({"pieces", "name_pieces"})


class SearchQuery(PageQuery):
    q = serializers.CharField(
        max_length=LONGEST,
        help_text='Words, "phrases", and label: assignee: channel: in: is: after: before: – as in the desk.',
    )
    kind = serializers.ChoiceField(KINDS, default="messages")


class _Excerpt(serializers.Serializer):
    excerpt = serializers.CharField(help_text="The part that shows why it was found.")
    marks = serializers.ListField(
        child=serializers.ListField(child=serializers.IntegerField()),
        help_text="Where in it the words begin and end, in code points.",
    )


class MessageHit(_Excerpt):
    id = serializers.UUIDField()
    conversation_id = serializers.UUIDField()
    conversation_status = serializers.ChoiceField(Conversation.Status.choices)
    number = serializers.IntegerField()
    direction = serializers.ChoiceField(Message.Direction.choices)
    author_kind = serializers.ChoiceField(Message.Author.choices)
    agent_name = serializers.CharField(allow_null=True)
    sent_at = serializers.DateTimeField()
    contact_id = serializers.UUIDField()
    contact_name = serializers.CharField()
    inbox_id = serializers.UUIDField()
    inbox_name = serializers.CharField()
    channel = serializers.ChoiceField(tuple(registry.KINDS))


class ContactLine(_Excerpt):
    """A line of what is known of a contact."""


class ContactHit(serializers.Serializer):
    id = serializers.UUIDField()
    name = serializers.CharField()
    honorific = serializers.CharField()
    company = serializers.CharField()
    picture_url = serializers.CharField()
    language = serializers.CharField()
    created_at = serializers.DateTimeField()
    last_seen_at = serializers.DateTimeField(allow_null=True)
    lines = ContactLine(many=True)


class MessageHitPage(serializers.Serializer):
    results = MessageHit(many=True)
    next = serializers.CharField(allow_null=True)


class ContactHitPage(serializers.Serializer):
    results = ContactHit(many=True)
    next = serializers.CharField(allow_null=True)


class Search(BrandView):
    """What was said, or who, newest first; only what the caller may see. Days begin in the brand's time zone."""

    permission = Permission.READ_CONVERSATIONS

    @extend_schema(
        operation_id="search",
        parameters=[SearchQuery],
        responses=PolymorphicProxySerializer(
            component_name="SearchPage",
            serializers=[MessageHitPage, rows.ConversationPage, ContactHitPage],
            resource_type_field_name=None,
        ),
    )
    def get(self, request: Request) -> Response:
        asked = self.query(SearchQuery)
        if asked["kind"] == "contacts" and not self.caller.may(Permission.READ_CONTACTS):
            raise PermissionDenied
        found = self._found(asked, self._wish(asked["q"]))
        access_log.note(self.caller, AccessEntry.Act.SEARCHED, "search")
        position = None if found.next is None else [found.next.at, found.next.id]
        return self.page([_plain(row) for row in found.rows], position)

    def _wish(self, text: str) -> Wish:
        try:
            return wish.understand(box.read(text), self.caller, self.tenant.zone)
        except Refused as refused:
            with translation.override("en"):
                raise invalid("q", refused.code, words.told(refused)) from None

    def _found(self, asked: Mapping[str, Any], meant: Wish) -> Page:
        limit, after = limit_of(asked), self._after(asked.get("cursor"))
        match asked["kind"]:
            case "conversations":
                return finding.conversations(meant, member=self.caller, after=after, limit=limit)
            case "contacts":
                last = None if after is None else after.id
                return finding.contacts(meant, member=self.caller, after=last, limit=limit)
        return finding.messages(meant, after=after, limit=limit)

    def _after(self, cursor: str | None) -> Position | None:
        position = self.position(cursor)
        return None if position is None else Position(datetime.fromisoformat(position[0]), UUID(position[1]))


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    plain = {name: value for name, value in row.items() if name not in _FOR_TEMPLATES}
    if "lines" in plain:
        plain["lines"] = [_plain(line) for line in plain["lines"]]
    return plain
