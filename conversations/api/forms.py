"""What callers may send: every parameter and field by name, everything else is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from conversations import queries
from conversations.channels import cards
from conversations.channels.cards import BadCard, Card
from conversations.channels.email_heads import MOST_COPIES
from conversations.channels.email_writing import SUBJECT_LENGTH
from conversations.channels.templates import MOST_VALUE
from conversations.files.limits import MOST_FILES
from conversations.models import Conversation
from tenants.workspace.rest import MOST, PageQuery, refuse_unknown

NOBODY = "none"
NEWEST, CLOSING = "newest", "closing"
_LARGEST_SEQUENCE = 2**63 - 1
_LARGEST_NUMBER = 2**31 - 1


@extend_schema_field(OpenApiTypes.STR)
class AssigneeField(serializers.Field):
    """An agent's id, or `none` for what nobody has taken."""

    default_error_messages = {"invalid": "An agent's id or `none`."}

    def to_internal_value(self, data: Any) -> UUID | None:
        return None if data == NOBODY else serializers.UUIDField().to_internal_value(data)

    def to_representation(self, value: object) -> str:
        return NOBODY if value is None else str(value)


class ConversationsQuery(PageQuery):
    status = serializers.ChoiceField(Conversation.Status.choices, required=False)
    assignee = AssigneeField(required=False)
    inbox = serializers.UUIDField(required=False)
    view = serializers.ChoiceField(queries.VIEWS, required=False, help_text="One of the desk's views.")
    updated_after = serializers.DateTimeField(
        required=False, help_text="Only what had activity after this time."
    )
    order = serializers.ChoiceField(
        (NEWEST, CLOSING),
        default=NEWEST,
        help_text="`newest`: by activity. `closing`: who waits for an answer by the reply window that closes next.",
    )


class EventsQuery(serializers.Serializer):
    after = serializers.IntegerField(min_value=0, max_value=_LARGEST_SEQUENCE, default=0)
    limit = serializers.IntegerField(min_value=1, max_value=MOST, default=MOST)


@extend_schema_field(OpenApiTypes.OBJECT)
class CardField(serializers.Field):
    """A product, order, shipping, receipt or buttons card: docs/api.md."""

    def to_internal_value(self, data: Any) -> Card:
        if not isinstance(data, dict):
            raise serializers.ValidationError("A card is an object.", "not_an_object")
        try:
            return cards.read(data)
        except BadCard as error:
            raise serializers.ValidationError(
                {error.field: [ErrorDetail("Not a card.", error.code)]}
            ) from None

    def to_representation(self, value: Card) -> dict[str, Any]:
        return cards.write(value)


class Part(serializers.Serializer):
    """A part of a body. A field that is written otherwise would be lost unseen (people who get no copy): refused as in
    the body itself."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            refuse_unknown(data, type(self))
        return super().to_internal_value(data)


class QuickReplyForm(Part):
    label = serializers.CharField(max_length=cards.LABEL_LENGTH)  # type: ignore[assignment]
    payload = serializers.CharField(max_length=cards.PAYLOAD_LENGTH)


class TemplateForm(Part):
    id = serializers.UUIDField(help_text="An approved one of the conversation's inbox.")
    values = serializers.DictField(
        child=serializers.CharField(max_length=MOST_VALUE), default=dict, help_text="Gap -> value."
    )


class MailForm(Part):
    subject = serializers.CharField(
        allow_blank=True, default="", max_length=SUBJECT_LENGTH, help_text="Empty: the thread's own."
    )
    cc = serializers.ListField(child=serializers.CharField(), max_length=MOST_COPIES, default=list)
    bcc = serializers.ListField(child=serializers.CharField(), max_length=MOST_COPIES, default=list)


class Reply(serializers.Serializer):
    text = serializers.CharField(trim_whitespace=False, allow_blank=True, default="")
    files = serializers.ListField(
        child=serializers.UUIDField(),
        max_length=MOST_FILES,
        default=list,
        help_text="Ids that POST /api/v1/files answered.",
    )
    cards = serializers.ListField(child=CardField(), max_length=cards.MOST_CARDS, default=list)
    quick_replies = QuickReplyForm(many=True, required=False, help_text="Answers that the customer may tap.")
    mail = MailForm(
        required=False,
        help_text="Of e-mail: its subject and who gets a copy, 20 addresses at most. Absent: nobody does.",
    )
    template = TemplateForm(required=False, help_text="Instead of a text; also after the reply window.")
    seen_number = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=0,
        max_value=_LARGEST_NUMBER,
        help_text="Number of the newest message that the writer has seen: 409 when somebody else wrote since.",
    )
    outside_window = serializers.BooleanField(
        default=False, help_text="Answer after the free reply window, where the platform lets people do so."
    )
    client_id = serializers.UUIDField(
        required=False, help_text="Your own id of this message: a retry is no second one."
    )


class Assignment(serializers.Serializer):
    assignee_id = serializers.UUIDField(allow_null=True)


class Snooze(serializers.Serializer):
    until = serializers.DateTimeField(allow_null=True, help_text="null: until the customer's next message.")
