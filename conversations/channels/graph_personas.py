"""Messenger's personas: the name and the picture under which one of our people answers on a Page.

Meta keeps them by id (POST and GET /{page}/personas; `persona_id` beside a message). Ids are asked for once and
remembered by the process; whatever goes wrong with one, the answer goes out in the Page's own name.
"""

from __future__ import annotations

from conversations.channels import graph, wire
from conversations.channels.base import Account, Credential, PlatformRequest, Transport, gettext_noop
from conversations.channels.errors import DeliveryError, ErrorKind

SETTINGS = (
    Credential(
        name="personas",
        label=gettext_noop("In whose name answers appear"),
        is_secret=False,
        is_required=False,
        choices=(
            ("", gettext_noop("The Page's")),
            ("yes", gettext_noop("The agent's (Messenger's personas)")),
        ),
    ),
    Credential(
        name="persona_picture",
        label=gettext_noop("Picture beside agents' names"),
        help_text=gettext_noop("The https address of a square picture: your logo, or a face for all."),
        is_secret=False,
        is_required=False,
        pattern=r"https://[^\s]{4,480}",
    ),
)
MOST_REMEMBERED = 2_000
MOST_PAGES = 5

_LASTING = frozenset({ErrorKind.PERMISSION, ErrorKind.BAD_REQUEST})
"""Refusals that asking again with the same token does not change."""

_Key = tuple[str, str, str, str, int]
_known: dict[_Key, str] = {}


def persona_of(name: str, account: Account, transport: Transport) -> str:
    """The id of the persona of this name; it is made where there is none. "" where the account wants none, and where
    Meta does not give one."""
    if not name or not account.settings.get("personas"):
        return ""
    key = _key(name, account)
    if key in _known:
        return _known[key]
    try:
        found = _listed(name, account, transport) or _made(name, account, transport)
    except DeliveryError as error:
        if error.kind not in _LASTING:
            return ""
        found = ""
    if len(_known) >= MOST_REMEMBERED:
        _known.clear()
    _known[key] = found
    return found


def forget(name: str, account: Account) -> None:
    """Meta does not know the persona any more."""
    _known.pop(_key(name, account), None)


def _key(name: str, account: Account) -> _Key:
    picture = str(account.settings.get("persona_picture") or "")
    return account.base_url, account.account_id, name, picture, hash(account.credentials.get("access_token"))


def _listed(name: str, account: Account, transport: Transport) -> str:
    """What another process, or an earlier one, has made. The address of a picture comes back as another one, so the
    name alone is compared; a Page with a new picture keeps the old personas until they are deleted at Meta."""
    params = {"fields": "id,name", "limit": "100"}
    for _page in range(MOST_PAGES):
        told = _ask("GET", account, transport, params=params)
        for each in wire.objects(told, "data"):
            if wire.text(each, "name") == name:
                return wire.identifier(each, "id")
        after = wire.text(wire.mapping(wire.mapping(told, "paging"), "cursors"), "after")
        if not after or "next" not in wire.mapping(told, "paging"):
            return ""
        params = {**params, "after": after}
    return ""


def _made(name: str, account: Account, transport: Transport) -> str:
    picture = str(account.settings.get("persona_picture") or "")
    content = {"name": name, **({"profile_picture_url": picture} if picture else {})}
    return wire.identifier(_ask("POST", account, transport, content=content), "id")


def _ask(
    method: str,
    account: Account,
    transport: Transport,
    *,
    params: dict[str, str] | None = None,
    content: dict[str, str] | None = None,
) -> dict[str, object]:
    url = graph.url(account, account.account_id, "personas")
    return graph.ask(
        PlatformRequest(
            method=method, url=url, headers=wire.bearer(account), params=params or {}, json=content
        ),
        transport,
    )
