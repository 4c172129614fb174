"""Answers to surveys in the REST API, below a contact."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.api.ground import ContactView
from conversations import gates
from conversations.models import Conversation
from conversations.surveys import responses
from conversations.surveys.models import SurveyResponse
from conversations.surveys.responses import ResponseRefused
from tenants.workspace.idempotency import once
from tenants.workspace.models import Agent
from tenants.workspace.problems import Problem, unknown_value
from tenants.workspace.rest import PageQuery, limit_of

_REFUSALS = {
    "off_the_scale": "CSAT goes from 1 to 5, NPS from 0 to 10.",
    "somebody_elses": "This conversation is not the contact's.",
    "reserved": "Numbers like this are the house's own.",
}


class SurveyResponseRow(serializers.ModelSerializer):
    class Meta:
        model = SurveyResponse
        fields = [
            "id", "contact_id", "source", "number", "kind", "survey", "score", "comment", "conversation_id",
            "agent_id", "agent_name", "asked_at", "answered_at", "updated_at",
        ]  # fmt: skip


class SurveyResponsePage(serializers.Serializer):
    results = SurveyResponseRow(many=True)
    next = serializers.CharField(allow_null=True, help_text="Cursor of the next page; null at the end.")


class ToldSurveyResponse(serializers.Serializer):
    source = serializers.CharField(  # type: ignore[assignment]
        max_length=80, help_text="The tool that asked, inside which the number is unique."
    )
    number = serializers.CharField(max_length=200)
    kind = serializers.ChoiceField(choices=SurveyResponse.Kind.choices)
    score = serializers.IntegerField(min_value=0, max_value=10, help_text="CSAT: 1 to 5. NPS: 0 to 10.")
    survey = serializers.CharField(
        max_length=120, default="", allow_blank=True, help_text="The survey's name."
    )
    comment = serializers.CharField(max_length=responses.LONGEST_COMMENT, default="", allow_blank=True)
    conversation_id = serializers.UUIDField(
        default=None, allow_null=True, help_text="What it is about: a conversation of this contact."
    )
    agent_id = serializers.UUIDField(
        default=None, allow_null=True, help_text="Who is rated: whoever it was when it was asked."
    )
    asked_at = serializers.DateTimeField(default=None, allow_null=True)
    answered_at = serializers.DateTimeField()


class SurveyResponses(ContactView):
    """What a contact answered to surveys, newest first: as far as the caller sees the conversations that it is about.
    Telling an answer again replaces what was told of it before."""

    @extend_schema(
        operation_id="contact_survey_responses_list", parameters=[PageQuery], responses=SurveyResponsePage
    )
    def get(self, request: Request, contact_id: UUID) -> Response:
        contact = self.contact(contact_id)
        wish = self.query(PageQuery)
        limit = limit_of(wish)
        seen, after = responses.visible(self.caller), self.after(wish.get("cursor"))
        found = responses.of_contact(contact.id, seen=seen, after=after, limit=limit + 1)
        return self.page_of(SurveyResponseRow, found, limit=limit, by="answered_at")

    @extend_schema(
        operation_id="contact_survey_responses_tell",
        request=ToldSurveyResponse,
        responses={200: SurveyResponseRow, 201: SurveyResponseRow},
    )
    @once
    def post(self, request: Request, contact_id: UUID) -> Response:
        contact = self.contact_to_change(contact_id)
        told = self.body(ToldSurveyResponse)
        conversation = self._conversation(told.pop("conversation_id"))
        agent = self._agent(told.pop("agent_id"))
        row, is_new = responses.tell(
            contact, **told, conversation=conversation, agent=agent, by=self.caller.actor
        )
        return Response(SurveyResponseRow(row).data, status=201 if is_new else 200)

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, ResponseRefused):
            error = {"field": exc.field, "code": exc.code, "detail": _REFUSALS[exc.code]}
            exc = Problem(400, "invalid", "Some fields are not valid.", errors=[error])
        return super().handle_exception(exc)

    def _conversation(self, conversation_id: UUID | None) -> Conversation | None:
        if conversation_id is None:
            return None
        try:
            return gates.access_conversation(self.caller, conversation_id, alone=True)
        except Http404:
            raise unknown_value("conversation_id") from None

    def _agent(self, agent_id: UUID | None) -> Agent | None:
        row: Any = None if agent_id is None else Agent.objects.filter(id=agent_id).first()
        if agent_id is not None and row is None:
            raise unknown_value("agent_id")
        return row
