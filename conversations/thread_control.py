"""Taking a thread over from another app of the account, where the platform lets several apps answer in it."""

from __future__ import annotations

from conversations import attempts, platforms
from conversations.channels import registry
from conversations.channels.errors import DeliveryError
from conversations.events import ConversationTakenOver
from conversations.models import Conversation
from tenants.workspace.events import Actor, record, unit_of_work

SECONDS = 12.0


class TakeOverRefused(Exception):
    """The thread stays with the other app; `code` says why: cannot_take (the platform knows no such call), not_taken
    (it refused; `kind` is its word of channels.errors.ErrorKind)."""

    def __init__(self, code: str, *, kind: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.kind = kind


def take_over(conversation: Conversation, *, by: Actor) -> None:
    """Make the thread ours again. One that is ours already stays so, and nobody is asked. conversation: with inbox and
    identity. Asks the platform, outside of transactions. Raises TakeOverRefused."""
    if conversation.held_elsewhere_at is None:
        return
    if not registry.open(conversation.inbox.channel).capabilities.takes_threads or conversation.thread:
        raise TakeOverRefused("cannot_take")
    address = conversation.identity.address
    try:
        platforms.ask(
            conversation.inbox,
            lambda channel, account, way: channel.take_thread(address, account, way),
            seconds=SECONDS,
        )
    except DeliveryError as error:
        raise TakeOverRefused("not_taken", kind=error.kind) from error
    with unit_of_work():
        locked = attempts.lock(conversation.pk)
        if locked is None or locked[0].held_elsewhere_at is None:
            return
        row = locked[0]
        row.held_elsewhere_at = None
        row.save(update_fields=["held_elsewhere_at"])
        record(ConversationTakenOver(conversation_id=row.id, contact_id=row.contact_id), by=by)
