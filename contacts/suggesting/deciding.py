"""What people say to a suggestion."""

from __future__ import annotations

from uuid import UUID

from django.utils import timezone

from contacts.events import SuggestionDismissed, SuggestionReopened
from contacts.models import Suggestion
from tenants.workspace.events import Actor, record, unit_of_work

State = Suggestion.State


class NotOpen(RuntimeError):
    """The suggestion was decided in the meantime. Its `code` is not_open or not_dismissed."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def dismiss(suggestion_id: UUID, *, by: Actor) -> Suggestion:
    """They are not the same person; only stronger evidence brings the pair back. Raises NotOpen, DoesNotExist."""
    with unit_of_work():
        row = Suggestion.objects.select_for_update().get(id=suggestion_id)
        if row.state != State.OPEN:
            raise NotOpen("not_open")
        row.state, row.decided_at, row.decided_score = State.DISMISSED, timezone.now(), row.score
        row.decided_by_kind, row.decided_by_id = by.kind, by.id
        row.save(update_fields=["state", "decided_at", "decided_score", "decided_by_kind", "decided_by_id"])
        record(SuggestionDismissed(contact_id=row.low_id, other_id=row.high_id, suggestion_id=row.id), by=by)
    return row


def reopen(suggestion_id: UUID, *, by: Actor) -> Suggestion:
    """They may be the same person after all. Raises NotOpen, DoesNotExist."""
    with unit_of_work():
        row = Suggestion.objects.select_for_update().get(id=suggestion_id)
        if row.state != State.DISMISSED:
            raise NotOpen("not_dismissed")
        row.state, row.decided_at, row.decided_score = State.OPEN, None, None
        row.decided_by_kind, row.decided_by_id = "", None
        row.save(update_fields=["state", "decided_at", "decided_score", "decided_by_kind", "decided_by_id"])
        record(SuggestionReopened(contact_id=row.low_id, other_id=row.high_id, suggestion_id=row.id), by=by)
    return row
