"""Calls of Telegram's Bot API, and what a refusal means.

The bot's token is part of every address, so addresses carry a mark in its place and the transport puts it in:
what is logged, shown or kept never holds it. Source: Telegram's Bot API reference, "Making requests".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from conversations.channels import wire
from conversations.channels.base import (
    SECRET_MARK,
    Account,
    FormFile,
    PlatformRequest,
    PlatformResponse,
    Transport,
)
from conversations.channels.errors import DeliveryError, ErrorKind

DEFAULT_BASE_URL = "https://api.telegram.org"

# The first row that fits decides: code, what the description contains (lower case), meaning.
_ERRORS: tuple[tuple[int, str, ErrorKind], ...] = (
    (400, "chat not found", ErrorKind.RECIPIENT_GONE),
    (400, "user not found", ErrorKind.RECIPIENT_GONE),
    (400, "peer_id_invalid", ErrorKind.RECIPIENT_GONE),
    (400, "chat was upgraded", ErrorKind.RECIPIENT_GONE),
    (400, "wrong file", ErrorKind.MEDIA),
    (400, "wrong type of the web page content", ErrorKind.MEDIA),
    (400, "failed to get http url content", ErrorKind.MEDIA),
    (400, "file is too big", ErrorKind.MEDIA),
    (400, "photo_", ErrorKind.MEDIA),
    (400, "image_process_failed", ErrorKind.MEDIA),
    (400, "webpage_", ErrorKind.MEDIA),
    (400, "", ErrorKind.BAD_REQUEST),
    (401, "", ErrorKind.AUTH_EXPIRED),
    (403, "", ErrorKind.RECIPIENT_GONE),  # always of one chat: blocked, deactivated, put out, never begun
    (404, "", ErrorKind.AUTH_EXPIRED),  # the address holds the token: no such bot
    (409, "", ErrorKind.TEMPORARY),
    (413, "", ErrorKind.MEDIA),
    (429, "", ErrorKind.RATE_LIMITED),
    # A gateway gave up waiting: whether the message went out is not said.
    (502, "", ErrorKind.UNKNOWN_OUTCOME),
    (504, "", ErrorKind.UNKNOWN_OUTCOME),
)


class Migrated(Exception):
    """The group became a supergroup and has this id now. Nothing was sent."""

    def __init__(self, chat_id: str) -> None:
        super().__init__(chat_id)
        self.chat_id = chat_id


def call(
    account: Account,
    transport: Transport,
    method: str,
    content: Mapping[str, Any] | None = None,
    *,
    file: FormFile | None = None,
) -> Any:
    """The `result` of a method; with a file it goes as a form. Raises DeliveryError, and Migrated."""
    fields = dict(content or {})
    request = PlatformRequest(
        method="POST",
        url=_url(account, "bot", method),
        secret=_token(account),
        json=None if file else fields,
        form={name: _in_form(value) for name, value in fields.items()} if file else None,
        files=(file,) if file else (),
    )
    return _result(transport(request))


def ask(account: Account, transport: Transport, method: str, **params: str) -> Any:
    """The `result` of a method that only reads. Raises DeliveryError."""
    url = _url(account, "bot", method) + (f"?{urlencode(params)}" if params else "")
    return _result(transport(PlatformRequest(method="GET", url=url, secret=_token(account))))


def download(account: Account, path: str) -> PlatformRequest:
    """The call that gives a file's bytes. path: as getFile told it."""
    return PlatformRequest(method="GET", url=_url(account, "file/bot", path), secret=_token(account))


def _in_form(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _url(account: Account, before: str, after: str) -> str:
    return f"{(account.base_url or DEFAULT_BASE_URL).rstrip('/')}/{before}{SECRET_MARK}/{after}"


def _token(account: Account) -> str:
    token = account.credentials.get("access_token", "")
    if not token:
        raise DeliveryError(ErrorKind.AUTH_EXPIRED, code="no_token", detail="the account has no access token")
    return token


def _result(response: PlatformResponse) -> Any:
    answer = wire.answer(response)
    if wire.accepted(response) and answer.get("ok") is True:
        return answer.get("result")
    parameters = wire.mapping(answer, "parameters")
    moved_to = parameters.get("migrate_to_chat_id")
    if isinstance(moved_to, int) and not isinstance(moved_to, bool):
        raise Migrated(str(moved_to))
    raise _error(response, answer, parameters)


def _error(
    response: PlatformResponse, answer: Mapping[str, Any], parameters: Mapping[str, Any]
) -> DeliveryError:
    code = wire.whole_number(answer, "error_code") or response.status
    description = wire.text(answer, "description")
    wait = wire.whole_number(parameters, "retry_after")
    return DeliveryError(
        _kind(code, description.lower()),
        code=str(code),
        detail=description[:500],
        retry_after=wire.retry_after(response.headers) if wait is None else float(wait),
    )


def _kind(code: int, description: str) -> ErrorKind:
    if 200 <= code < 300:  # taken, but the answer says nothing that we can read
        return ErrorKind.UNKNOWN_OUTCOME
    for row_code, words, kind in _ERRORS:
        if code == row_code and words in description:
            return kind
    return ErrorKind.TEMPORARY if code >= 500 else ErrorKind.BAD_REQUEST
