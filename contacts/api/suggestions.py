"""Contacts that may be one person."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.api.contacts import ContactRow
from contacts.api.ground import ContactView
from contacts.models import Suggestion
from contacts.privacy import access_log
from contacts.privacy.access_log import Act
from contacts.queries import CONTACT_FIELDS
from contacts.suggesting import deciding, queries
from contacts.suggesting.queries import Candidate, Place
from tenants.workspace.access import Permission
from tenants.workspace.idempotency import once
from tenants.workspace.rest import NoQuery, NothingMore, PageQuery, limit_of


class SuggestionsQuery(PageQuery):
    state = serializers.ChoiceField(Suggestion.State.choices, default=Suggestion.State.OPEN)
    contact = serializers.UUIDField(required=False, help_text="Only those of this contact.")


class ReasonRow(serializers.Serializer):
    kind = serializers.CharField(help_text="email, phone, login, order or name.")
    strength = serializers.CharField(
        help_text="verified: both sides are proven; half: one is; typed: none. Of a name: same_language or "
        "unknown_language."
    )
    values = serializers.ListField(child=serializers.CharField(), help_text="What both have.")


class SuggestionRow(serializers.Serializer):
    id = serializers.UUIDField()
    state = serializers.CharField()
    score = serializers.IntegerField(help_text="1 to 99: how much speaks for it.")
    reasons = ReasonRow(many=True)
    contacts = ContactRow(many=True, help_text="The two of them.")
    found_at = serializers.DateTimeField()
    decided_at = serializers.DateTimeField(allow_null=True)


class SuggestionPage(serializers.Serializer):
    results = SuggestionRow(many=True)
    next = serializers.CharField(allow_null=True, help_text="Cursor of the next page; null at the end.")


class SuggestionView(ContactView):
    """Ground of what is answered to one suggestion."""

    write_permission = Permission.MERGE_CONTACTS

    def suggestion(self, suggestion_id: UUID) -> Candidate:
        """The pair, of which the caller sees both. Raises Http404."""
        return queries.access(self.visible(self.caller), suggestion_id)

    def answer(self, suggestion_id: UUID) -> Response:
        found = self.suggestion(suggestion_id)
        for contact in found.contacts:
            access_log.note(self.caller, Act.OPENED, "contact", contact.id)
        return Response(row_of(found))


class Suggestions(ContactView):
    """Contacts that may be one person, those of whom most speaks for it first."""

    @extend_schema(operation_id="suggestions_list", parameters=[SuggestionsQuery], responses=SuggestionPage)
    def get(self, request: Request) -> Response:
        wish = self.query(SuggestionsQuery)
        limit = limit_of(wish)
        position = self.position(wish.get("cursor"))
        found = queries.candidates(
            self.visible(self.caller),
            state=wish["state"],
            contact_id=wish.get("contact"),
            after=None if position is None else Place(int(position[0]), UUID(position[1])),
            limit=limit + 1,
        )
        access_log.note(self.caller, Act.LISTED, "contacts", contacts=2 * len(found[:limit]))
        last = found[limit - 1].suggestion if len(found) > limit else None
        return self.page(
            [row_of(each) for each in found[:limit]], None if last is None else [last.score, last.id]
        )


class DismissSuggestion(SuggestionView):
    """They are not the same person. The pair comes back only with stronger evidence."""

    @extend_schema(operation_id="suggestions_dismiss", request=NothingMore, responses=SuggestionRow)
    @once
    def post(self, request: Request, suggestion_id: UUID) -> Response:
        self.body(NothingMore)
        self.suggestion(suggestion_id)
        deciding.dismiss(suggestion_id, by=self.caller.actor)
        return self.answer(suggestion_id)


class ReopenSuggestion(SuggestionView):
    """They may be the same person after all."""

    @extend_schema(operation_id="suggestions_reopen", request=NothingMore, responses=SuggestionRow)
    @once
    def post(self, request: Request, suggestion_id: UUID) -> Response:
        self.body(NothingMore)
        self.suggestion(suggestion_id)
        deciding.reopen(suggestion_id, by=self.caller.actor)
        return self.answer(suggestion_id)


class OneSuggestion(SuggestionView):
    """One pair, with its reasons."""

    @extend_schema(operation_id="suggestions_read", responses=SuggestionRow)
    def get(self, request: Request, suggestion_id: UUID) -> Response:
        self.query(NoQuery)
        return self.answer(suggestion_id)


def row_of(candidate: Candidate) -> dict[str, Any]:
    """A suggestion as the API tells it."""
    row = candidate.suggestion
    return {
        "id": row.id,
        "state": row.state,
        "score": row.score,
        "reasons": [
            {"kind": each.kind, "strength": each.strength, "values": list(each.values)}
            for each in candidate.evidence
        ],
        "contacts": [{name: getattr(each, name) for name in CONTACT_FIELDS} for each in candidate.contacts],
        "found_at": row.found_at,
        "decided_at": row.decided_at,
    }
