"""What messages are found by follows what is said, changed and taken back."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from conversations.events import (
    MessageEchoed,
    MessageEdited,
    MessageMerged,
    MessageReceived,
    MessageReplied,
    MessageUnsent,
)
from conversations.search import rows
from tenants.workspace.log import LoggedEvent
from tenants.workspace.reactors import batch_reactor


@batch_reactor(
    "search.messages",
    events=[MessageReceived, MessageEchoed, MessageReplied, MessageEdited, MessageUnsent, MessageMerged],
)
def write(happened: Sequence[LoggedEvent]) -> None:
    """Make the rows of the messages anew to which something happened."""
    rows.write({UUID(event.payload["message_id"]) for event in happened})
