"""Who writes, in which conversation, and what was said. The raw reference writes the same tables."""

from __future__ import annotations

from django.db import models
from django.utils import timezone


class Identity(models.Model):
    channel = models.SmallIntegerField()
    address = models.CharField(max_length=200)
    contact_id = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["channel", "address"], name="one_identity")]

    def __str__(self) -> str:
        return self.address


class Conversation(models.Model):
    channel = models.SmallIntegerField()
    contact_id = models.BigIntegerField()
    is_open = models.BooleanField(default=True)
    unread = models.IntegerField(default=0)
    message_count = models.IntegerField(default=0)
    last_message_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [
            models.Index(fields=["contact_id", "channel"], name="by_contact"),
            models.Index(fields=["is_open", "-last_message_at"], name="by_activity"),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class Message(models.Model):
    conversation = models.ForeignKey(Conversation, models.CASCADE, db_index=False)
    channel = models.SmallIntegerField()
    external_id = models.CharField(max_length=200)
    outgoing = models.BooleanField(default=False)
    text = models.TextField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["channel", "external_id"], name="once")]
        indexes = [
            models.Index(fields=["conversation", "-created_at"], name="thread"),
            models.Index(fields=["created_at"], name="by_time"),
        ]

    def __str__(self) -> str:
        return self.external_id
