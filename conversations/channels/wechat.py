"""WeChat Official Account (公众号): webhooks in XML, answers through the customer service messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from conversations.channels import (
    wechat_api,
    wechat_events,
    wechat_messages,
    wechat_sealing,
    wechat_xml,
    wire,
)
from conversations.channels.base import (
    AccessToken,
    Account,
    AccountCheck,
    Capabilities,
    Channel,
    Credential,
    FileLimit,
    FormFile,
    Hook,
    PlatformRequest,
    Profile,
    Sent,
    Transport,
    Unparsable,
    gettext_noop,
)
from conversations.channels.errors import DeliveryError, ErrorKind
from conversations.channels.items import IncomingAttachment, Item, JsonObject
from conversations.channels.outgoing import OutgoingFile, OutgoingMessage
from conversations.channels.templates import PlatformTemplate

_NO_SERVICE_MESSAGES = gettext_noop(
    "This account may not use customer service messages, so answers will be refused: WeChat must verify it first."
)


class WeChat(Channel):
    """An Official Account: five answers within 48 hours of a message, then template messages only."""

    kind = "wechat"
    label = "WeChat"
    default_base_url = wechat_api.DEFAULT_BASE_URL
    account_label = gettext_noop("Original ID (gh_…)")
    secret_label = gettext_noop("Token; in safe mode: Token, EncodingAESKey and AppID, separated by spaces")
    handshake_by_secret = True
    credentials = (
        Credential(name="app_id", label=gettext_noop("AppID"), is_secret=False),
        Credential(name="app_secret", label=gettext_noop("AppSecret")),
        Credential(
            name="kf_account",
            label=gettext_noop("Customer service account"),
            help_text=gettext_noop("Optional: in whose name answers appear, such as mei@brand."),
            is_secret=False,
            is_required=False,
        ),
    )
    acknowledgement = (b"success", b"text/plain; charset=utf-8")
    capabilities = Capabilities(
        text_limit=2048,
        text_unit="bytes",
        reply_window=timedelta(hours=48),
        window_messages=5,
        brief_window=timedelta(minutes=1),
        brief_window_messages=3,
        has_profiles=True,
        file_limits={
            "image": FileLimit(10_000_000, frozenset({"image/png", "image/jpeg", "image/gif"})),
            "audio": FileLimit(2_000_000, frozenset({"audio/amr", "audio/mpeg"})),
            "video": FileLimit(10_000_000, frozenset({"video/mp4"})),
        },
        native_cards=wechat_messages.DRAWN,
        quick_replies=10,
        takes_templates=True,
    )

    def challenge(self, query: Mapping[str, str], verify_token: str) -> str | None:
        return wechat_sealing.challenge(query, verify_token)

    def takes_secret(self, secret: str) -> bool:
        """A token, or a whole set of safe mode."""
        return wechat_sealing.keys_of(secret) is not None

    def verify(self, hook: Hook, secrets: Sequence[str]) -> bool:
        """The query's signature; in safe mode the one that covers the encrypted body too."""
        return wechat_sealing.verify(hook, secrets)

    def unwrap(self, hook: Hook, secrets: Sequence[str]) -> bytes:
        return wechat_sealing.unwrap(hook, secrets)

    def parse(self, body: bytes) -> list[Item]:
        """WeChat posts one message or event at a time."""
        content = wechat_xml.read(body)
        account_id = wire.identifier(content, "ToUserName")
        if not account_id:
            raise Unparsable("not a webhook of an Official Account")
        return [wechat_events.read(account_id, content)]

    def parse_element(self, account_id: str, raw: JsonObject) -> list[Item]:
        return [wechat_events.read(account_id, raw)]

    def send(self, message: OutgoingMessage, account: Account, transport: Transport) -> Sent:
        """A customer service message; a file is uploaded first. WeChat gives such messages no id, and a template
        message the number under which it later reports."""
        wire.require_sendable(message, self.capabilities)
        if message.template is not None:
            content = wechat_messages.template_body(message, message.template)
            path = "/cgi-bin/message/template/send"
        else:
            media_id = _upload(message.files[0], account, transport) if message.files else ""
            content = wechat_messages.body(message, account, self.capabilities, media_id)
            path = "/cgi-bin/message/custom/send"
        answer = wechat_api.call(account, transport, path, json=content)
        if answer.get("errcode") != 0:
            raise DeliveryError(
                ErrorKind.UNKNOWN_OUTCOME, code="no_errcode", detail="WeChat's answer is unclear"
            )
        return Sent(external_id=wire.identifier(answer, "msgid"))

    def lend_token(self, account: Account, transport: Transport, *, refused: str = "") -> AccessToken:
        return wechat_api.lend_token(account, transport, refused)

    def fetch_profile(self, address: str, account: Account, transport: Transport) -> Profile:
        """GET /cgi-bin/user/info. Since the end of 2021 WeChat tells names and pictures of few accounts' users."""
        try:
            answer = wechat_api.call(account, transport, "/cgi-bin/user/info", params={"openid": address})
        except DeliveryError as error:
            if error.kind in {ErrorKind.BAD_REQUEST, ErrorKind.RECIPIENT_GONE}:
                return Profile()
            raise
        return Profile(
            name=wire.text(answer, "nickname"),
            picture_url=wire.text(answer, "headimgurl"),
            language=wire.text(answer, "language"),
        )

    def file_request(
        self, attachment: IncomingAttachment, account: Account, transport: Transport
    ) -> PlatformRequest | None:
        """GET /cgi-bin/media/get, good for three days; of a video WeChat tells an address instead."""
        if not attachment.media_id:
            return PlatformRequest(method="GET", url=attachment.url) if attachment.kind == "image" else None
        request = wechat_api.request(
            account, transport, "/cgi-bin/media/get", params={"media_id": attachment.media_id}
        )
        if attachment.kind != "video":
            return request
        address = wire.text(wechat_api.require_good(transport(request)), "video_url")
        return PlatformRequest(method="GET", url=address) if address else None

    def fetch_templates(self, account: Account, transport: Transport) -> list[PlatformTemplate]:
        """GET /cgi-bin/template/get_all_private_template: those that the account has chosen."""
        answer = wechat_api.call(account, transport, "/cgi-bin/template/get_all_private_template")
        listed = (wechat_messages.template(each) for each in wire.objects(answer, "template_list"))
        return [template for template in listed if template.external_id]

    def check(self, account: Account, transport: Transport) -> AccountCheck:
        """Whether AppID and AppSecret are good, and whether the account may answer at all."""
        try:
            wechat_api.call(account, transport, "/cgi-bin/customservice/getkflist")
        except DeliveryError as error:
            if error.kind is not ErrorKind.PERMISSION:
                raise
            return AccountCheck(warnings=(_NO_SERVICE_MESSAGES,))
        return AccountCheck()


def _upload(file: OutgoingFile, account: Account, transport: Transport) -> str:
    """POST /cgi-bin/media/upload: WeChat takes no addresses. Raises DeliveryError."""
    answer = wechat_api.call(
        account,
        wechat_api.nothing_sent(transport),
        "/cgi-bin/media/upload",
        params={"type": wechat_messages.MEDIA_TYPES[file.kind]},
        file=FormFile("media", file.name, file.mime, file.read()),
    )
    media_id = wire.text(answer, "media_id")
    if not media_id:
        raise DeliveryError(
            ErrorKind.TEMPORARY, code="no_media_id", detail="WeChat's answer holds no media id"
        )
    return media_id
