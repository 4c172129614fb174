"""Inboxes and dead letters in a brand's admin; what signs hooks, and what came unread, in the platform's."""

from conversations.admin import dead_letters, inboxes, platform, storage

__all__ = ["dead_letters", "inboxes", "platform", "storage"]
