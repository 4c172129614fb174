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
    kind = serializers.ChoiceField(Conversation.Kind.choices)
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
    sent_in_window = serializers.IntegerField(
        help_text="Our messages since the customer's last one, where the platform counts them; else 0."
    )
    brief_window_at = serializers.DateTimeField(
        allow_null=True,
        help_text="When the customer followed, scanned a code or tapped the menu, where it counts.",
    )
    sent_in_brief_window = serializers.IntegerField(
        help_text="Our messages since then, where the platform counts them; else 0."
    )
    held_elsewhere_at = serializers.DateTimeField(
        allow_null=True,
        help_text="Since when another app of the account owns the thread on the platform; null: it is ours.",
    )
    last_activity_at = serializers.DateTimeField()
    last_message_text = serializers.CharField()
    last_message_direction = serializers.CharField(help_text="`in` or `out`; empty before the first message.")
    message_count = serializers.IntegerField()
    last_inbound_number = serializers.IntegerField()
    created_at = serializers.DateTimeField()


class ConversationPage(serializers.Serializer):
    results = ConversationRow(many=True)
    next = serializers.CharField(allow_null=True, help_text="Cursor of the next page; null at the end.")


class PlaceRow(serializers.Serializer):
    latitude = serializers.FloatField(allow_null=True)
    longitude = serializers.FloatField(allow_null=True)
    address = serializers.CharField(allow_null=True)


class AttachmentRow(serializers.Serializer):
    id = serializers.UUIDField(help_text="Its file: GET /api/v1/attachments/{id}.")
    file_id = serializers.UUIDField(allow_null=True)
    kind = serializers.CharField()
    name = serializers.CharField()
    mime = serializers.CharField(help_text="Told by the content once the file is stored.")
    size = serializers.IntegerField(allow_null=True, help_text="Bytes.")
    state = serializers.ChoiceField(
        ["none", "fetching", "stored", "refused", "missing"], help_text="`none`: there is no file to it."
    )
    reason = serializers.CharField(help_text="Why there is no file; empty otherwise.")
    width = serializers.IntegerField(allow_null=True)
    height = serializers.IntegerField(allow_null=True)
    seconds = serializers.FloatField(allow_null=True)
    has_thumbnail = serializers.BooleanField()
    url = serializers.CharField(help_text="Where a shared link leads to; empty for everything else.")
    place = PlaceRow(allow_null=True)


class CommentRow(serializers.Serializer):
    id = serializers.CharField(help_text="The platform's id of the comment.")
    post_id = serializers.CharField()
    parent_id = serializers.CharField(help_text="The comment that it answers; empty directly below the post.")
    is_hidden = serializers.BooleanField()
    private_until = serializers.DateTimeField(help_text="How long it may be answered in private.")
    private_status = serializers.CharField(help_text="How far the private answer is; empty without one.")


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
    sender_name = serializers.CharField(help_text="Which member of a group wrote it; empty one to one.")
    subject = serializers.CharField(help_text="Of a mail; empty for everything else.")
    written_from = serializers.CharField(
        help_text="A mail's sender, where it is not the customer's own address."
    )
    mail_to = serializers.ListField(child=serializers.CharField(), help_text="To of a mail that came in.")
    cc = serializers.ListField(child=serializers.CharField(), help_text="Who else got a mail.")
    bcc = serializers.ListField(
        child=serializers.CharField(), help_text="Who else got a mail of ours in secret."
    )
    is_typed = serializers.BooleanField(
        help_text="Written into a website's form: nobody has proven that the address is the writer's."
    )
    status = serializers.ChoiceField(Message.Status.choices)
    error_kind = serializers.CharField()
    client_id = serializers.UUIDField(allow_null=True)
    external_id = serializers.CharField()
    sent_at = serializers.DateTimeField(help_text="Platform time.")
    created_at = serializers.DateTimeField()
    edited_at = serializers.DateTimeField(allow_null=True)
    unsent_at = serializers.DateTimeField(allow_null=True)
    erased_at = serializers.DateTimeField(
        allow_null=True, help_text="Of a person who was erased: since when the words are gone."
    )
    reaction = serializers.CharField()
    attachments = AttachmentRow(many=True)
    cards = serializers.ListField(child=serializers.DictField())
    quick_replies = serializers.ListField(child=serializers.DictField())
    template = serializers.DictField(allow_null=True)
    to = serializers.CharField(
        help_text="`comment:` or `private:` and the comment that our message answers; else empty."
    )
    comment = CommentRow(allow_null=True)


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
