"""What the answers look like, for the OpenAPI description. At run time the rows of `queries` go out as they are."""

from __future__ import annotations

from rest_framework import serializers

from conversations.channels import registry
from conversations.models import Conversation, Inbox, Message

_CHANNELS = tuple(registry.KINDS)


class InboxRow(serializers.Serializer):
    id = serializers.UUIDField()
    name = serializers.CharField()
    channel = serializers.ChoiceField(_CHANNELS)
    account_id = serializers.CharField(help_text="The platform's id of the connected account.")
    is_active = serializers.BooleanField()
    health = serializers.ChoiceField(Inbox.Health.choices)
    last_inbound_at = serializers.DateTimeField(allow_null=True)
    last_sent_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()


class ConversationRow(serializers.Serializer):
    id = serializers.UUIDField()
    inbox_id = serializers.UUIDField()
    inbox_name = serializers.CharField()
    channel = serializers.ChoiceField(_CHANNELS)
    contact_id = serializers.UUIDField()
    contact_name = serializers.CharField()
    contact_picture_url = serializers.CharField()
    status = serializers.ChoiceField(Conversation.Status.choices)
    priority = serializers.ChoiceField(Conversation.Priority.choices)
    assignee_id = serializers.UUIDField(allow_null=True)
    assignee_name = serializers.CharField(allow_null=True)
    team_id = serializers.UUIDField(allow_null=True)
    team_name = serializers.CharField(allow_null=True)
    snoozed_until = serializers.DateTimeField(allow_null=True)
    waiting_since = serializers.DateTimeField(
        allow_null=True, help_text="Platform time of the first customer message that nobody has answered."
    )
    last_customer_message_at = serializers.DateTimeField(allow_null=True)
    last_activity_at = serializers.DateTimeField()
    last_message_text = serializers.CharField()
    last_message_direction = serializers.CharField(help_text="`in` or `out`; empty before the first message.")
    message_count = serializers.IntegerField()
    last_inbound_number = serializers.IntegerField()
    created_at = serializers.DateTimeField()


class ConversationPage(serializers.Serializer):
    results = ConversationRow(many=True)
    next = serializers.CharField(allow_null=True, help_text="Cursor of the next page; null at the end.")


class AttachmentRow(serializers.Serializer):
    kind = serializers.CharField()
    name = serializers.CharField()
    mime = serializers.CharField()
    size = serializers.IntegerField(allow_null=True)


class MessageRow(serializers.Serializer):
    id = serializers.UUIDField()
    conversation_id = serializers.UUIDField()
    number = serializers.IntegerField(
        help_text="Order in which the messages of a conversation reached the desk."
    )
    direction = serializers.ChoiceField(Message.Direction.choices)
    kind = serializers.ChoiceField(Message.Kind.choices)
    text = serializers.CharField()
    author_kind = serializers.ChoiceField(Message.Author.choices)
    agent_id = serializers.UUIDField(allow_null=True)
    agent_name = serializers.CharField(allow_null=True)
    status = serializers.ChoiceField(Message.Status.choices)
    error_kind = serializers.CharField()
    client_id = serializers.UUIDField(allow_null=True)
    external_id = serializers.CharField()
    sent_at = serializers.DateTimeField(help_text="Platform time.")
    created_at = serializers.DateTimeField()
    edited_at = serializers.DateTimeField(allow_null=True)
    unsent_at = serializers.DateTimeField(allow_null=True)
    reaction = serializers.CharField()
    attachments = AttachmentRow(many=True)


class MessagePage(serializers.Serializer):
    results = MessageRow(many=True)
    next = serializers.CharField(allow_null=True, help_text="Cursor of the page before (older messages).")


class ActorRow(serializers.Serializer):
    kind = serializers.ChoiceField(["agent", "contact", "bot", "system", "token"])
    id = serializers.UUIDField(allow_null=True)


class EventRow(serializers.Serializer):
    sequence = serializers.IntegerField(help_text="Without holes, in the order of commits.")
    name = serializers.CharField(required=False, help_text="Absent for an event that this token may not see.")
    at = serializers.DateTimeField(required=False)
    actor = ActorRow(required=False)
    conversation_id = serializers.UUIDField(required=False, allow_null=True)
    contact_id = serializers.UUIDField(required=False, allow_null=True)
    payload = serializers.DictField(required=False)


class EventPage(serializers.Serializer):
    events = EventRow(many=True)
    newest = serializers.IntegerField(help_text="The number of the newest event there is.")


class FieldError(serializers.Serializer):
    field = serializers.CharField()
    code = serializers.CharField()
    detail = serializers.CharField()


class ProblemRow(serializers.Serializer):
    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField(help_text="For programs.")
    errors = FieldError(many=True, required=False)  # type: ignore[assignment]
