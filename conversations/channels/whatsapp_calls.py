"""What we ask of the Cloud API beside sending: media, the account's state, its templates."""

from __future__ import annotations

from typing import Any

from conversations.channels import graph, whatsapp_errors, wire
from conversations.channels.base import (
    Account,
    AccountCheck,
    FormFile,
    PlatformRequest,
    PlatformResponse,
    Transport,
    gettext_noop,
)
from conversations.channels.errors import DeliveryError, ErrorKind
from conversations.channels.items import JsonObject
from conversations.channels.outgoing import OutgoingMessage
from conversations.channels.templates import PlatformTemplate, TemplateButton

UPLOADED_UP_TO = 8 * 1024 * 1024  # bytes; what is larger is fetched by the platform where it can be
MOST_PAGES = 50
TEMPLATES_PER_PAGE = 100

_NUMBER_FIELDS = "verified_name,display_phone_number,quality_rating,name_status,status"
_TEMPLATE_FIELDS = "id,name,language,category,status,rejected_reason,quality_score,components"


def call(request: PlatformRequest, transport: Transport) -> dict[str, Any]:
    """The platform's answer. Raises DeliveryError for a refusal."""
    response = transport(request)
    answer = wire.answer(response)
    if not wire.accepted(response) or "error" in answer:
        raise whatsapp_errors.of_answer(response)
    return answer


def media_of(message: OutgoingMessage, account: Account, transport: Transport) -> dict[str, Any]:
    """How the message's file is named to the platform: uploaded, or by its address when it is large."""
    if not message.files:
        return {}
    file = message.files[0]
    if file.size > UPLOADED_UP_TO and file.url.startswith("https://"):
        return {"link": file.url}
    answer = call(
        PlatformRequest(
            method="POST",
            url=graph.url(account, account.account_id, "media"),
            headers=wire.bearer(account),
            form={"messaging_product": "whatsapp", "type": file.mime},
            files=(FormFile("file", file.name, file.mime, file.read()),),
        ),
        _before_sending(transport),
    )
    media_id = wire.identifier(answer, "id")
    if not media_id:
        raise DeliveryError(
            ErrorKind.MEDIA, code="no_media_id", detail="the platform gave no id for the file"
        )
    return {"id": media_id}


def media_request(media_id: str, account: Account, transport: Transport) -> PlatformRequest:
    """The call that gives the bytes of a file that came in. Raises DeliveryError."""
    answer = _get(account, transport, media_id, params={"phone_number_id": account.account_id})
    address = wire.text(answer, "url")
    if not address:
        raise DeliveryError(ErrorKind.MEDIA, code="no_address", detail="the platform gave no address for it")
    return PlatformRequest(method="GET", url=address, headers=wire.bearer(account))


def check(account: Account, transport: Transport) -> AccountCheck:
    """The number's name and state, and whether its webhooks come to us. Raises DeliveryError."""
    number = _get(account, transport, account.account_id, params={"fields": _NUMBER_FIELDS})
    warnings = []
    if wire.text(number, "quality_rating").upper() == "RED":
        warnings.append(gettext_noop("WhatsApp rates the number's quality low: many people blocked it."))
    if waba_id := _waba_id(account):
        apps = wire.objects(_get(account, transport, waba_id, "subscribed_apps"), "data")
        if not apps:
            warnings.append(gettext_noop("No app is subscribed to the account: messages do not arrive."))
    else:
        warnings.append(gettext_noop("Without the WhatsApp Business Account ID there are no templates."))
    names = [wire.text(number, "verified_name"), wire.text(number, "display_phone_number")]
    return AccountCheck(name=" · ".join(filter(None, names)), warnings=tuple(warnings))


def templates(account: Account, transport: Transport) -> list[PlatformTemplate] | None:
    """GET /{waba}/message_templates, all pages; None where the account's id is not known. Raises
    DeliveryError."""
    waba_id = _waba_id(account)
    if not waba_id:
        return None
    found: list[PlatformTemplate] = []
    params = {"fields": _TEMPLATE_FIELDS, "limit": str(TEMPLATES_PER_PAGE)}
    for _page in range(MOST_PAGES):
        answer = _get(account, transport, waba_id, "message_templates", params=params)
        found += [each for raw in wire.objects(answer, "data") if (each := _template(raw)) is not None]
        paging = wire.mapping(answer, "paging")
        after = wire.text(wire.mapping(paging, "cursors"), "after")
        if not after or not wire.text(paging, "next"):
            return found
        params = {**params, "after": after}
    raise DeliveryError(
        ErrorKind.BAD_REQUEST, code="too_many_pages", detail="the list of templates never ends"
    )


def _template(raw: JsonObject) -> PlatformTemplate | None:
    name, language = wire.text(raw, "name"), wire.text(raw, "language")
    if not name or not language:
        return None
    parts = {wire.text(each, "type").upper(): each for each in wire.objects(raw, "components")}
    header, body = parts.get("HEADER", {}), parts.get("BODY", {})
    buttons = tuple(
        TemplateButton(wire.text(each, "type").lower(), wire.text(each, "text"), wire.text(each, "url"))
        for each in wire.objects(parts.get("BUTTONS", {}), "buttons")
    )
    reason = wire.text(raw, "rejected_reason")
    return PlatformTemplate(
        external_id=wire.identifier(raw, "id"),
        name=name,
        language=language,
        category=wire.text(raw, "category").lower(),
        status=wire.text(raw, "status").lower(),
        reason="" if reason.upper() == "NONE" else reason,
        quality=wire.text(wire.mapping(raw, "quality_score"), "score").lower(),
        header_kind=wire.text(header, "format").lower(),
        header=wire.text(header, "text"),
        body=wire.text(body, "text"),
        footer=wire.text(parts.get("FOOTER", {}), "text"),
        buttons=buttons,
    )


def _waba_id(account: Account) -> str:
    return str(account.settings.get("waba_id") or "").strip()


def _get(
    account: Account, transport: Transport, *path: str, params: dict[str, str] | None = None
) -> dict[str, Any]:
    url = graph.url(account, *path)
    return call(
        PlatformRequest(method="GET", url=url, headers=wire.bearer(account), params=params or {}), transport
    )


def _before_sending(transport: Transport) -> Transport:
    """A call that fails before the message goes out leaves nothing uncertain: it may be made again."""

    def quiet(request: PlatformRequest) -> PlatformResponse:
        try:
            return transport(request)
        except DeliveryError as error:
            if error.kind is not ErrorKind.UNKNOWN_OUTCOME:
                raise
            raise DeliveryError(ErrorKind.TEMPORARY, code=error.code, detail=error.detail) from None

    return quiet
