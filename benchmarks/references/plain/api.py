"""The plain build's two requests: a customer's message comes in, an agent answers."""

from __future__ import annotations

import json
from uuid import uuid4

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from rest_framework import serializers
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from benchmarks.references.plain.models import Conversation, Identity, Message

GROUP = "desk"


class Incoming(serializers.Serializer):
    channel = serializers.IntegerField()
    customer = serializers.CharField(max_length=200)
    id = serializers.CharField(max_length=200)
    text = serializers.CharField()


class Outgoing(serializers.Serializer):
    text = serializers.CharField()


class MessageSerializer(serializers.ModelSerializer):
    class Meta:
        model = Message
        fields = "__all__"


class Hook(APIView):
    """A customer's message."""

    authentication_classes = ()
    permission_classes = ()

    def post(self, request: Request) -> Response:
        form = Incoming(data=request.data)
        form.is_valid(raise_exception=True)
        said = form.validated_data
        with transaction.atomic():
            if Message.objects.filter(channel=said["channel"], external_id=said["id"]).exists():
                return Response({"duplicate": True})
            identity = Identity.objects.get(channel=said["channel"], address=said["customer"])
            wanted = {"channel": said["channel"], "contact_id": identity.contact_id, "is_open": True}
            conversation = Conversation.objects.filter(**wanted).order_by("-id").first()
            if conversation is None:
                conversation = Conversation.objects.create(**wanted)
            message = _write(conversation, said["text"], said["id"], outgoing=False)
        return _tell(message)


class Replies(APIView):
    """An agent's answer."""

    def post(self, request: Request, conversation_id: int) -> Response:
        form = Outgoing(data=request.data)
        form.is_valid(raise_exception=True)
        with transaction.atomic():
            locked = Conversation.objects.select_for_update()
            conversation = get_object_or_404(locked, pk=conversation_id)
            message = _write(conversation, form.validated_data["text"], uuid4().hex, outgoing=True)
        return _tell(message)


def _write(conversation: Conversation, text: str, external_id: str, *, outgoing: bool) -> Message:
    message = Message.objects.create(
        conversation=conversation,
        channel=conversation.channel,
        external_id=external_id,
        text=text,
        outgoing=outgoing,
    )
    Conversation.objects.filter(pk=conversation.pk).update(
        last_message_at=timezone.now(),
        unread=0 if outgoing else F("unread") + 1,
        message_count=F("message_count") + 1,
    )
    return message


def _tell(message: Message) -> Response:
    row = MessageSerializer(message).data
    async_to_sync(get_channel_layer().group_send)(GROUP, {"type": "message", "text": json.dumps(row)})
    return Response(row, status=201)
