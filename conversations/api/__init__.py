"""Conversations, messages, inboxes and the change feed for integrators."""
