"""What the REST API answers when it does not do what was asked: application/problem+json (RFC 9457)."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response

CONTENT_TYPE = "application/problem+json"
_INVALID = "Some fields are not valid."
_CODES = {
    400: "bad_request",
    401: "not_authenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    409: "conflict",
    413: "too_large",
    415: "unsupported_media_type",
    422: "unprocessable",
    429: "too_many_requests",
    500: "server_error",
}

logger = logging.getLogger(__name__)


class Problem(exceptions.APIException):
    """A refusal with a code that a program can test. more: members of the problem document."""

    def __init__(self, status: int, code: str, title: str, **more: Any) -> None:
        super().__init__(title, code)
        self.status_code = status
        self.code = code
        self.title = title
        self.more = more


def invalid(field: str, code: str, detail: str | None = None) -> Problem:
    """One field of a body or query does not do. detail: for people who read logs; None: the code in words."""
    told = code.replace("_", " ").capitalize() + "." if detail is None else detail
    return Problem(400, "invalid", _INVALID, errors=[{"field": field, "code": code, "detail": told}])


def unknown_value(field: str) -> Problem:
    """A body or query names something that does not exist here, or that its bearer may not see."""
    return invalid(field, "unknown")


def answer(error: Exception, context: Mapping[str, Any]) -> Response:
    """The EXCEPTION_HANDLER: every error of a view as a problem document."""
    match error:
        case Problem():
            return document(error.status_code, error.code, error.title, **error.more)
        case exceptions.ValidationError():
            return document(400, "invalid", _INVALID, errors=list(_errors(error.get_full_details())))
        case Http404():
            return document(404, "not_found", "There is nothing here.")
        case PermissionDenied() | exceptions.PermissionDenied():
            return document(403, "forbidden", "This token may not do that.")
        case RequestDataTooBig():
            return document(413, "too_large", "The body is too large.")
        case exceptions.APIException():
            return _of_framework(error)
    logger.exception("an API call broke", exc_info=error)
    return document(500, "server_error", "Something broke on our side.")


def document(status: int, code: str, title: str, **more: Any) -> Response:
    """A problem document. `title` is for people who read logs; programs go by `code`."""
    content = {"type": "about:blank", "title": title, "status": status, "code": code, **more}
    return Response(content, status=status, content_type=CONTENT_TYPE)


def _of_framework(error: exceptions.APIException) -> Response:
    status = error.status_code
    code = _CODES.get(status, "error")
    if isinstance(error, exceptions.AuthenticationFailed):
        code = "bad_token"
    response = document(status, code, str(error.detail) if status < 500 else HTTPStatus(status).phrase)
    if header := getattr(error, "auth_header", None):
        response["WWW-Authenticate"] = header
    if (wait := getattr(error, "wait", None)) is not None:
        response["Retry-After"] = str(max(1, round(wait)))
    return response


def _errors(details: Any, path: str = "") -> Iterator[dict[str, str]]:
    if isinstance(details, Mapping) and set(details) == {"message", "code"}:
        yield {"field": path, "code": str(details["code"]), "detail": str(details["message"])}
    elif isinstance(details, Mapping):
        for name, inner in details.items():
            yield from _errors(inner, name if not path else f"{path}.{name}")
    else:
        for inner in details:
            yield from _errors(inner, path)
