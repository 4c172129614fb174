"""What the verbs of conversations refuse, as problems of the API."""

from __future__ import annotations

from rest_framework.response import Response

from conversations.comments.answering import CommentRefused
from conversations.lifecycle import LifecycleError
from conversations.outbound import ReplyRefused
from tenants.workspace.problems import Problem, invalid
from tenants.workspace.rest import BrandView

# Which field a refusal speaks of; all other refusals speak of the conversation.
_FIELDS = {
    "text_blank": "text",
    "text_too_long": "text",
    "text_unreadable": "text",
    "file_kind": "files",
    "file_type": "files",
    "file_too_large": "files",
    "file_gone": "files",
    "too_many_files": "files",
    "too_many_cards": "cards",
    "too_many_quick_replies": "quick_replies",
    "no_templates": "template",
    "template_alone": "template",
    "no_mail_head": "mail",
    "bad_address": "mail",
    "too_many_addresses": "mail",
    "bad_subject": "mail.subject",
    "subject_too_long": "mail.subject",
}


class ActingView(BrandView):
    """Ground of the views that call a verb: what it refuses is a problem."""

    def handle_exception(self, exc: Exception) -> Response:
        return super().handle_exception(as_problem(exc) or exc)


def as_problem(error: Exception) -> Problem | None:
    """The problem that a verb's refusal is; None for everything else."""
    match error:
        case ReplyRefused() if error.code in _FIELDS:
            detail = "This cannot be sent." if error.limit is None else f"More than {error.limit}."
            return invalid(_FIELDS[error.code], error.code, detail)
        case CommentRefused():
            return Problem(409, error.code, "This cannot be done with the comment.")
        case ReplyRefused():
            return Problem(409, error.code, "The answer was not accepted.")
        case LifecycleError():
            return Problem(409, error.code, "The conversation cannot be changed like this.")
    return None
