"""Text messages (SMS, MMS) through Twilio."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from conversations.channels import sms_events, twilio, wire
from conversations.channels.base import (
    Account,
    AccountCheck,
    Capabilities,
    Channel,
    Credential,
    FileLimit,
    Hook,
    PlatformRequest,
    Sent,
    Transport,
    Unparsable,
    gettext_noop,
)
from conversations.channels.items import IncomingAttachment, Item, JsonObject
from conversations.channels.outgoing import OutgoingMessage

_SERVICE = "MG"  # how the SID of a Messaging Service begins
_FILE = FileLimit(5_000_000)
_TRIAL = gettext_noop(
    "This is a trial account of Twilio: it sends to numbers that you have verified there only."
)
_RESTING = gettext_noop("Twilio has suspended or closed this account.")


class Sms(Channel):
    """A telephone number, or a Messaging Service with several. No window, but the law of consent: who writes STOP
    gets nothing any more."""

    kind = "sms"
    label = gettext_noop("SMS")
    default_base_url = twilio.DEFAULT_BASE_URL
    account_label = gettext_noop("Telephone number (+…), or SID of the Messaging Service (MG…)")
    secret_label = gettext_noop("Auth token (it signs what Twilio sends)")
    credentials = (
        Credential(name="account_sid", label=gettext_noop("Account SID (AC…)"), is_secret=False),
        Credential(
            name="access_token",
            label=gettext_noop("Auth token, or the secret of the API key"),
        ),
        Credential(
            name="api_key",
            label=gettext_noop("API key SID (SK…)"),
            help_text=gettext_noop("Optional: when an API key is used instead of the auth token."),
            is_secret=False,
            is_required=False,
        ),
    )
    acknowledgement = (b"<Response></Response>", b"text/xml; charset=utf-8")
    wants_hook_address = True
    capabilities = Capabilities(
        text_limit=1600,
        counts_segments=True,
        reports_delivered=True,
        reports_read=True,
        file_limits={"image": _FILE, "video": _FILE, "audio": _FILE, "file": _FILE},
        files_per_message=10,
        text_with_files=True,
    )

    def verify(self, hook: Hook, secrets: Sequence[str]) -> bool:
        return twilio.verify(hook, secrets)

    def parse(self, body: bytes) -> list[Item]:
        """Twilio posts one message or one status at a time. The account is not named: a service has several
        numbers, so it is told by the address that was called."""
        form = twilio.form(body)
        if not (form.get("MessageSid") or form.get("SmsSid")):
            raise Unparsable("not a webhook of Twilio's messaging")
        form.pop(sms_events.AUDIENCE, None)
        return sms_events.read_all("", form)

    def parse_element(self, account_id: str, raw: JsonObject) -> list[Item]:
        return [sms_events.read(account_id, raw)]

    def send(self, message: OutgoingMessage, account: Account, transport: Transport) -> Sent:
        """POST …/Messages.json. Cards and answers to tap go out in words: a telephone draws neither."""
        wire.require_sendable(message, self.capabilities)
        response = transport(
            PlatformRequest(
                method="POST",
                url=twilio.url(account, "Messages.json"),
                headers={
                    **twilio.authorization(account),
                    "Content-Type": "application/x-www-form-urlencoded",
                },
                content=urlencode(_form(message, account, self.capabilities)).encode(),
            )
        )
        answer = wire.answer(response)
        if not wire.accepted(response):
            raise twilio.delivery_error(response)
        return Sent(external_id=wire.identifier(answer, "sid"))

    def file_request(
        self, attachment: IncomingAttachment, account: Account, transport: Transport
    ) -> PlatformRequest | None:
        """GET the media; our log-in is shown to the platform's own host only."""
        if not attachment.url:
            return None
        headers = twilio.authorization(account) if twilio.is_own(account, attachment.url) else {}
        return PlatformRequest(method="GET", url=attachment.url, headers=headers)

    def check(self, account: Account, transport: Transport) -> AccountCheck:
        """GET the account: its name, and whether it is on trial or at rest."""
        url = f"{twilio.url(account)}.json"
        response = transport(PlatformRequest(method="GET", url=url, headers=twilio.authorization(account)))
        if not wire.accepted(response):
            raise twilio.delivery_error(response)
        answer = wire.answer(response)
        found = (
            (wire.text(answer, "type").lower() == "trial", _TRIAL),
            (wire.text(answer, "status").lower() in {"suspended", "closed"}, _RESTING),
        )
        return AccountCheck(
            name=wire.text(answer, "friendly_name")[:200],
            warnings=tuple(warning for is_so, warning in found if is_so),
        )


def _form(message: OutgoingMessage, account: Account, capabilities: Capabilities) -> list[tuple[str, str]]:
    sender = "MessagingServiceSid" if account.account_id.startswith(_SERVICE) else "From"
    fields = [("To", message.address), (sender, account.account_id)]
    words = wire.in_words(message, capabilities)
    choices = "\n".join(f"• {reply.label}" for reply in message.quick_replies)
    text = "\n\n".join(filter(None, [words, choices]))
    wire.require_length(text, capabilities)
    if text:
        fields.append(("Body", text))
    fields += [("MediaUrl", file.url) for file in message.files]
    if account.hook_url.startswith("https://") or (account.hook_url and account.base_url):
        fields.append(("StatusCallback", account.hook_url))
    return fields
