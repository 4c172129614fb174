"""Calls of WeChat's API for Official Accounts: the address, the borrowed token, what an errcode means.

WeChat answers HTTP 200 to everything; `errcode` decides. Codes: the table of global return codes, and the page on
customer service messages for those of the window.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from conversations.channels import wire
from conversations.channels.base import (
    SECRET_MARK,
    AccessToken,
    Account,
    FormFile,
    PlatformRequest,
    PlatformResponse,
    Transport,
)
from conversations.channels.errors import DeliveryError, ErrorKind

DEFAULT_BASE_URL = "https://api.weixin.qq.com"

_KINDS: dict[int, ErrorKind] = {
    -1: ErrorKind.TEMPORARY,
    40001: ErrorKind.AUTH_EXPIRED,
    40003: ErrorKind.BAD_REQUEST,
    40004: ErrorKind.MEDIA,
    40005: ErrorKind.MEDIA,
    40006: ErrorKind.MEDIA,
    40007: ErrorKind.MEDIA,
    40009: ErrorKind.MEDIA,
    40013: ErrorKind.AUTH_EXPIRED,
    40014: ErrorKind.AUTH_EXPIRED,
    40125: ErrorKind.AUTH_EXPIRED,
    40164: ErrorKind.PERMISSION,
    41001: ErrorKind.AUTH_EXPIRED,
    42001: ErrorKind.AUTH_EXPIRED,
    42007: ErrorKind.AUTH_EXPIRED,
    43004: ErrorKind.RECIPIENT_GONE,
    43101: ErrorKind.RECIPIENT_GONE,
    45001: ErrorKind.MEDIA,
    45002: ErrorKind.BAD_REQUEST,
    45009: ErrorKind.RATE_LIMITED,
    45011: ErrorKind.RATE_LIMITED,
    45015: ErrorKind.WINDOW_CLOSED,
    45047: ErrorKind.QUOTA_USED,
    48001: ErrorKind.PERMISSION,
    48002: ErrorKind.RECIPIENT_GONE,
    48004: ErrorKind.ACCOUNT_RESTRICTED,
    50001: ErrorKind.PERMISSION,
    50002: ErrorKind.ACCOUNT_RESTRICTED,
}
_BY_STATUS = {
    429: ErrorKind.RATE_LIMITED,
    # A gateway gave up waiting, or the answer cannot be read: whether WeChat took it is not said.
    200: ErrorKind.UNKNOWN_OUTCOME,
    502: ErrorKind.UNKNOWN_OUTCOME,
    504: ErrorKind.UNKNOWN_OUTCOME,
}
_SHORTEST_LIFE = 60


def lend_token(account: Account, transport: Transport, refused: str) -> AccessToken:
    """POST /cgi-bin/stable_token. WeChat gives the same token until shortly before it ends; one that it has
    refused is replaced by force, which it allows a few times a day. Raises DeliveryError."""
    lent = _ask_for_token(account, transport, by_force=False)
    if refused and lent.value == refused:
        lent = _ask_for_token(account, transport, by_force=True)
    return lent


def call(
    account: Account,
    transport: Transport,
    path: str,
    *,
    json: Any = None,
    params: Mapping[str, str] | None = None,
    file: FormFile | None = None,
) -> dict[str, Any]:
    """POST `json` or `file`, GET when there is neither; the answer. Raises DeliveryError."""
    return require_good(transport(request(account, transport, path, json=json, params=params, file=file)))


def request(
    account: Account,
    transport: Transport,
    path: str,
    *,
    json: Any = None,
    params: Mapping[str, str] | None = None,
    file: FormFile | None = None,
) -> PlatformRequest:
    """The call that `call` makes. WeChat takes the access token in the address only; one is borrowed when the
    account brings none. Raises DeliveryError."""
    token = account.credentials.get("access_token", "") or lend_token(account, transport, "").value
    query = "".join(f"&{name}={quote(value, safe='')}" for name, value in (params or {}).items())
    return PlatformRequest(
        method="GET" if json is None and file is None else "POST",
        url=f"{_url(account, path)}?access_token={SECRET_MARK}{query}",
        json=json,
        files=(file,) if file else (),
        secret=token,
    )


def nothing_sent(transport: Transport) -> Transport:
    """The transport for calls that prepare a message: whatever becomes of one, the customer has not got anything
    by it, so that it may be made again."""

    def prepare(request: PlatformRequest) -> PlatformResponse:
        try:
            return transport(request)
        except DeliveryError as error:
            if error.kind is not ErrorKind.UNKNOWN_OUTCOME:
                raise
            raise DeliveryError(ErrorKind.TEMPORARY, code=error.code, detail=error.detail) from None

    return prepare


def _url(account: Account, path: str) -> str:
    return (account.base_url or DEFAULT_BASE_URL).rstrip("/") + path


def require_good(response: PlatformResponse) -> dict[str, Any]:
    """The answer's object when WeChat took the call. Raises DeliveryError."""
    answer = wire.answer(response)
    code = _code(answer)
    if wire.accepted(response) and (code == 0 or (code is None and answer)):
        return answer
    raise DeliveryError(
        _kind(response.status, code),
        code=f"http {response.status}" if code is None else str(code),
        detail=wire.text(answer, "errmsg")[:500],
        retry_after=wire.retry_after(response.headers),
    )


def _ask_for_token(account: Account, transport: Transport, *, by_force: bool) -> AccessToken:
    app_id, app_secret = account.settings.get("app_id", ""), account.credentials.get("app_secret", "")
    if not app_id or not app_secret:
        raise DeliveryError(ErrorKind.AUTH_EXPIRED, code="no_token", detail="AppID or AppSecret is missing")
    wanted = {
        "grant_type": "client_credential",
        "appid": app_id,
        "secret": app_secret,
        "force_refresh": by_force,
    }
    asked = PlatformRequest(method="POST", url=_url(account, "/cgi-bin/stable_token"), json=wanted)
    answer = require_good(nothing_sent(transport)(asked))
    token = wire.text(answer, "access_token")
    if not token:
        raise DeliveryError(ErrorKind.TEMPORARY, code="no_token", detail="WeChat's answer holds no token")
    return AccessToken(token, max(_SHORTEST_LIFE, wire.whole_number(answer, "expires_in") or 0))


def _code(answer: Mapping[str, Any]) -> int | None:
    code = answer.get("errcode")
    return code if isinstance(code, int) and not isinstance(code, bool) else None


def _kind(status: int, code: int | None) -> ErrorKind:
    if code is not None and code != 0:
        return _KINDS.get(code, ErrorKind.BAD_REQUEST)
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if 200 <= status < 300:
        return ErrorKind.UNKNOWN_OUTCOME
    return ErrorKind.TEMPORARY if status >= 500 else ErrorKind.BAD_REQUEST
