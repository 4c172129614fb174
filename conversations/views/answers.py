"""How the desk's acts read what a browser sends and what they answer: JSON in, a row or a problem out."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse, RawPostDataException
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from conversations.lifecycle import LifecycleError
from conversations.outbound import ReplyRefused

P = ParamSpec("P")

TITLES = {
    "bad_request": _("The desk sent something that cannot be read. Load the page again."),
    "text_blank": _("Write something first."),
    "text_too_long": _("The message is longer than the channel allows."),
    "text_unreadable": _("The message holds characters that cannot be sent."),
    "window_closed": _("The reply window is closed until the customer writes again."),
    "window_used_up": _("The platform takes no more messages until the customer writes again."),
    "human_only": _("Only a person may answer now, outside the free reply window."),
    "unreachable": _("The customer cannot be reached any more."),
    "no_consent": _("The customer does not want advertising."),
    "held_elsewhere": _("Another app answers in this conversation. Only a person may write."),
    "cannot_take": _("This channel does not let us take the conversation over. Do it in the other app."),
    "not_taken": _("The platform did not hand the conversation over."),
    "inbox_closed": _("This inbox is switched off."),
    "conversation_moved": _("There are new messages since you wrote this."),
    "gone": _("This conversation does not exist any more."),
    "which_comment": _("Choose the comment that you answer."),
    "words_only": _("A comment is answered with words or a picture."),
    "one_message_only": _("A comment has room for one private message: send a text or a file, not both."),
    "already_private": _("This comment has had its private message already."),
    "too_late": _("The seven days for a private message to this comment are over."),
    "not_hidden": _("The platform did not do this with the comment."),
    "not_failed": _("This message is not waiting for a decision any more."),
    "unknown_agent": _("This colleague does not work here any more."),
    "not_open": _("This conversation is resolved. Reopen it first."),
    "another_is_open": _("The customer has a newer conversation that is open."),
    "file_kind": _("This channel takes no files of this kind."),
    "file_type": _("This channel does not take files of this type."),
    "file_too_large": _("The file is larger than the channel allows."),
    "file_empty": _("The file is empty."),
    "storage_full": _(
        "The brand's room for files is full. An administrator can see its use in the settings."
    ),
    "file_gone": _("The file was uploaded too long ago. Add it again."),
    "too_many_files": _("Too many files for one answer."),
    "too_many_quick_replies": _("Too many quick replies for this channel."),
    "too_many_cards": _("Too many cards for one answer."),
    "no_templates": _("This channel knows no templates."),
    "template_alone": _("A template goes with one file at most, and with nothing else."),
    "no_mail_head": _("Only an e-mail has a subject and copies."),
    "bad_address": _("One of the addresses cannot be written to."),
    "too_many_addresses": _("Too many people for one mail."),
    "bad_subject": _("The subject holds characters that cannot be sent."),
    "subject_too_long": _("The subject is too long."),
    "bad_filling": _("A gap of the template is empty, or holds what the platform does not take."),
}


class BadRequest(ValueError):
    """The body is not what the act expects."""


def problem(code: str, status: int, **more: Any) -> JsonResponse:
    """A refusal: a code for the machine, a title for the person."""
    title = TITLES.get(code, _("This could not be done."))
    return JsonResponse(
        {"code": code, "title": str(title), **more}, status=status, content_type="application/problem+json"
    )


def act(
    view: Callable[Concatenate[HttpRequest, P], HttpResponse],
) -> Any:
    """A POST of the desk: an unreadable body is 400, a verb's refusal 409, both as problems."""

    @require_POST
    @wraps(view)
    def acting(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except BadRequest:
            return problem("bad_request", 400)
        except LifecycleError as refusal:
            return problem(refusal.code, 409)
        except ReplyRefused as refusal:
            details = {"limit": refusal.limit, "messages": list(refusal.newest)}
            return problem(refusal.code, 409, **{key: value for key, value in details.items() if value})

    return acting


def body_of(request: HttpRequest) -> dict[str, Any]:
    """The request's JSON object. Raises BadRequest."""
    try:
        body = json.loads(request.body or b"{}")
    except (ValueError, RecursionError, RawPostDataException):  # the last: a multipart form, read already
        raise BadRequest from None
    if not isinstance(body, dict):
        raise BadRequest
    return body


def text_in(body: dict[str, Any], key: str) -> str:
    """A string of the body. Raises BadRequest."""
    value = body.get(key)
    if not isinstance(value, str):
        raise BadRequest
    return value


def texts_in(body: dict[str, Any], key: str, *, most: int) -> tuple[str, ...]:
    """A list of at most `most` strings of the body; absent means none. Raises BadRequest."""
    values = body.get(key, [])
    if (
        not isinstance(values, list)
        or len(values) > most
        or not all(isinstance(each, str) for each in values)
    ):
        raise BadRequest
    return tuple(values)


def number_in(body: dict[str, Any], key: str, *, most: int = 2**31 - 1) -> int:
    """A whole number from 0 to `most` of the body. Raises BadRequest."""
    value = body.get(key)
    if type(value) is not int or not 0 <= value <= most:
        raise BadRequest
    return value


def switch_in(body: dict[str, Any], key: str) -> bool:
    """A yes or no of the body; absent means no. Raises BadRequest."""
    value = body.get(key, False)
    if not isinstance(value, bool):
        raise BadRequest
    return value


def object_in(body: dict[str, Any], key: str) -> dict[str, Any]:
    """An object of the body. Raises BadRequest."""
    value = body.get(key)
    if not isinstance(value, dict):
        raise BadRequest
    return value


def ids_in(body: dict[str, Any], key: str) -> list[UUID]:
    """A list of ids of the body, each once; absent means none. Raises BadRequest."""
    values = body.get(key, [])
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise BadRequest
    try:
        return list(dict.fromkeys(UUID(value) for value in values))
    except ValueError:
        raise BadRequest from None


def id_in(body: dict[str, Any], key: str) -> UUID:
    """An id of the body. Raises BadRequest."""
    try:
        return UUID(text_in(body, key))
    except ValueError:
        raise BadRequest from None
